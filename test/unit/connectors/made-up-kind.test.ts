import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { matrixOn } from "../../../runbooks/health/matrix.ts";
import { checkSystems } from "../../../src/app/doctor-systems.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { kinds } from "../../../src/connectors/index.ts";
import { connectorsOf } from "../../../src/core/rules/connections.ts";
import { actionsOn } from "../../../src/core/words/action.ts";
import type { Connector } from "../../../src/core/words/connector.ts";
import { asks } from "../../../src/core/words/health.ts";
import { connectionKind } from "../../../src/core/words/kind.ts";
import { Thresholds } from "../../../src/core/words/system.ts";
import { createTargets } from "../../../src/engine/targets.ts";
import { runbookOn, z } from "../../../src/sdk/index.ts";
import { freePort } from "../../helpers/ports.ts";

// A kind nobody has heard of, added through the list alone: everything else asks the list.
interface Client {
  readonly balance: number;
}
const balance = actionsOn<Client>("ledger").read({
  name: "ledger.balance",
  title: "Asks for the balance",
  input: z.object({}),
  output: z.object({ balance: z.number() }),
  run: async (client) => ({ balance: client.balance }),
});
const settings = z.strictObject({ url: z.string(), token: z.string(), opening: z.number().default(0) });
const connector: Connector<Client, z.output<typeof settings>> = {
  actions: [balance.action],
  open: (connection) => ({ balance: connection.settings.opening }),
  check: async ({ balance: is }) => [{ name: "balance", state: "ok", detail: String(is) }],
  close: async () => {},
  trouble: () => [],
};
const ledger = connectionKind({
  name: "ledger",
  settings,
  schemes: { "ledger:": { port: 4711, tls: true } },
  about: ({ opening }) => ({ opening }),
  secrets: ({ token }) => [token],
  health: [
    asks(balance(), ({ balance: is }) =>
      is >= 0
        ? `balance ${is}`
        : { word: "overdrawn", because: `It is ${is}.`, severity: "critical", next: "Ask <host>." },
    ),
  ],
  connector,
});
/** Nobody speaks its language yet. */
const mute = connectionKind({
  name: "mute",
  settings: z.strictObject({ url: z.string() }),
  schemes: { "mute:": { port: 4712 }, "mute+srv:": null },
});
const all = [...kinds, ledger, mute];

const cwd = mkdtempSync(join(tmpdir(), "diagbot-made-up-"));
afterAll(() => rmSync(cwd, { recursive: true }));
const load = (connection: string) => {
  writeFileSync(
    join(cwd, "diagbot.yaml"),
    `systems:\n  shop:\n    connections:\n      books: ${connection}\n`,
  );
  return loadConfig({ env: { DATABASE_URL: "postgres://d/d" }, cwd, kinds: all });
};
const good = '{ kind: ledger, url: "ledger://books.lab", token: "very-secret", opening: -5 }';

test("diagbot.yaml takes it, and says what is wrong as of any kind", () => {
  const { systems, secrets, warnings } = load(good);
  expect(systems[0]?.connections.books?.face).toEqual({
    name: "books",
    kind: "ledger",
    endpoint: { host: "books.lab", port: 4711, tls: true },
    about: { opening: -5 },
  });
  expect(secrets).toContain("very-secret");
  expect(warnings.filter((line) => line.includes("books"))).toEqual([]);
  expect(() => load(good.replace("token", "tokn"))).toThrow(
    'unknown key "tokn" in systems.shop.connections.books; did you mean "token"?',
  );
  expect(() => load(good.replace("ledger://", "http://"))).toThrow(
    "must be a URL that begins with ledger://",
  );
  expect(() => load(good.replace("kind: ledger", "kind: ledgr"))).toThrow('did you mean "ledger"?');
});

test("it is asked, by runbooks, the health matrix and doctor", async () => {
  const { systems } = load(good);
  const [system] = systems;
  if (system === undefined) throw new Error("no system");
  const targets = createTargets(connectorsOf(all));
  const { client, face } = targets.reach(system, "books", balance.action);
  expect(client).toEqual({ balance: -5 });
  const { probesOf, rowsOf } = matrixOn(all);
  expect(probesOf([face])).toEqual({ books: { action: "ledger.balance", input: {}, on: "books" } });
  const limits = { slowSeconds: 1, thresholds: Thresholds.parse({}) };
  expect(rowsOf([face], { books: { ok: true, value: { balance: -5 } } }, limits)).toEqual([
    {
      name: "books",
      isOnlyReached: false,
      place: "books (books.lab:4711)",
      kind: "ledger",
      word: "overdrawn",
      trouble: { word: "overdrawn", because: "It is -5.", severity: "critical", next: "Ask books.lab." },
    },
  ]);
  expect(await checkSystems(systems, all)).toEqual([
    { name: "shop/books balance", state: "ok", detail: "-5" },
  ]);
  const book = runbookOn(ledger, { id: "x", title: "X", params: z.object({}) }, () => ({ it: balance() }));
  expect(book.remedies({}).findings(() => []).needs).toEqual(["ledger"]);
});

test("one that has no connector yet: check and doctor say how little is looked at through it", async () => {
  const port = await freePort();
  const { systems, warnings } = load(`{ kind: mute, url: "mute://127.0.0.1:${port}" }`);
  expect(warnings.filter((line) => line.includes("books"))).toEqual([
    "diagbot.yaml:4:14: systems.shop.connections.books: only whether its port takes a connection is looked at: diagbot has no connector for mute yet",
  ]);
  expect((await checkSystems(systems, all)).map(({ name, state }) => `${name} ${state}`)).toEqual([
    "shop/books reach missing",
    "shop/books kind warning",
  ]);
  const named = load('{ kind: mute, url: "mute+srv://books.lab" }');
  expect(named.warnings.find((line) => line.includes("books"))).toContain(
    "nothing is looked at through it: diagbot has no connector for mute yet",
  );
});
