import { type Made, nameOf, titleOf } from "./made.ts";

/** A runbook of diagbot's own. */
export const inRepository = (id: string): Made => ({
  files: {
    [`runbooks/http/${id}.ts`]: runbookText(id, "../../src/sdk/index.ts"),
    [`test/recordings/${id}/healthy.yaml`]: recordingText(id),
    [`test/unit/runbooks/${id}.test.ts`]: testText(id, "vitest", [
      `import { ${nameOf(id)} } from "../../../runbooks/http/${id}.ts";`,
      'import { failed, judge } from "../../../src/testing/index.ts";',
    ]),
  },
  next: [
    `one line in runbooks/index.ts: import { ${nameOf(id)} } from "./http/${id}.ts", and ${nameOf(id)} in its list`,
    `npm run diagbot -- test ${id}; then change its steps and rules, and record it: npm run diagbot -- record ${id} --system <system>`,
    `npx vitest run test/unit/runbooks/${id}.test.ts; and test/integration/runbooks/${id}.test.ts, against the real thing (CONTRIBUTING.md)`,
    "npm run check && npm run docs",
  ],
});

/** A runbook of a pack beside diagbot.yaml. */
export const inPack = (id: string): Made => ({
  files: {
    [`runbooks/${id}.ts`]: runbookText(id, "diagbot/sdk"),
    [`recordings/${id}/healthy.yaml`]: recordingText(id),
    [`test/${id}.test.ts`]: testText(id, "node:test", [
      'import { failed, judge } from "diagbot/testing";',
      `import { ${nameOf(id)} } from "../runbooks/${id}.ts";`,
    ]),
  },
  next: [
    'in diagbot.yaml: runbooks: ["./runbooks"]',
    `npx diagbot check && npx diagbot test ${id}, and npx tsx --test test/${id}.test.ts`,
    `change its steps and rules, then record it: npx diagbot record ${id} --system <system>`,
  ],
});

const runbookText = (id: string, sdk: string): string => `import { facts, http, runbookOn, z } from "${sdk}";

/** What it is about, in a line. */
const book = runbookOn(
  "http",
  {
    id: "${id}",
    title: "${titleOf(id)}",
    params: z.object({}),
  },
  () => ({ health: http.health() }),
);

export const ${nameOf(id)} = book
  .remedies({
    lookAtIt: book.advises(
      "Look at its log",
      "low",
      "The service says itself that it is not well: its log says why.",
    ),
  })
  .findings((find) => [
    find(["health"], ({ health }) => {
      const trouble = http.answerTrouble(health);
      return (
        trouble && {
          id: "not-well",
          severity: "warning",
          title: \`\${health.path}: \${trouble.word}\`,
          because: trouble.because,
          evidence: [facts({ status: health.status, "total ms": Math.round(health.timings.totalMs) })],
          remedies: ["lookAtIt"],
        }
      );
    }),
  ]);
`;

/** Situations made up: what is well, what is not, and a service that cannot be asked. */
const testText = (
  id: string,
  runner: string,
  imports: readonly string[],
): string => `import { deepStrictEqual } from "node:assert";
import { test } from "${runner}";
${imports.join("\n")}

const TIMINGS = { dnsMs: 1, connectMs: 1, tlsMs: 2, waitMs: 5, downloadMs: 1, totalMs: 10 };
const answer = (status: number, cause: string, verdict: string) => ({
  ...{ path: "/health", status, cause, verdict, components: [], timings: TIMINGS },
});
const found = (health: unknown) => judge(${nameOf(id)}, { steps: { health } }).findings.map(({ id }) => id);

test("all is well", () => deepStrictEqual(found(answer(200, "fine", "healthy")), []));

test("the service says that it is not well", () =>
  deepStrictEqual(found(answer(503, "says-ill", "unhealthy")), ["not-well"]));

test("a service that cannot be asked is not called well", () => {
  const refused = failed("target_unreachable", "connection refused", "ECONNREFUSED");
  deepStrictEqual(found(refused), ["could-not-look"]);
});
`;

const recordingText = (id: string): string => `diagbot: 1
runbook: ${id}
situation: made by \`diagbot new\`; \`diagbot record\` replaces it with the real thing
context:
  now: 2026-01-01T00:00:00.000Z
  params: {}
  system:
    id: example
    connections:
      - name: api
        kind: http
        endpoint:
          host: api.example
          port: 443
          tls: true
uses:
  http: api
steps:
  health:
    action: http.health
    on: api
    input: {}
    output:
      path: /health
      status: 200
      cause: fine
      verdict: healthy
      components: []
      timings:
        dnsMs: 1
        connectMs: 1
        tlsMs: 2
        waitMs: 5
        downloadMs: 1
        totalMs: 10
conclusion:
  findings: []
  gaps: []
  remedies: {}
`;
