import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import type { QueuePlace } from "../../../src/queue/backend.ts";
import { createDispatcher, type QueueDispatcher } from "../../../src/queue/dispatcher.ts";
import { type Consumer, createJobSource, type JobHandler } from "../../../src/queue/source.ts";
import { createLogger } from "../../../src/telemetry/logger.ts";
import { until } from "../../helpers/until.ts";

/** Whoever takes longer waits for something that does not come; on a quiet machine it is 2 s at most. */
const HANGS_MS = 30_000;

export interface Rig {
  readonly place: QueuePlace;
  stopServer(): Promise<void>;
  startServer(): Promise<void>;
  /** Puts a job into the queue that diagbot did not make. */
  forge(name: string, data: unknown): Promise<void>;
}

/** What the queue must do, whatever it is made of. */
export function queueContract(rig: () => Rig): void {
  const lines: string[] = [];
  const logger = createLogger({ level: "warn", destination: { write: (line) => void lines.push(line) } });
  const open: { close(): Promise<void> }[] = [];
  let subject = 100;

  const unconnected = (): QueueDispatcher => {
    const made = createDispatcher(rig().place);
    open.push(made);
    return made;
  };
  /** Connected: a dispatch has 1.5 s, and the first one makes the queue. */
  const dispatcher = async (): Promise<QueueDispatcher> => {
    const made = unconnected();
    await until(async () => (await made.health()).ok);
    return made;
  };
  const consumer = (handler: JobHandler, concurrency = 4): Consumer => {
    const source = createJobSource({
      ...rig().place,
      logger,
      lockMs: 1_000,
      stalledCheckMs: 500,
      watchMs: 300,
    });
    const made = source.work("run", concurrency, handler);
    open.push({ close: () => made.close(200) });
    return made;
  };
  const gate = () => {
    let lift = () => {};
    const lifted = new Promise<void>((resolve) => {
      lift = resolve;
    });
    return { lifted, lift };
  };

  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
    lines.splice(0);
  });

  describe("queue", () => {
    it("hands a dispatched id to the handler", async () => {
      const seen: number[] = [];
      consumer(async (id) => void seen.push(id));
      const id = ++subject;
      await (await dispatcher()).dispatch("run", id);
      await until(() => seen.includes(id));
      expect(seen).toEqual([id]);
    });

    it("does not double a waiting job, and keeps subjects and kinds apart", async () => {
      const queue = await dispatcher();
      const [first, second] = [++subject, ++subject];
      for (let i = 0; i < 5; i++) await queue.dispatch("run", first);
      await queue.dispatch("thread", first);
      await queue.dispatch("run", second);
      const seen: number[] = [];
      const working = consumer(async (id) => void seen.push(id), 1);
      await until(() => seen.includes(second));
      await until(async () => (await working.health()).detail?.includes(" 0 waiting, 0 at work"));
      expect(seen).toEqual([first, second]);
      const threads: number[] = [];
      const source = createJobSource({ ...rig().place, logger });
      const other = source.work("thread", 1, async (id) => void threads.push(id));
      open.push({ close: () => other.close(200) });
      await until(() => threads.length > 0);
      expect(threads).toEqual([first]);
    });

    it("handles a dispatch that comes while the subject is active, once, and afterwards", async () => {
      const hold = gate();
      const id = ++subject;
      let [begun, atWork, most] = [0, 0, 0];
      consumer(async () => {
        begun += 1;
        atWork += 1;
        most = Math.max(most, atWork);
        if (begun === 1) await hold.lifted;
        atWork -= 1;
      });
      const queue = await dispatcher();
      await queue.dispatch("run", id);
      await until(() => begun === 1);
      for (let i = 0; i < 3; i++) await queue.dispatch("run", id);
      hold.lift();
      await until(() => begun === 2);
      await queue.dispatch("run", ++subject);
      await until(() => begun === 3);
      expect({ begun, most }).toEqual({ begun: 3, most: 1 });
    });

    it("goes on after a handler that throws", async () => {
      const seen: number[] = [];
      const id = ++subject;
      consumer(async (given) => {
        seen.push(given);
        if (seen.length === 1) throw new Error("boom");
      });
      const queue = await dispatcher();
      await queue.dispatch("run", id);
      await until(() => lines.some((line) => line.includes("boom")));
      await queue.dispatch("run", id);
      await until(() => seen.length === 2);
    });

    it("drops jobs that are not its own", async () => {
      const seen: number[] = [];
      consumer(async (id) => void seen.push(id), 1);
      const id = ++subject;
      await rig().forge("run", { id: "7; rm -rf /" });
      await rig().forge("run", { id: 7, extra: true });
      await rig().forge("run", { id: -1 });
      await rig().forge("other", { id: 7 });
      await rig().forge("run", "text");
      await (await dispatcher()).dispatch("run", id);
      await until(() => seen.includes(id));
      expect(seen).toEqual([id]);
      expect(lines.filter((line) => line.includes("not one of ours"))).toHaveLength(5);
    });

    it("delivers what was dispatched just before it was closed, and refuses what comes after", async () => {
      const queue = createDispatcher(rig().place);
      const id = ++subject;
      const dispatching = queue.dispatch("run", id);
      await queue.close();
      await dispatching;
      await expect(queue.dispatch("run", id)).rejects.toMatchObject({ code: "queue_unavailable" });
      const seen: number[] = [];
      consumer(async (given) => void seen.push(given));
      await until(() => seen.includes(id));
    });

    it("refuses ids that are none before anything is sent", async () => {
      await expect(unconnected().dispatch("run", 0)).rejects.toThrow();
      await expect(unconnected().dispatch("run", 1.5)).rejects.toThrow();
    });

    it("closes within its grace, whether or not the handler ends", async () => {
      const hold = gate();
      let begun = 0;
      const working = consumer(async () => {
        begun += 1;
        await hold.lifted;
      });
      const queue = await dispatcher();
      await queue.dispatch("run", ++subject);
      await until(() => begun === 1);
      const before = performance.now();
      await working.close(300);
      expect(performance.now() - before).toBeLessThan(HANGS_MS);
      expect(lines.join()).toContain("closed with jobs at work");
      hold.lift();
    });

    it("waits for a handler that ends within the grace, and takes no new job meanwhile", async () => {
      const hold = gate();
      const [first, second] = [++subject, ++subject];
      const begun: number[] = [];
      let ended = false;
      const working = consumer(async (id) => {
        begun.push(id);
        await hold.lifted;
        ended = true;
      }, 1);
      const queue = await dispatcher();
      await queue.dispatch("run", first);
      await until(() => begun.length === 1);
      const closing = working.close(5_000);
      await queue.dispatch("run", second);
      hold.lift();
      await closing;
      expect({ begun, ended }).toEqual({ begun: [first], ended: true });
      const later: number[] = [];
      consumer(async (id) => void later.push(id));
      await until(() => later.includes(second));
    });

    it("leaves nothing stuck when a worker is killed", async () => {
      const child = workerProcess(rig().place);
      const id = ++subject;
      const queue = await dispatcher();
      await queue.dispatch("run", id);
      await until(() => child.said().includes(`began ${id}\n`));
      await queue.dispatch("run", id);
      await child.kill();
      const seen: number[] = [];
      consumer(async (given) => void seen.push(given));
      await until(() => seen.includes(id));
      await queue.dispatch("run", id);
      await until(() => seen.length === 2);
      expect(seen).toEqual([id, id]);
    });

    it("says soon that the server is away, and works again by itself when it is back", async () => {
      const seen: number[] = [];
      const working = consumer(async (id) => void seen.push(id));
      const queue = await dispatcher();
      await queue.dispatch("run", ++subject);
      await until(() => seen.length === 1);
      await rig().stopServer();
      try {
        const before = performance.now();
        await expect(queue.dispatch("run", ++subject)).rejects.toMatchObject({ code: "queue_unavailable" });
        expect(performance.now() - before).toBeLessThan(HANGS_MS);
        expect((await working.health()).ok).toBe(false);
        expect(await queue.hasTaken()).toBe(false);
        const health = await queue.health();
        expect(health.ok).toBe(false);
        expect(health.detail).toMatch(/ECONNREFUSED|closed|terminat|Redis/i);
      } finally {
        await rig().startServer();
      }
      const id = ++subject;
      await until(() =>
        queue.dispatch("run", id).then(
          () => true,
          () => false,
        ),
      );
      expect(await queue.hasTaken()).toBe(true);
      await until(() => seen.includes(id));
      await until(async () => (await working.health()).ok && (await queue.health()).ok);
    });

    it("starts while the server is away and works once it is there", async () => {
      await rig().stopServer();
      const seen: number[] = [];
      const queue = unconnected();
      let working: Consumer;
      try {
        working = consumer(async (id) => void seen.push(id));
        const before = performance.now();
        await expect(queue.dispatch("run", ++subject)).rejects.toMatchObject({ code: "queue_unavailable" });
        expect(performance.now() - before).toBeLessThan(HANGS_MS);
        expect((await working.health()).ok).toBe(false);
        expect((await queue.health()).ok).toBe(false);
      } finally {
        await rig().startServer();
      }
      const id = ++subject;
      await until(() =>
        queue.dispatch("run", id).then(
          () => true,
          () => false,
        ),
      );
      await until(() => seen.includes(id));
    });
  });
}

/** A worker in a process of its own. */
export function workerProcess(place: QueuePlace) {
  const file = fileURLToPath(new URL("./worker-process.ts", import.meta.url));
  const tsx = fileURLToPath(new URL("../../../node_modules/tsx/dist/loader.mjs", import.meta.url));
  const child = spawn(process.execPath, ["--import", tsx, file], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, QUEUE_PLACE: JSON.stringify(place) },
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const gone = once(child, "exit");
  return {
    said: () => said,
    isGone: () => child.exitCode !== null,
    kill: async () => {
      child.kill("SIGKILL");
      await gone;
    },
  };
}
