import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { API, VERSION } from "../../../src/version.ts";
import { builtProduct } from "../../helpers/built.ts";

/** A runbook in as few words as there can be; plain JavaScript, so that it may be pasted anywhere. */
const book = (id: string) =>
  `runbookOn("postgres", { id: "${id}", title: "${id}", params: z.object({}) }, () => ({ usage: postgres.connectionUsage() })).remedies({}).findings(() => [])`;
const SDK = 'import { postgres, runbookOn, z } from "diagbot/sdk";';

/** The files of the folder diagbot.yaml lies in. */
const FILES: Readonly<Record<string, string>> = {
  "diagbot.yaml":
    'slack: { channel: C0OPS }\nrunbooks: [./books, ./bad, "@acme/books", "@acme/old", nothing, ./none]\n',
  // TypeScript, with a helper and a type from elsewhere.
  "books/orders.ts": `import { type Runbook, postgres, runbookOn, z } from "diagbot/sdk";\nimport { ID } from "./lib/ids.ts";\nexport const orders: Runbook = ${book("acme-orders").replace('"acme-orders"', "ID")};`,
  "books/lib/ids.ts": 'export const ID = "acme-orders" as const satisfies string;',
  // In a folder without package.json a .js is an ES module, too.
  "books/mails.js": `${SDK} export const mails = [${book("acme-mails")}];`,
  "books/mails.test.js": 'throw new Error("a test is no runbook");',
  "bad/a-throws.mjs": "const tables = undefined;\nthrow new Error(`no ${tables}\n  at all`);",
  "bad/b-hangs.mjs": "await new Promise(() => {});",
  "bad/c-syntax.ts": "const a: = 3;",
  "bad/d-enum.ts": "enum A { a }",
  "bad/e-export.ts": `import { Finding } from "diagbot/sdk"; export { Finding };`,
  "bad/f-taken.ts": `${SDK} export const locks = ${book("pg-locks")};`,
  "bad/g-again.ts": `${SDK} export const orders = ${book("acme-orders")};`,
  "bad/h-shape.ts": `${SDK} export const odd = runbookOn("oracle", { id: "odd", title: "Odd", params: z.object({}) }, () => ({})).remedies({}).findings(() => []);`,
  "bad/i-half.ts": `${SDK} export const half = runbookOn("postgres", { id: "half", title: "Half", params: z.object({}) }, () => ({}));`,
  "bad/j-string.js": 'throw "only words";',
  "bad/k-ending.ts": 'import "../books/lib/ids.js";',
  "bad/l-good.ts": `${SDK} export const good = ${book("acme-good")};`,
  // A package whose own diagbot would be another one, and whose TypeScript Node itself would not read.
  "node_modules/@acme/books/package.json": JSON.stringify({
    name: "@acme/books",
    version: "2.3.4",
    type: "module",
    exports: { import: "./main.ts" },
    diagbot: { api: API },
  }),
  "node_modules/@acme/books/main.ts": `${SDK} const id: string = "acme-pack"; export const pack = ${book("acme-pack")};`,
  "node_modules/diagbot/package.json": '{"name":"diagbot","exports":{"./sdk":"./sdk.mjs"}}',
  "node_modules/diagbot/sdk.mjs": 'throw new Error("another copy of diagbot was loaded");',
  "node_modules/@acme/old/package.json": JSON.stringify({ name: "@acme/old", diagbot: { api: API + 1 } }),
};

/** A kind of connection in as few words as there can be. */
const kind = (name: string) =>
  `const { read } = actionsOn("${name}"); export const depth = read({ name: "${name}.depth", title: "Depth", input: z.strictObject({}), output: z.object({ depth: z.number() }), run: async () => ({ depth: 3 }) }); export const ${name} = connectionKind({ name: "${name}", settings: z.strictObject({ url: z.string(), pin: z.string() }), secrets: ({ pin }) => [pin], connector: { actions: [depth.action], open: () => null, close: async () => {} } });`;
const KIND_SDK = 'import { actionsOn, connectionKind, runbookOn, z } from "diagbot/sdk";';

const LEFT_OUT = [
  "./bad/a-throws.mjs: no undefined at all (at a-throws.mjs:2:7)",
  "./bad/b-hangs.mjs: its import did not end within 10 s",
  "/bad/c-syntax.ts:1:10: Unexpected token `=`",
  "/bad/d-enum.ts:1:1: TypeScript enum is not supported in strip-only mode",
  "./bad/e-export.ts: The requested module 'diagbot/sdk' does not provide an export named 'Finding' (if it is a type: import type)",
  "./bad/h-shape.ts: odd: needs.0 is no kind of connection",
  "./bad/i-half.ts: half: it is not finished",
  "./bad/j-string.js: it threw only words",
  '/books/lib/ids.js; write "../books/lib/ids.ts"',
  `@acme/old: it was written for version ${API + 1} of diagbot/sdk, and diagbot ${VERSION} has version ${API}`,
  "nothing: there is no such package: npm install nothing",
  "./none: there is no ",
  './bad/f-taken.ts: the id "pg-locks" belongs to diagbot already',
  './bad/g-again.ts: the id "acme-orders" belongs to ./books/orders.ts already',
];

