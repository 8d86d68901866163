import { describe, expect, it } from "vitest";
import { deniedFindings } from "../../../runbooks/redis/denied.ts";
import { dueIn, forkFinding, savingFinding } from "../../../runbooks/redis/saving.ts";
import { deniedIn } from "../../../src/connectors/redis/acl-log.ts";
import { lostIn } from "../../../src/connectors/redis/cluster-nodes.ts";
import { failureOf } from "../../../src/connectors/redis/failure.ts";
import { isSentinel, refusalOf } from "../../../src/connectors/redis/sentinel.ts";
import { standingOf } from "../../../src/connectors/redis/standing.ts";
import { failingIn, stateOf } from "../../../src/connectors/redis/state.ts";
import { isPublic, unknownMaster } from "../../../src/connectors/redis/unknown-master.ts";

const state = (info: string, rules: string | null) => {
  const read = stateOf(`role:master\ndb0:keys=10,expires=0\n${info}`);
  return { ...read, persistence: { ...read.persistence, rules } };
};
const backup = { alert: { labels: { alertname: "RedisMissingBackup" }, annotations: {} } };
const saving = (info: string, rules: string | null, role: "cache" | "queue" | "mixed", context = {}) => {
  const found = savingFinding(state(info, rules), role, context, {
    hangs: "hangs",
    nothing: "nothing",
    due: "due",
  });
  return found === undefined ? "" : `${found.severity} ${found.id}: ${found.title}`;
};
const DAY = "rdb_last_save_time:1000\nserver_time_usec:87400000000\n";
const RULES = "3600 1 300 100 60 10000";

describe("whether what is written outlives the process", () => {
  it.each([
    ["a cache that saves nothing", "", "", "cache", {}, ""],
    ["a mixed one that saves nothing", "", "", "mixed", {}, ""],
    ["jobs that nobody saves", "", "", "queue", {}, "info nothing-saved"],
    ["jobs in an append-only file", "aof_enabled:1\n", "", "queue", {}, ""],
    ["jobs where nobody may ask", "", null, "queue", {}, ""],
    ["a save that takes its time", "rdb_current_bgsave_time_sec:300\n", RULES, "mixed", {}, ""],
    [
      "a save of a big server",
      "rdb_current_bgsave_time_sec:900\nrdb_last_bgsave_time_sec:600\n",
      RULES,
      "mixed",
      {},
      "",
    ],
    ["a save that hangs", "rdb_current_bgsave_time_sec:7200\n", RULES, "mixed", {}, "warning save-hangs"],
    ["a save that failed, said elsewhere", "rdb_last_bgsave_status:err\n", "", "queue", backup, ""],
    ["asked: nothing saved", "", "", "mixed", backup, "warning nothing-saved"],
    ["asked: a cache", "", "", "cache", backup, "info save-age: Nothing is saved here, as is right"],
    [
      "asked: nothing changed",
      `${DAY}rdb_changes_since_last_save:0\n`,
      RULES,
      "mixed",
      backup,
      "info save-age: The last save was 24 h ago, and nothing",
    ],
    [
      "asked: it is due",
      `${DAY}rdb_changes_since_last_save:5\n`,
      RULES,
      "mixed",
      backup,
      "warning save-age: A save has been due for",
    ],
    [
      "asked: too few changes",
      `${DAY}rdb_changes_since_last_save:5\n`,
      "900 100",
      "mixed",
      backup,
      "info save-age: The last save was 24 h ago; by its own rules none is due",
    ],
    [
      "asked: the file has all",
      `${DAY}aof_enabled:1\n`,
      RULES,
      "mixed",
      backup,
      "info save-age: The last RDB",
    ],
    [
      "asked: it may not be asked",
      `${DAY}rdb_changes_since_last_save:5\n`,
      null,
      "mixed",
      backup,
      "info save-age: The last save was 24 h ago, 5 changes",
    ],
  ] as const)("%s", (_what, info, rules, role, context, wanted) => {
    const said = saving(info, rules, role, context);
    if (wanted === "") expect(said).toBe("");
    else expect(said.startsWith(wanted), said).toBe(true);
  });

  it("rules that are no rules are never due", () => {
    expect(dueIn("", 5, 1e6)).toBeUndefined();
    expect(dueIn("3600", 5, 1e6)).toBeUndefined();
    expect(dueIn("3600 1 60 10000", 5, 3700)).toBe(100);
  });
});

