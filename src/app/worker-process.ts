import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { z } from "zod";
import { EXIT } from "../cli/exit.ts";
import { waitFor } from "../lib/wait.ts";
import { aggregate, type MetricsJson } from "../telemetry/metrics.ts";
import type { AppDeps } from "./deps.ts";
import type { Part } from "./part.ts";

const STOP_MS = 30_000;
const ASK_MS = 1_500;
const RESTART_MS = 1_000;

const Reply = z.object({ metrics: z.array(z.unknown()) });

/** The workers' process under role `all`: started again when it ends, asked for its metrics, stopped with us. */
export interface WorkerProcess extends Part {
  /** Ours and the workers' metrics as one page. */
  metrics(ours: MetricsJson): Promise<string>;
}

/** Starts `serve --role worker` as a child of this process, with the same arguments to Node. */
export function startWorkerProcess(deps: Pick<AppDeps, "logger">): WorkerProcess {
  const stopping = new AbortController();
  let child = start();
  const keep = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await once(child, "exit");
      if (stopping.signal.aborted) return;
      // Refused to begin, and has said why: what it needs is away, which passes by itself.
      const level = child.exitCode === EXIT.refused ? "warn" : "error";
      deps.logger[level](
        { code: child.exitCode, signal: child.signalCode },
        "the worker process ended; it is started again",
      );
      await waitFor(RESTART_MS, stopping.signal);
      if (!stopping.signal.aborted) child = start();
    }
  };
  const keeping = keep();
  return {
    name: "worker process",
    health: {
      worker: async () => ({ ok: child.connected && child.exitCode === null, detail: `pid ${child.pid}` }),
    },
    metrics: async (ours) => {
      const theirs = await ask(child);
      return aggregate(theirs === undefined ? [ours] : [ours, theirs]);
    },
    stop: async () => {
      stopping.abort();
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
        const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
        await once(child, "exit");
        clearTimeout(timer);
      }
      await keeping;
    },
  };
}

function start(): ChildProcess {
  const main = process.argv[1];
  if (main === undefined) throw new Error("a worker process needs a program to run");
  return fork(main, ["serve", "--role", "worker"], {
    execArgv: process.execArgv,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}

async function ask(child: ChildProcess): Promise<MetricsJson | undefined> {
  if (!child.connected) return undefined;
  return new Promise((resolve) => {
    const timer = setTimeout(() => done(undefined), ASK_MS);
    const listen = (message: unknown): void => {
      const reply = Reply.safeParse(message);
      if (reply.success) done(reply.data.metrics as MetricsJson);
    };
    const done = (answer: MetricsJson | undefined): void => {
      clearTimeout(timer);
      child.off("message", listen);
      resolve(answer);
    };
    child.on("message", listen);
    child.send({ ask: "metrics" });
  });
}

/** The child's side: answers the parent and ends when the parent is gone. */
export function answerParent(json: () => Promise<MetricsJson>, onGone: () => void): void {
  process.on("message", (message: unknown) => {
    if (typeof message === "object" && message !== null && "ask" in message)
      void json().then((metrics) => process.send?.({ metrics }));
  });
  process.on("disconnect", onGone);
  // Listening would keep a worker that has stopped alive until its parent kills it.
  process.channel?.unref();
}