let folder = "";
let product = "";
beforeAll(async () => {
  product = await builtProduct();
  folder = mkdtempSync(join(tmpdir(), "diagbot-packs-"));
  for (const [name, text] of Object.entries(FILES)) write(name, text);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

interface Spoken {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A command line of the built product, in the folder. */
const say = (...argv: string[]): Promise<Spoken> =>
  new Promise((resolve) => {
    const { PATH } = process.env;
    const env = { PATH, DATABASE_URL: "postgres://nobody:none@127.0.0.1:1/none" };
    const child = execFile(
      process.execPath,
      [join(product, "dist/src/main.js"), ...argv],
      { cwd: folder, env },
      (_error, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });

const idsOf = (out: string): string[] => (JSON.parse(out) as { id: string }[]).map(({ id }) => id);

test("what is wrong in packs is left out by file and reason, and the rest is there", async () => {
  const { code, out } = await say("check", "--json");
  const { complaints, ok } = JSON.parse(out) as { complaints: string[]; ok: boolean };
  expect({ code, ok }).toEqual({ code: 2, ok: false });
  for (const [index, part] of LEFT_OUT.entries()) expect(complaints[index]).toContain(part);
  expect(complaints).toHaveLength(LEFT_OUT.length);
});

test("the runbooks that are well come after diagbot's own, with their pack's version", async () => {
  write("diagbot.yaml", 'runbooks: [./books, "@acme/books"]\n');
  const { code, out, err } = await say("runbooks", "--json");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(idsOf(out)[0]).toBe("service-health");
  expect(idsOf(out).slice(-3)).toEqual(["acme-mails", "acme-orders", "acme-pack"]);
  const { packs } = JSON.parse((await say("packs", "--json")).out) as { packs: { name: string }[] };
  expect(packs).toMatchObject([
    { name: "./books", isLocked: false, runbooks: ["acme-mails", "acme-orders"] },
    { name: "@acme/books", isLocked: false, runbooks: ["acme-pack"] },
  ]);
});

test("once locked, what has changed is left out until it is locked again", async () => {
  write("diagbot.yaml", 'runbooks: [./books, "@acme/books"]\n');
  expect(await say("packs", "lock")).toMatchObject({ code: 0, out: expect.stringContaining("pins 2 packs") });
  expect(await say("packs")).toMatchObject({ code: 0, err: "", out: expect.stringContaining(" pinned ") });
  write("books/lib/ids.ts", 'export const ID = "acme-orders-2" as string;');
  const drifted = await say("packs");
  expect(drifted.code).toBe(1);
  expect(drifted.err).toContain("./books: it is not what diagbot.lock says: lib/ids.ts changed");
  await say("packs", "lock");
  expect(idsOf((await say("runbooks", "--json")).out)).toContain("acme-orders-2");
  write("diagbot.lock", "{");
  expect((await say("packs")).err).toContain("diagbot.lock cannot be understood");
});

test("the digest of a runbook is that of all its pack's files: helpers count", async () => {
  rmSync(join(folder, "diagbot.lock"), { force: true });
  const digest = async () =>
    (
      JSON.parse((await say("runbooks", "--json")).out) as { id: string; digest: string; version: string }[]
    ).find(({ id }) => id === "acme-mails");
  const before = await digest();
  write("books/lib/other.ts", "export const other = 1;");
  const after = await digest();
  expect(before?.version).toBe("./books");
  expect(after?.digest).not.toBe(before?.digest);
});

const CONNECTION =
  'systems: { shop: { connections: { wells: { kind: well, url: "well://w", pin: "4711-0815" } } } }\n';

test("a kind that a pack brings is configured as any other, and a mistake answered as of any other", async () => {
  write("wells/well.js", `${KIND_SDK} ${kind("well")}`);
  write(
    "wells/dry.js",
    `import { depth, well } from "./well.js"; ${KIND_SDK} export const dry = runbookOn(well, { id: "acme-dry", title: "Dry", params: z.object({}) }, () => ({ depth: depth() })).remedies({}).findings(() => []);`,
  );
  write("wells/taken.js", `${KIND_SDK} ${kind("redis")}`);
  write("diagbot.yaml", `runbooks: [./wells]\n${CONNECTION}`);
  const taken = await say("check");
  expect(taken.code).toBe(2);
  expect(taken.err).toContain('./wells/taken.js: the kind "redis" belongs to diagbot already');
  rmSync(join(folder, "wells/taken.js"));
  expect(await say("check")).toMatchObject({ code: 0 });
  const { packs } = JSON.parse((await say("packs", "--json")).out) as { packs: unknown[] };
  expect(packs).toMatchObject([{ runbooks: ["acme-dry"], kinds: ["well"] }]);
  write("diagbot.yaml", `runbooks: [./wells]\n${CONNECTION.replace("pin", "pim")}`);
  expect((await say("check")).err).toContain(
    'unknown key "pim" in systems.shop.connections.wells; did you mean "pin"?',
  );
});

test("where its pack is left out, its connections say so and the rest is there", async () => {
  write("wells/well.js", `throw new Error("no ground water");`);
  write("diagbot.yaml", `runbooks: [./wells, ./books]\n${CONNECTION}`);
  const { code, err } = await say("check");
  expect(code).toBe(2);
  expect(err).toContain("./wells/well.js: no ground water");
  expect(err).toContain(
    'systems.shop.connections.wells: cannot be asked: diagbot does not know the kind "well"',
  );
  expect(err).not.toContain("4711-0815");
  expect(idsOf((await say("runbooks", "--json")).out)).toContain("acme-mails");
  // Nobody has to run a pack to pin it, and what is wrong with it does not keep people from that.
  expect(await say("packs", "lock")).toMatchObject({ code: 0 });
  rmSync(join(folder, "diagbot.lock"));
});