describe("a fork", () => {
  const fork = (usec: number, gib: number) =>
    forkFinding(
      state(
        `latest_fork_usec:${usec}\nused_memory:${gib * 1024 ** 3}\nused_memory_rss:${gib * 1024 ** 3}\n`,
        "",
      ),
      "less",
    );
  it.each([
    ["of a big server", 200_000, 12],
    ["of a small one on a busy machine", 20_000, 0.01],
    ["that never was", 0, 4],
  ])("%s is well", (_what, usec, gib) => expect(fork(usec, gib)).toBeUndefined());
  it("that held everybody is told by its size or its machine", () => {
    expect(fork(900_000, 40)?.because).toContain("it is the size that does it");
    expect(fork(900_000, 4)?.because).toContain("nested paging");
  });
});

describe("a master at a public address", () => {
  const follows = (host: string, known: string[] = []) =>
    unknownMaster(
      stateOf(`role:slave\nmaster_host:${host}\nmaster_port:6379\nmaster_link_status:up\n`),
      known.map((one) => ({ host: one, port: 6379, tls: false })),
    )?.id;
  it("that nobody named is said, others are not", () => {
    expect(follows("203.0.113.7")).toBe("unknown-master");
    expect(follows("2001:db8::7")).toBe("unknown-master");
    expect(follows("203.0.113.7", ["203.0.113.7"])).toBeUndefined();
    for (const host of ["10.1.2.3", "172.20.0.4", "192.168.1.9", "100.64.3.1", "fd00::7", "redis-master"])
      expect(follows(host), host).toBeUndefined();
    expect(isPublic("::ffff:10.0.0.1")).toBe(false);
    expect(isPublic("172.32.0.1")).toBe(true);
  });
});

describe("Sentinels", () => {
  const up = "name=shop,status=ok,address=10.0.0.5:6379,slaves=1,sentinels=3";
  it.each([
    ["that agree", up, "OK 3 usable Sentinels. Quorum can be reached", "sentinel"],
    ["that may not be asked", up, "NOPERM no permissions", "sentinel"],
    ["that are too few", up, "NOQUORUM 1 usable Sentinels. Not enough", "sentinel-no-quorum"],
    ["whose master is down", up.replace("=ok", "=odown"), "OK 3 usable Sentinels.", "sentinel-master-down"],
  ])("%s", (_what, watched, said, wanted) => {
    const error = refusalOf([watched], [{ name: "shop", said }]);
    expect(failureOf({ code: error.code, message: error.message, detail: error.detail ?? "" })?.id).toBe(
      wanted,
    );
    expect(error.message.includes("NOPERM")).toBe(false);
  });
  it("that stand still for a while fail nothing over, whatever they say of the quorum", () => {
    const error = refusalOf([up], [{ name: "shop", said: "OK 3 usable Sentinels." }], true);
    const failure = failureOf({ code: error.code, message: error.message, detail: error.detail ?? "" });
    expect(failure?.title).toBe("This Sentinel is in TILT: it watches, but fails nothing over");
    expect(isSentinel(error.detail)).toBe(true);
  });
});

it("masters that fail are named with what they held", () => {
  const nodes = [
    "a 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-5460",
    "b 10.0.0.2:7000@17000,redis-2 master,fail - 1 1 2 disconnected 5461-10921 10923 [77->-abc]",
    "c 10.0.0.3:7000@17000 master,fail? - 1 1 3 connected 10922",
    "d 10.0.0.4:7000@17000 slave,fail b 1 1 2 disconnected",
    "",
  ].join("\n");
  expect(failingIn(nodes)).toEqual([
    { address: "10.0.0.2:7000", isAgreed: true, slots: 5462 },
    { address: "10.0.0.3:7000", isAgreed: false, slots: 1 },
  ]);
});

