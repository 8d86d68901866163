import { execFileSync } from "node:child_process";
import { afterEach, describe, expect, it } from "vitest";
import { redisConnectivity } from "../../../runbooks/redis/redis-connectivity.ts";
import { whyNoRedis } from "../../helpers/redis-server.ts";
import { until } from "../../helpers/until.ts";
import { diagnose, endAll, ids, open, start } from "./redis-bench.ts";

afterEach(endAll);

describe.skipIf(whyNoRedis() !== undefined)("a cluster that fails over", () => {
  it("serves all slots, and has lost a node and a replica", async () => {
    const nodes = await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        start(
          ...["--cluster-enabled", "yes", "--cluster-config-file", `nodes-${n}.conf`],
          ...["--cluster-node-timeout", "1000", "--repl-diskless-sync-delay", "0"],
        ),
      ),
    );
    const ports = nodes.map(({ port }) => `127.0.0.1:${port}`);
    execFileSync("redis-cli", ["--cluster", "create", ...ports, "--cluster-replicas", "1", "--cluster-yes"], {
      stdio: "ignore",
    });
    const asked = nodes[1];
    const first = nodes[0];
    if (asked === undefined || first === undefined) throw new Error("there are six");
    const app = open(asked.url);
    const list = async () => String(await app.call("CLUSTER", "NODES"));
    await until(async () => String(await app.call("CLUSTER", "INFO")).includes("cluster_state:ok"));
    await until(async () => (await list()).match(/slave [0-9a-f]{40}/g)?.length === 3);
    await until(async () => (await app.info("replication")).includes("state=online"));
    expect(ids(await diagnose(redisConnectivity, asked.url))).toEqual(["info cluster-node"]);
    await first.kill();
    // Its replica has taken over: its old slots belong to another master.
    await until(async () =>
      (await list())
        .split("\n")
        .some(
          (line) => line.includes(`:${first.port}@`) && /master,fail/.test(line) && !/ \d+-\d+$/.test(line),
        ),
    );
    const run = await diagnose(redisConnectivity, asked.url);
    expect(ids(run)).toEqual(["warning cluster-nodes-gone"]);
    expect(run.finding("cluster-nodes-gone").title).toBe(
      `The cluster serves all slots, but 1 node is gone: 127.0.0.1:${first.port}`,
    );
    expect(run.finding("cluster-nodes-gone").because).toContain("1 master has no replica any more");
    expect(run.advice("replaceNode")).toContain("Start the node again");
  });
});
