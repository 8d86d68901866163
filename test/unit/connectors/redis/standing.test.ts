import { describe, expect, it } from "vitest";
import { judgeHealth } from "../../../../src/connectors/redis/health.ts";
import { standingOf } from "../../../../src/connectors/redis/standing.ts";
import { clusterOf, stateOf } from "../../../../src/connectors/redis/state.ts";
import { Thresholds } from "../../../../src/core/words/system.ts";

const REPLICA =
  "role:slave\nmaster_host:10.0.0.5\nmaster_port:6379\nslave_read_only:1\nuptime_in_seconds:600\n";
const UP = `${REPLICA}master_link_status:up\nmaster_last_io_seconds_ago:0\n`;
const DOWN = `${REPLICA}master_link_status:down\nmaster_last_io_seconds_ago:-1\nmaster_sync_in_progress:1\nmaster_sync_left_bytes:-1\n`;
const CLUSTER = "role:master\nredis_mode:cluster\ncluster_enabled:1\n";
const OK = "cluster_state:ok\ncluster_slots_ok:16384\ncluster_known_nodes:6\ncluster_size:3\n";

const said = (info: string, more: Omit<Parameters<typeof standingOf>[0], "state"> = {}, cluster?: string) =>
  standingOf({
    state: { ...stateOf(info), cluster: cluster === undefined ? null : clusterOf(cluster) },
    ...more,
  });
const watched = { seconds: 2, errors: {}, link: { looks: 8, down: 0, copying: 0 } };

describe("how a server stands", () => {
  it.each([
    ["a master", "role:master\n", undefined, []],
    ["a replica in step", UP, undefined, ["info replica"]],
    ["a replica that lost its master", DOWN, undefined, ["critical master-link-down"]],
    ["a node of a healthy cluster", CLUSTER, OK, ["info cluster-node"]],
    ["a cluster that is down", CLUSTER, OK.replace("state:ok", "state:fail"), ["critical cluster"]],
    ["a cluster with a hole", CLUSTER, OK.replace("16384", "10922"), ["critical cluster"]],
    ["a cluster with a doubtful master", CLUSTER, `${OK}cluster_slots_pfail:5461\n`, ["warning cluster"]],
    ["a node that may not be asked", CLUSTER, undefined, []],
    ["a save that failed", "role:master\nrdb_last_bgsave_status:err\n", undefined, ["warning saving-fails"]],
  ])("%s", (_what, info, cluster, wanted) => {
    expect(said(info, {}, cluster).map(({ id, severity }) => `${severity} ${id}`)).toEqual(wanted);
  });

  it("writes to a replica: now, some time, never", () => {
    expect(said(UP, { rates: { ...watched, errors: { READONLY: 3 } } })[0]).toMatchObject({
      id: "read-only",
      severity: "critical",
    });
    expect(said(`${UP}errorstat_READONLY:count=7\n`, { rates: watched })[0]).toMatchObject({
      id: "read-only",
      severity: "warning",
    });
    expect(said(UP, { rates: watched })[0]?.id).toBe("replica");
  });

  it("a link that is up at both ends and breaks between them", () => {
    expect(said(UP, { rates: { ...watched, link: { looks: 8, down: 3, copying: 3 } } })[0]?.id).toBe(
      "master-link-down",
    );
  });

  it("a link that never came about is not 0 s old", () => {
    const [down] = said(DOWN);
    expect(down?.because).toContain("how old its data is cannot be told");
    expect(down?.because).not.toMatch(/ 0 (ms|s)/);
  });

  it("an intruder comes first", () => {
    expect(said(DOWN, { signs: ["dir is /root/.ssh"] }).map(({ id }) => id)).toEqual([
      "compromised",
      "master-link-down",
    ]);
  });
});

describe("a row of the health matrix", () => {
  const limits = { slowSeconds: 2, thresholds: Thresholds.parse({}) };
  const seen = (info: string, refused: { code: string; message: string; detail: string } | null = null) => ({
    ...{ pingMedianMs: 1, refused, rates: null, signs: [], notSeen: [] },
    state: stateOf(info),
  });

  it("agrees with redis-connectivity: what is normal is a word, what is not is the same trouble", () => {
    expect(judgeHealth(seen("role:master\n"), limits)).toBe("1.0 ms");
    expect(judgeHealth(seen(UP), limits)).toBe(
      "1.0 ms; a read-only replica of 10.0.0.5:6379, and its link is up",
    );
    expect(judgeHealth(seen(DOWN), limits)).toMatchObject({
      word: "This replica has no link to its master",
      severity: "critical",
    });
  });

  it("a PING that is answered is not all: writes that are refused are no health", () => {
    const refused = { code: "target_refused", message: "Redis: OOM command not allowed", detail: "OOM" };
    expect(judgeHealth(seen("role:master\n", refused), limits)).toMatchObject({
      severity: "critical",
      word: "Redis refuses writes: maxmemory is reached",
    });
  });
});

describe("a master and its replicas", () => {
  const replica = (lag: number) =>
    `role:master\nslave0:ip=10.0.0.7,port=6379,state=online,offset=90,lag=${lag}\nmaster_repl_offset:100\n`;
  it.each([
    [0, []],
    [29, []],
    [45, ["warning replica-behind"]],
  ])("silent for %i s", (lag, wanted) => {
    expect(said(replica(lag)).map(({ id, severity }) => `${severity} ${id}`)).toEqual(wanted);
  });
});
