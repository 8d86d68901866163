import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { matrixOn } from "../../../runbooks/health/matrix.ts";
import { checkSystems } from "../../../src/app/doctor-systems.ts";
import { kindsOfPacks, knowledgeOf } from "../../../src/app/knowledge.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { kinds } from "../../../src/connectors/index.ts";
import { DiagError } from "../../../src/core/words/errors.ts";
import { HEALTH_RUNBOOK } from "../../../src/core/words/intent.ts";
import type { ConnectionKind } from "../../../src/core/words/kind.ts";
import { Thresholds } from "../../../src/core/words/system.ts";
import type { Pack } from "../../../src/packs/load.ts";
import { broughtBy } from "../../../src/packs/shape.ts";
import { actionsOn, asks, connectionKind, runbookOn, z } from "../../../src/sdk/index.ts";
import { judge } from "../../../src/testing/index.ts";

const depthOf = (name: string, on = "well") =>
  actionsOn<null>(on).read({
    name,
    title: "Depth",
    input: z.strictObject({}),
    output: z.object({ metres: z.number() }),
    run: async () => ({ metres: 3 }),
  });
const depth = depthOf("well.depth");
const wellNamed = (name: string, actions = [depth.action], asked = depth()) =>
  connectionKind({
    name,
    settings: z.strictObject({ url: z.string() }),
    health: [asks(asked, ({ metres }) => `${metres} m`)],
    connector: { actions, open: () => null, close: async () => {} },
  });
const well = wellNamed("well");
const onWell = (kind: ConnectionKind, id = "dry") =>
  runbookOn(kind, { id, title: "Dry", params: z.object({}) }, () => ({ depth: depth() }))
    .remedies({})
    .findings((find) => [
      find(
        ["depth"],
        ({ depth: { metres } }) =>
          metres < 1 && { id: "dry", severity: "warning", title: "Dry", because: "No water." },
      ),
    ]);
const packOf = (name: string, some: readonly ConnectionKind[], sha256 = `sum of ${name}`): Pack => ({
  name,
  sha256,
  isLocked: false,
  runbooks: [],
  kinds: some.map((kind) => ({ kind, label: name })),
  leftOut: [],
});

const cwd = mkdtempSync(join(tmpdir(), "diagbot-kinds-"));
afterAll(() => rmSync(cwd, { recursive: true }));
function load(known: readonly ConnectionKind[], leftOut: readonly string[] = []) {
  writeFileSync(
    join(cwd, "diagbot.yaml"),
    'systems: { shop: { connections: { wells: { kind: well, url: "well://w" }, db: { kind: postgres, url: "postgres://h/d" } } } }',
  );
  return loadConfig({ env: { DATABASE_URL: "postgres://d/d" }, cwd, kinds: known, leftOut });
}

test("kinds are found among exports, alone, in lists and under runbooks; those of diagbot are not the pack's", () => {
  const other = wellNamed(
    "other",
    [depthOf("other.depth", "other").action],
    depthOf("other.depth", "other")(),
  );
  const { kinds: found, wrong } = broughtBy({ all: [well, well], dry: onWell(other), ours: kinds[0] });
  expect(wrong).toEqual([]);
  expect(found).toEqual([well, other]);
});

test.each([
  ["no name", wellNamed("Well-7"), "name must be lower-case letters and digits"],
  ["a word of /diag", wellNamed("for"), "name means something else"],
  ["no connector", connectionKind({ name: "well", settings: z.strictObject({}) }), "connector is missing"],
  [
    "an action of another name",
    wellNamed("well", [depthOf("depth.of-well").action]),
    'must be named "well.…"',
  ],
  [
    "an action on another kind",
    wellNamed("well", [depthOf("well.depth", "redis").action]),
    'made by actionsOn("redis")',
  ],
  ["two actions of one name", wellNamed("well", [depth.action, depth.action]), "two actions are named"],
  [
    "health that asks what is not there",
    wellNamed("well", [depth.action], depthOf("well.gone")()),
    "health asks well.gone",
  ],
])("a kind with %s is left out, and says so", (_what, kind, complaint) => {
  const { kinds: found, wrong } = broughtBy({ kind });
  expect([found, wrong]).toEqual([[], [expect.stringContaining(complaint)]]);
});