describe("a cluster that lost a node and no slot", () => {
  const healthy = [
    "a 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-8191",
    "b 10.0.0.2:7000@17000 master - 1 1 2 connected 8192-16383",
    "c 10.0.0.3:7000@17000 slave a 1 1 2 connected",
    "d 10.0.0.4:7000@17000 slave b 1 1 2 connected",
  ];
  const state = (nodes: string, more: object = {}) => {
    const cluster = {
      ...{ state: "ok", slotsCovered: 16_384, slotsDoubtful: 0, slotsFailed: 0, nodes: 5, masters: 2 },
      ...{ slotsUnassigned: 0, failing: [], ...more },
    };
    const { gone, bare } = lostIn(nodes);
    return {
      ...stateOf("role:master\nredis_mode:cluster"),
      cluster: { ...cluster, gone: [...gone], bare: [...bare] },
    };
  };
  const found = (nodes: string[], more?: object) => standingOf({ state: state(nodes.join("\n"), more) })[0];

  it("says which, and which master has no replica any more", () => {
    const taken = [
      "a 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-8191",
      "b 10.0.0.2:7000@17000 master,fail - 1 1 2 disconnected",
      "c 10.0.0.3:7000@17000 slave a 1 1 2 connected",
      "d 10.0.0.4:7000@17000,redis-4 master - 1 1 3 connected 8192-16383",
    ];
    expect(found(taken)).toMatchObject({ id: "cluster-nodes-gone", severity: "warning" });
    expect(found(taken)?.title).toContain("1 node is gone: 10.0.0.2:7000");
    expect(found(taken)?.because).toContain("1 master has no replica any more (10.0.0.4:7000)");
  });
  it("whole, without replicas by choice, or with a slot on its way, is healthy", () => {
    expect(found(healthy)?.id).toBe("cluster-node");
    expect(found(healthy.slice(0, 2))?.id).toBe("cluster-node");
    expect(found([...healthy.slice(0, 3), "e :0@0 slave,noaddr,fail b 1 1 2 disconnected"])?.id).toBe(
      "cluster-node",
    );
    expect(found([...healthy.slice(1), healthy[0]?.concat(" [93-<-b]") ?? ""])?.id).toBe("cluster-node");
  });
});

describe("whom the ACL turns away", () => {
  const entry = (reason: string, object: string, count: number, age: number, name = "app") => [
    ...["count", count, "reason", reason, "context", "toplevel", "object", object, "username", "shop"],
    ...[
      "age-seconds",
      String(age),
      "client-info",
      `id=3 addr=10.0.0.9:52555 laddr=10.0.0.1:6379 name=${name} age=8`,
    ],
  ];
  const found = (...entries: unknown[][]) =>
    deniedFindings(deniedIn(entries), { rights: "give", logins: "find" }).map(({ title }) => title);
  it("is said by command, without keys of people", () => {
    expect(found(entry("command", "flushall", 12, 3), entry("key", "mail:ann@example.org", 2, 9))).toEqual([
      "Redis refuses shop the command FLUSHALL for want of rights: 12 times in the last 10 min, and other things 2 times",
    ]);
    expect(deniedIn([entry("key", "mail:ann@example.org", 2, 9)])[0]).toMatchObject({
      what: "mail:*",
      address: "10.0.0.9",
    });
  });
  it("is no news when it is old, our own, or a few logins", () => {
    expect(found(entry("command", "flushall", 12, 3_000))).toEqual([]);
    expect(found(entry("command", "config|get", 12, 3, "diagbot"))).toEqual([]);
    expect(found(entry("auth", "AUTH", 2, 3))).toEqual([]);
    // A user that may not name its connections: by whom we are, unless everybody is.
    const own = [entry("command", "getrange", 28, 3, "")];
    expect(deniedIn(own, "shop")).toEqual([]);
    expect(deniedIn(own, "default")).toHaveLength(1);
    expect(deniedIn([entry("auth", "AUTH", 9, 3, "")], "shop")).toHaveLength(1);
    expect(deniedIn("ERR")).toEqual([]);
  });
  it("logins that fail again and again are", () =>
    expect(found(entry("auth", "AUTH", 40, 3))).toEqual([
      "Redis refused 40 logins in the last 10 min, most as shop from 10.0.0.9",
    ]));
});
