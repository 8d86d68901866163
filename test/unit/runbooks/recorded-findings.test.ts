import { readdirSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { describe, expect, it } from "vitest";
import { runbooks } from "../../../runbooks/index.ts";
import { WORDS } from "../../../runbooks/nginx/causes.ts";
import { sourceFiles } from "../../../scripts/runbook-docs/sources.ts";
import { findingIdsIn, isIdOf } from "../../helpers/finding-ids.ts";

const root = new URL("../../../", import.meta.url).pathname;
const inConnector = (...names: string[]): string[] =>
  names.flatMap((name) => findingIdsIn(`${root}src/connectors/${name}`).ids);

/** Findings without a recording, or the source of which none has one, and why. */
const EXCEPTIONS: Readonly<Record<string, string>> = {};

/** Sources whose findings have ids that are made in another one, with those that no source of runbooks says. */
const MADE_ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  "docker/container-failure.ts": [],
  "docker/network-findings.ts": [],
  "host/full-place.ts": [
    ...["disk-full:*", "inodes-full:*", "pool-full:*", "over-budget:*"],
    ...inConnector("host/places.ts"),
  ],
  "http/external-api.ts": inConnector("http/answer/say.ts"),
  "kubernetes/cron-findings.ts": [],
  "kubernetes/ingress-findings.ts": ["ingress:*"],
  "kubernetes/k8s-workload.ts": [],
  "kubernetes/service-findings.ts": [],
  "network/staple.ts": [],
  "nginx/log-findings.ts": Object.keys(WORDS),
  "redis/redis-connectivity.ts": inConnector(
    ...["standing", "standing-replica", "unknown-master", "compromised"].map((name) => `redis/${name}.ts`),
  ),
  "systemd/offers.ts": [],
};

/** By source below runbooks/: the runbooks that reach it, and the ids it makes. */
const sources = new Map<string, { users: string[]; ids: readonly string[]; passesOn: boolean }>();
for (const { id } of runbooks)
  for (const path of sourceFiles(id)) {
    const name = relative(`${root}runbooks`, path);
    const known = sources.get(name);
    if (known !== undefined) known.users.push(id);
    else {
      const { ids, passesOn } = findingIdsIn(path);
      sources.set(name, { users: [id], ids: [...ids, ...(MADE_ELSEWHERE[name] ?? [])], passesOn });
    }
  }

/** By source below src/connectors/: what a kind says of its own troubles, the same in every runbook that asks it. */
const troubles = new Map(
  readdirSync(`${root}src/connectors`, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => [name, findingIdsIn(`${root}src/connectors/${name}`).ids] as const),
);

/** Ids by runbook, from its recordings: their form is held by recordings.test.ts. */
const recorded = new Map(
  runbooks.map(({ id }) => {
    const folder = `${root}test/recordings/${id}`;
    const texts = readdirSync(folder).map((file) => readFileSync(`${folder}/${file}`, "utf8"));
    return [id, texts.flatMap(idsConcluded)];
  }),
);
function idsConcluded(text: string): string[] {
  const conclusion = text.slice(text.lastIndexOf("\nconclusion:\n"));
  return [...conclusion.matchAll(/^ {4}- id: "?([^"\n]+)/gm)].flatMap(([, id]) => id ?? []);
}
const isRecorded = (users: readonly string[], id: string): boolean =>
  users.some((user) => recorded.get(user)?.some((said) => isIdOf(id, said)));

const kindOf = (id: string): string => id.split(":")[0] ?? id;

describe("findings", () => {
  it("each have a recording of a runbook that may say it", () => {
    const missing = [...sources].flatMap(([name, { users, ids }]) =>
      ids
        .filter((id) => (EXCEPTIONS[kindOf(id)] ?? EXCEPTIONS[name]) === undefined)
        .filter((id) => !isRecorded(users, id))
        .map((id) => `${id} (runbooks/${name})`),
    );
    expect(missing, "record it, or make one of the healthy one: docs/recordings.md").toEqual([]);
  });

  it("of connectors each have a recording, too", () => {
    const all = runbooks.map(({ id }) => id);
    const missing = [...troubles].flatMap(([name, ids]) =>
      ids.filter((id) => !isRecorded(all, id)).map((id) => `${id} (src/connectors/${name})`),
    );
    expect(missing).toEqual([]);
  });

  it("are found in their sources, many and in each way they are made", () => {
    const all = new Set([...sources.values()].flatMap(({ ids }) => ids.map(kindOf)));
    expect(all.size).toBeGreaterThan(400);
    // A literal, a condition, a kind, a parameter, a constant, a template without a head.
    const some = ["deadlocks", "node-down", "restarted-often", "several-workloads", "level-asked", "*-fills"];
    expect(some.filter((id) => !all.has(id))).toEqual([]);
    expect(Object.keys(EXCEPTIONS).filter((id) => !all.has(id) && !sources.has(id))).toEqual([]);
  });

  it("whose id a source does not make are made where we know", () => {
    const passing = [...sources].filter(([, { passesOn }]) => passesOn).map(([name]) => name);
    expect(passing.sort()).toEqual(Object.keys(MADE_ELSEWHERE).sort());
  });
});

it("reads every way to name a finding", () => {
  const { ids, passesOn } = findingIdsIn(
    "made-up.ts",
    `const book = runbookOn("host", { id: "book", title: "A book", params: z.object({}) });
     const one = { id: "plain", severity: "info", title: "" };
     const two = { ...({ id: \`\${isBad ? "bad" : "good"}:\${name}\`, severity } as const), title: "" };
     const pool = { ...({ id: \`pool:\${name}\`, path } as const), title: "" };
     const three = { kind: "problem", title: "", because: "" };
     const said = (id: string, title: string) => ({ id, severity: "info", title });
     said("given", "");
     const id = "constant";
     const table = { id: (one) => one.id, name: (one) => one.name };
     const evidence = { kind: "series", title: "" };`,
  );
  expect(ids).toEqual(["plain", "bad:*", "good:*", "pool:*", "problem", "given", "constant"]);
  expect(passesOn).toBe(false);
  const other = findingIdsIn("other.ts", `({ id: made(it), severity: "info" })`);
  expect(other).toEqual({ ids: [], passesOn: true });
});

it("compares kinds of findings, whatever they are about", () => {
  expect(isIdOf("missing:*", "missing:api")).toBe(true);
  expect(isIdOf("xid-*", "xid-79")).toBe(true);
  expect(isIdOf("*-fills", "disk-fills")).toBe(true);
  expect(isIdOf("*-fills", "fills")).toBe(false);
  expect(isIdOf("missing", "missing-index")).toBe(false);
});
