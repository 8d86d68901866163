// Logs of pods, of an emulated API server that keeps the kubelet's times.
import { afterEach, expect, it } from "vitest";
import { logsSearch } from "../../../runbooks/logs/logs-search.ts";
import { kubernetes } from "../../../src/sdk/index.ts";
import { type EmulatedCluster, emulatedCluster } from "../../helpers/kubernetes/api-server.ts";
import { benchOn } from "../../helpers/kubernetes/bench.ts";
import type { KubeObject } from "../../helpers/kubernetes/objects.ts";
import { theOne, wellCluster } from "../../helpers/kubernetes/well.ts";
import type { Bench } from "../../helpers/run-runbook.ts";

let cluster: EmulatedCluster;
let bench: Bench;
const stamp = (minutesAgo: number) => new Date(Date.now() - minutesAgo * 60_000).toISOString();
const wrote = (key: string, ...lines: readonly (readonly [minutesAgo: number, text: string])[]) =>
  cluster.logs.set(key, lines.map(([ago, text]) => `${stamp(ago)} ${text}\n`).join(""));

/** Pods of api-server that began so many minutes ago, `worker` and the others left out. */
const pods = (...began: readonly number[]): KubeObject[] =>
  began.map((ago, n) => {
    const one = structuredClone(theOne("Pod", "api-server"));
    one.metadata.name = `api-server-85cccffd4f-${n}`;
    one.metadata.uid = `pod-${n}`;
    one.metadata.creationTimestamp = stamp(ago);
    return one;
  });
const begin = async (objects: readonly KubeObject[], settings: Record<string, unknown> = {}) => {
  cluster = await emulatedCluster({ objects });
  bench = benchOn(cluster, settings);
};
afterEach(async () => {
  await bench.close();
  await cluster.close();
});
const AT = "production/api-server-85cccffd4f";
const NAME = "cluster/production/api-server/api-server";

it("replicas are one log; an error that one of them wrote before is no news, another one is", async () => {
  await begin(pods(600, 500));
  wrote(`${AT}-0/api-server`, [550, "INFO start"], [90, "ERROR order 1 lost"], [5, "ERROR disk full"]);
  wrote(`${AT}-1/api-server`, [450, "INFO start"], [10, "ERROR order 2 lost"]);
  const { findings, finding } = await bench.diagnose(logsSearch);
  expect(findings.map(({ id }) => id)).toEqual([`new-errors:${NAME}`]);
  expect(finding(`new-errors:${NAME}`).because).toContain("disk full");
  expect(finding(`new-errors:${NAME}`).title).toContain("1 kind of error");
});

it("a rollout took the old pods' logs with it: nothing is called new, and the lines are shown", async () => {
  await begin(pods(20, 20));
  wrote(`${AT}-0/api-server`, [20, "INFO start"], [10, "ERROR order 1 lost"]);
  wrote(`${AT}-1/api-server`, [20, "INFO start"], [10, "ERROR order 2 lost"]);
  const { findings, finding } = await bench.diagnose(logsSearch);
  expect(findings.map(({ id }) => id)).toEqual([`lines:${NAME}`]);
  expect(finding(`lines:${NAME}`).because).toContain("what is new cannot be told");
});

it("a log the kubelet has rotated since does not reach back either", async () => {
  await begin(pods(600));
  wrote(`${AT}-0/api-server`, [30, "INFO goes on"], [10, "ERROR order 1 lost"]);
  expect((await bench.diagnose(logsSearch)).findings.map(({ id }) => id)).toEqual([`lines:${NAME}`]);
});

it("of a container that began anew the run before is read, where its last words stand", async () => {
  const [pod] = pods(600);
  const status = (pod as unknown as { status: { containerStatuses: Record<string, unknown>[] } }).status;
  const last = { exitCode: 1, reason: "Error", startedAt: stamp(590), finishedAt: stamp(15) };
  status.containerStatuses = [
    { ...status.containerStatuses[0], restartCount: 1, lastState: { terminated: last } },
  ] as Record<string, unknown>[];
  await begin(pod === undefined ? [] : [pod]);
  wrote(`${AT}-0/api-server?previous`, [590, "INFO start"], [15, "FATAL: out of licences"]);
  wrote(`${AT}-0/api-server`, [14, "INFO start"]);
  const { finding } = await bench.diagnose(logsSearch);
  expect(finding(`new-errors:${NAME}`).because).toContain("out of licences");
});

it("written all the time and silent now is said; a text is found whatever its level", async () => {
  await begin(pods(600));
  wrote(
    `${AT}-0/api-server`,
    [550, "INFO start"],
    ...Array.from({ length: 60 }, (_one, n) => [119.5 - n, "INFO request done in 3 ms"] as const),
  );
  const { findings } = await bench.diagnose(logsSearch);
  expect(findings.map(({ id, severity }) => [id, severity])).toEqual([[`silent:${NAME}`, "warning"]]);
  const found = await bench.diagnose(logsSearch, { pattern: "REQUEST done", minutes: 120 });
  expect(found.finding(`lines:${NAME}`).title).toBe(`60 lines in ${NAME}, of 1 kind`);
  // A workload of that name is a component as a whole.
  const component = await bench.diagnose(logsSearch, { component: "api-server", minutes: 120 });
  expect(component.finding(`lines:${NAME}`).title).toBe(`60 lines in ${NAME}, of 1 kind`);
});

it("logs that may not be read are one gap with the right that is missing; a namespace without pods is no quiet one", async () => {
  await begin([...pods(600, 500), ...wellCluster().filter(({ kind }) => kind !== "Pod")]);
  cluster.denies = (_verb, resource) => resource === "pods/log";
  const { findings, finding } = await bench.diagnose(logsSearch);
  expect(findings.map(({ id }) => id)).toEqual(["could-not-look"]);
  expect(finding("could-not-look").title).toContain("and 1 more");
  expect(JSON.stringify(finding("could-not-look"))).toContain("pods/log");
  await bench.close();
  bench = benchOn(cluster, { namespace: "elsewhere" });
  expect((await bench.diagnose(logsSearch)).finding("could-not-look").title).toContain(
    "logs of pods in elsewhere",
  );
});

it("what is read of a workload with many pods is bounded, and that is said", async () => {
  await begin(pods(...Array.from({ length: 9 }, () => 600)));
  const seen = await bench.call(kubernetes.searchLogs({ minutes: 60 }));
  expect(cluster.requests.filter((one) => one.includes("sinceSeconds"))).toHaveLength(3);
  expect(seen.notSeen?.map(({ what }) => what)).toEqual(["the logs of 6 more containers"]);
  expect(seen.logs[0]?.comparable).toBe(false);
});