test("a kind of another copy of the SDK is told apart", () => {
  expect(broughtBy({ copy: { ...well } }).wrong).toEqual([
    expect.stringContaining("copy: it was not made by `connectionKind` of this diagbot"),
  ]);
});

test("a name belongs to whom has it first; the same kind in two packs is one", () => {
  const { kinds: all, leftOut } = kindsOfPacks([
    packOf("a", [well]),
    packOf("b", [well, wellNamed("well"), wellNamed("redis")]),
  ]);
  expect(all).toEqual([...kinds, well]);
  expect(leftOut).toEqual([
    'b: the kind "well" belongs to a already: give it another name',
    'b: the kind "redis" belongs to diagbot already: give it another name',
  ]);
});

test("a runbook on a kind that was left out is left out, too, and another pack's kind is part of its text", () => {
  const digestWith = (sum: string) => {
    const mine = { ...packOf("mine", []), runbooks: [{ label: "mine", runbook: onWell(well) }] };
    const known = knowledgeOf(load([...kinds, well]), {
      packs: [packOf("a", [well], sum), mine],
      leftOut: [],
    });
    return known.runbooks.find(({ id }) => id === "dry")?.digest;
  };
  expect(digestWith("one")).not.toBe(digestWith("two"));
  const lost = { ...packOf("mine", []), runbooks: [{ label: "mine", runbook: onWell(wellNamed("well")) }] };
  const known = knowledgeOf(load([...kinds, well]), { packs: [packOf("a", [well]), lost], leftOut: [] });
  expect(known.leftOut).toEqual(['mine: dry is on the kind "well", which was left out']);
});

test("the health runbook asks it, and is another text where its pack is", () => {
  const healthWith = (sum: string) => {
    const { runbooks } = knowledgeOf(load([...kinds, well]), {
      packs: [packOf("a", [well], sum)],
      leftOut: [],
    });
    const found = runbooks.find(({ id }) => id === HEALTH_RUNBOOK);
    if (found === undefined) throw new Error("no health runbook");
    return found;
  };
  const health = healthWith("one");
  expect(health.digest).not.toBe(healthWith("two").digest);
  const situation = { connections: { wells: { kind: "well", url: "well://w" } } };
  expect(judge(health, { ...situation, steps: { wells: { metres: 3 } } }).findings).toEqual([]);
});

test("a runbook on it is judged without any pack being loaded", () => {
  const found = judge(onWell(well), { steps: { depth: { metres: 0 } } }).findings;
  expect(found.map(({ id }) => id)).toEqual(["dry"]);
});

test("without its kind a connection is a mistake, unless the pack was left out: then it says so itself", async () => {
  expect(() => load(kinds)).toThrow('"well" is not known');
  const config = load(kinds, ["./wells: no ground water", "./more: x"]);
  expect(config.warnings.join()).toContain("systems.shop.connections.wells: cannot be asked");
  const found = await checkSystems(config.systems, config.kinds);
  expect(found.find(({ name }) => name.startsWith("shop/wells"))).toMatchObject({
    state: "missing",
    detail: "diagbot does not know the kind well: ./wells: no ground water (and 1 more)",
  });
  const face = config.systems[0]?.connections.wells?.face;
  if (face === undefined) throw new Error("no connection");
  const { probesOf, rowsOf } = matrixOn(config.kinds);
  expect(Object.keys(probesOf([face]))).toEqual(["wells"]);
  const action = config.kinds.find(({ name }) => name === "well")?.connector?.actions[0];
  const error = await Promise.resolve(action?.run(null, {}, {} as never)).catch((thrown: unknown) => thrown);
  if (!(error instanceof DiagError)) throw error;
  const { code, message } = error;
  const limits = { slowSeconds: 1, thresholds: Thresholds.parse({}) };
  expect(rowsOf([face], { wells: { ok: false, error: { code, message } } }, limits)).toMatchObject([
    { word: "its pack was left out", trouble: { severity: "critical" } },
  ]);
});
