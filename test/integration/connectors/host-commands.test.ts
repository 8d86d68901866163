import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { localMachine } from "../../../src/connectors/machine/local.ts";
import { descendantsOf } from "../../helpers/processes.ts";
import { until } from "../../helpers/until.ts";

/** A zombie has ended; where nobody reaps orphans it stays in the table. */
function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

const started: ChildProcess[] = [];
afterEach(() => {
  for (const worker of started.splice(0)) worker.kill("SIGKILL");
});

/** A worker that runs a command with a child of its own, and everything below it. */
async function workerWithCommand(timeoutMs: number): Promise<{ worker: ChildProcess; below: number[] }> {
  const worker = fork("test/helpers/local-command.ts", {
    execArgv: ["--import", "tsx"],
    env: { ...process.env, TIMEOUT_MS: String(timeoutMs) },
  });
  started.push(worker);
  await once(worker, "message");
  const sleeps = (pids: number[]) =>
    pids.filter(
      (pid) => isAlive(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[1] === "600",
    );
  const below = await until(() => {
    const all = descendantsOf(worker.pid ?? 0);
    return sleeps(all).length === 2 ? all : undefined;
  });
  return { worker, below };
}

describe.skipIf(process.platform !== "linux")("a command on this machine", () => {
  it("ends with its worker, also where that is killed", async () => {
    const { worker, below } = await workerWithCommand(600_000);
    worker.kill("SIGKILL");
    await once(worker, "exit");
    await until(() => !below.some(isAlive));
  });

  it("ends with its time, also where its worker is frozen", async () => {
    const { worker, below } = await workerWithCommand(1_000);
    worker.kill("SIGSTOP");
    try {
      await until(() => !below.some(isAlive));
    } finally {
      worker.kill("SIGKILL");
      await once(worker, "exit");
    }
  });

  it("leaves nothing behind when it ends by itself, and tells its exit code", async () => {
    const before = descendantsOf(process.pid);
    const limits = { signal: new AbortController().signal, timeoutMs: 60_000, maxBytes: 1_000 };
    const ran = await localMachine().run(["sh", "-c", "cat; echo said; exit 3"], limits);
    expect(ran).toEqual({ code: 3, stdout: "said\n", stderr: "", cut: false });
    await until(() => !descendantsOf(process.pid).some((pid) => !before.includes(pid) && isAlive(pid)));
  });
});
