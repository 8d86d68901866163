import { HARNESS, PACK_TEST } from "./connector-tests.ts";
import { CONNECTOR, type Home } from "./connector-texts.ts";
import { type Made, titleOf } from "./made.ts";

/** A kind of connection of diagbot's own: an HTTP service of which one thing is asked and one is changed, whole, to be changed piece by piece. */
export const newConnector = (id: string): Made => ({
  files: {
    ...filesIn(`src/connectors/${id}`, "checkout", id),
    [`test/contract/harness/${id}.ts`]: fill(HARNESS, id),
  },
  next: [
    `one line in src/connectors/kinds.ts: export * as ${id} from "./${id}/index.ts";`,
    "in client.ts the official client of the service in place of the GET, pinned in package.json, and one line in .dependency-cruiser.cjs for it",
    `npx vitest run test/contract -t ${id}: the contract of every connector`,
    'npm run check; CONTRIBUTING.md, "A runbook, a connector, a write"; docs/packs.md',
  ],
});

/** The same as a part of the pack beside diagbot.yaml. */
export const newPackConnector = (id: string): Made => ({
  files: {
    ...filesIn(`runbooks/${id}`, "pack", id),
    [`test/${id}.test.ts`]: fill(PACK_TEST, id),
  },
  next: [
    'in diagbot.yaml: runbooks: ["./runbooks"]',
    `in diagbot.yaml, under connections: of a system: jobs: { kind: ${id}, url: "https://…", headers: { authorization: "Bearer \${TOKEN}" } }`,
    `npx diagbot check && npx tsx --test test/${id}.test.ts: the contract of every connector`,
    'in client.ts what the service speaks in place of GET and PUT (not HTTP: docs/packs.md, "Not HTTP: a client over TCP"), in state.ts what is asked of it, in set-workers.ts what is changed',
    `a runbook on it: runbookOn(${id}.kind, …), with import * as ${id} from "./${id}/index.ts" (docs/packs.md)`,
  ],
});

const filesIn = (folder: string, home: Home, id: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(CONNECTOR).map(([name, { imports, body }]) => [
      `${folder}/${name}`,
      fill([imports[home], body].filter((part) => part !== "").join("\n\n"), id),
    ]),
  );

const fill = (text: string, id: string): string =>
  text.replaceAll("__Kind__", titleOf(id).replaceAll(" ", "")).replaceAll("__kind__", id);
