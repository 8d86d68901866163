import { FIRST, type FirstKind, type FirstRunbook } from "./first-runbook.ts";
import { type Made, nameOf, titleOf } from "./made.ts";

/** A runbook of diagbot's own. */
export const inRepository = (id: string, on: FirstKind): Made => ({
  files: {
    [`runbooks/${on}/${id}.ts`]: runbookText(id, on, "../../src/sdk/index.ts"),
    [`test/recordings/${id}/healthy.yaml`]: recordingText(id, on),
    [`test/unit/runbooks/${id}.test.ts`]: testText(id, FIRST[on], "vitest", [
      `import { ${nameOf(id)} } from "../../../runbooks/${on}/${id}.ts";`,
      'import { failed, judge } from "../../../src/testing/index.ts";',
    ]),
  },
  next: [
    `one line in runbooks/index.ts: import { ${nameOf(id)} } from "./${on}/${id}.ts", and ${nameOf(id)} in its list`,
    `npm run diagbot -- test ${id}; then change its steps and rules, and record it: npm run diagbot -- record ${id} --system <system>`,
    `npx vitest run test/unit/runbooks/${id}.test.ts; and test/integration/runbooks/${id}.test.ts, against the real thing (CONTRIBUTING.md)`,
    "npm run check && npm run docs",
  ],
});

/** A runbook of a pack beside diagbot.yaml. */
export const inPack = (id: string, on: FirstKind): Made => ({
  files: {
    [`runbooks/${id}.ts`]: runbookText(id, on, "diagbot/sdk"),
    [`recordings/${id}/healthy.yaml`]: recordingText(id, on),
    [`test/${id}.test.ts`]: testText(id, FIRST[on], "node:test", [
      'import { failed, judge } from "diagbot/testing";',
      `import { ${nameOf(id)} } from "../runbooks/${id}.ts";`,
    ]),
  },
  next: [
    'in diagbot.yaml: runbooks: ["./runbooks"]',
    `npx diagbot check && npx diagbot test ${id}, and npx tsx --test test/${id}.test.ts`,
    `change its steps and rules (docs/packs.md; what ${on} can be asked: docs/connectors/${on}.md), then record it: npx diagbot record ${id} --system <system>`,
  ],
});

const runbookText = (id: string, on: FirstKind, sdk: string): string => {
  const { words, params, step, call, remedies, finding } = FIRST[on];
  return `import { ${words.join(", ")} } from "${sdk}";

/** What it is about, in a line. */
const book = runbookOn(
  "${on}",
  {
    id: "${id}",
    title: "${titleOf(id)}",
    params: z.object({${params === "" ? "" : ` ${params} `}}),
  },
  (${call.includes("params") ? "{ params }" : ""}) => ({ ${step}: ${call} }),
);

export const ${nameOf(id)} = book
  .remedies({
${remedies}
  })
  .findings((find) => [
${finding}
  ]);
`;
};

/** Situations made up: what is well, what is not, and what cannot be asked. */
const testText = (
  id: string,
  { step, situations: { well, ill, found } }: FirstRunbook,
  runner: string,
  imports: readonly string[],
): string => `import { deepStrictEqual, ok } from "node:assert";
import { test } from "${runner}";
${imports.join("\n")}

const found = (${step}: unknown) => judge(${nameOf(id)}, { steps: { ${step} } }).findings.map(({ id }) => id);

test("all is well", () => deepStrictEqual(found(${well}), []));

test("something is wrong", () =>
  deepStrictEqual(
    found(${ill}),
    ["${found}"],
  ));

test("what cannot be asked is not called well", () => {
  const refused = failed("target_unreachable", "connection refused", "ECONNREFUSED");
  ok(found(refused).length > 0);
});
`;

const recordingText = (id: string, on: FirstKind): string => {
  const { step, recorded } = FIRST[on];
  return `diagbot: 1
runbook: ${id}
situation: made by \`diagbot new\`; \`diagbot record\` replaces it with the real thing
context:
  now: 2026-01-01T00:00:00.000Z
  params: ${recorded.params}
  system:
    id: example
    connections:
      - name: ${on}
        kind: ${on}
        endpoint:
          host: ${on}.example
          port: ${recorded.port}
          tls: true
uses:
  ${on}: ${on}
steps:
  ${step}:
    action: ${recorded.action}
    on: ${on}
    input: ${recorded.input}
    output: ${recorded.output}
conclusion:
  findings: []
  gaps: []
  remedies: {}
`;
};
