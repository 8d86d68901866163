/** What `new` writes: files by their path below the folder, and what is left to do. */
interface Made {
  readonly files: Readonly<Record<string, string>>;
  readonly next: readonly string[];
}

/** A runbook of diagbot's own. */
export const inRepository = (id: string): Made => ({
  files: {
    [`runbooks/http/${id}.ts`]: runbookText(id, "../../src/sdk/index.ts"),
    [`test/recordings/${id}/healthy.yaml`]: recordingText(id),
  },
  next: [
    `one line in runbooks/index.ts: import { ${nameOf(id)} } from "./http/${id}.ts", and ${nameOf(id)} in its list`,
    `npm run diagbot -- test ${id}; then change its steps and rules, and record it: npm run diagbot -- record ${id} --system <system>`,
    `test/integration/runbooks/${id}.test.ts, against the real thing (CONTRIBUTING.md)`,
    "npm run check && npm run docs",
  ],
});

/** A runbook of a pack beside diagbot.yaml. */
export const inPack = (id: string): Made => ({
  files: {
    [`runbooks/${id}.ts`]: runbookText(id, "diagbot/sdk"),
    [`recordings/${id}/healthy.yaml`]: recordingText(id),
  },
  next: [
    'in diagbot.yaml: runbooks: ["./runbooks"]',
    `npx diagbot check && npx diagbot test ${id}`,
    `change its steps and rules, then record it: npx diagbot record ${id} --system <system>`,
  ],
});

/** `orders-stuck` as a name in code: `ordersStuck`. */
const nameOf = (id: string): string =>
  id.replace(/-([a-z0-9])/g, (_all, first: string) => first.toUpperCase());

const titleOf = (id: string): string => {
  const words = id.replaceAll("-", " ");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
};

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
