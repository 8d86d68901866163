import { describe, expect, test } from "vitest";
import { checkRedis } from "../../../src/connectors/redis/check.ts";
import { openRedis } from "../../../src/connectors/redis/client.ts";
import { redis } from "../../../src/sdk/index.ts";
import { whyNoRedis } from "../../helpers/redis-server.ts";
import { queueRig } from "./redis-queue-rig.ts";

const missing = whyNoRedis();

describe.skipIf(missing !== undefined)(
  `rights on queues in a real Redis${missing === undefined ? "" : ` (${missing})`}`,
  () => {
    const rig = queueRig();

    test("doctor names what queues need, with the line that gives it; with it all is seen and done", async () => {
      await rig.app.acl(
        "SETUSER",
        "doctor",
        "on",
        ">doc-77",
        "%R~*",
        "+@connection",
        "+info",
        "+scan",
        "+type",
        "+acl|whoami",
      );
      await rig.app.acl("SETUSER", "doctor", "+acl|dryrun");
      const checks = async () => {
        const client = openRedis(`redis://doctor:doc-77@127.0.0.1:${rig.port}`);
        rig.atEnd(() => client.close());
        return checkRedis(client, {
          signal: AbortSignal.timeout(5_000),
          timeoutMs: 5_000,
          connection: {} as never,
        });
      };
      const before = await checks();
      expect(before.map(({ name, state }) => `${name} ${state}`)).toEqual([
        ...["reach ok", "rights missing", "queues warning", "remedies warning"],
      ]);
      for (const { paste = [] } of before)
        for (const line of paste) await rig.app.call("ACL", ...line.split(" ").slice(1));
      expect((await checks()).map(({ name, state }) => `${name} ${state}`)).toEqual([
        "reach ok",
        "rights ok",
      ]);
      const queue = rig.bull("held");
      await queue.add("a", {}, { jobId: "a" });
      await queue.pause();
      const own = rig.benchAs("doctor:doc-77");
      const where = { prefix: "bull", name: "held" };
      await rig.app.acl("SETUSER", "doctor", "-zadd");
      await expect(own.call(redis.setQueuePaused({ ...where, paused: false }))).rejects.toMatchObject({
        code: "target_refused",
        message: expect.stringContaining("does not let this user ZADD"),
      });
      expect(await queue.isPaused(), "no half of a script").toBe(true);
      expect(await rig.app.exists("bull:held:marker"), "a paused queue has none").toBe(0);
      await rig.app.acl("SETUSER", "doctor", "+zadd");
      await own.call(redis.setQueuePaused({ ...where, paused: false }));
      // What wakes a worker that waits: without it one takes the job only when it looks by itself, seconds later.
      expect(await rig.app.zscore("bull:held:marker", "0")).toBe("0");
      await own.call(redis.removeJob({ ...where, id: "a" }));
      await queue.add("later", {}, { delay: 3_600_000 });
      await queue.pause();
      await own.call(redis.setQueuePaused({ ...where, paused: false }));
      expect(Number(await rig.app.zscore("bull:held:marker", "1"))).toBeGreaterThan(Date.now());
      expect((await own.call(redis.queues({ seconds: 0.2 }))).queues[0]).toMatchObject({
        waiting: 0,
        paused: false,
      });
    });

    test("a user that may not list clients says so", async () => {
      await rig.app.acl(
        "SETUSER",
        "looker",
        "on",
        ">look-77",
        "~*",
        "+@read",
        "+info",
        "+select",
        "+time",
        "+ping",
      );
      const own = rig.benchAs("looker:look-77");
      await rig.bull("seen").add("a", {});
      const { queues, notSeen } = await own.call(redis.queues({ seconds: 0.2 }));
      expect(queues[0]).toMatchObject({ name: "seen", workers: null });
      expect(notSeen?.[0]?.fix).toContain("+client|list");
    });
  },
);
