import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { waitFor } from "../../src/lib/wait.ts";

/** When a process began, so that a pid that was given to somebody else is not mistaken for ours. Undefined: no such process. */
export async function bornAt(pid: number): Promise<string | undefined> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return undefined;
  }
  return (await fromProc(pid)) ?? (await fromPs(pid));
}

/** proc(5): the command in brackets may hold blanks; the start time is the 20th field after it. */
async function fromProc(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields === undefined || fields[0] === "Z") return undefined;
  return fields[19];
}

async function fromPs(pid: number): Promise<string | undefined> {
  const { stdout } = await promisify(execFile)("ps", ["-o", "lstart=", "-p", String(pid)]).catch(() => ({
    stdout: "",
  }));
  return stdout.trim() === "" ? undefined : stdout.trim();
}

/** What was started and must not outlive us: one file per process, so that the next start finds what a crash left. */
export interface PidFiles {
  note(name: string, pid: number): Promise<void>;
  forget(name: string): Promise<void>;
  /** Ends what an earlier start left running; resolves with the names. */
  clean(): Promise<string[]>;
}

export function pidFiles(folder: string): PidFiles {
  const file = (name: string): string => join(folder, `${name}.pid`);
  return {
    note: async (name, pid) => {
      await mkdir(folder, { recursive: true });
      await writeFile(file(name), JSON.stringify({ pid, born: await bornAt(pid) }));
    },
    forget: (name) => rm(file(name), { force: true }),
    clean: async () => {
      const left: string[] = [];
      for (const entry of await readdir(folder).catch(() => [])) {
        if (await endNoted(join(folder, entry))) left.push(entry.replace(/\.pid$/, ""));
        await rm(join(folder, entry), { force: true });
      }
      return left;
    },
  };
}

async function endNoted(path: string): Promise<boolean> {
  const noted = await readNote(path);
  if (noted === undefined || (await bornAt(noted.pid)) !== noted.born) return false;
  await endProcess(noted.pid, { graceMs: 5000, signal: "SIGINT" });
  return true;
}

/** The pid and birth in a file of ours; undefined where it is missing or half written. */
export async function readNote(path: string): Promise<{ pid: number; born: string } | undefined> {
  const text = await readFile(path, "utf8").catch(() => "{}");
  try {
    const { pid, born } = JSON.parse(text) as { pid?: unknown; born?: unknown };
    return typeof pid === "number" && typeof born === "string" ? { pid, born } : undefined;
  } catch {
    return undefined;
  }
}

/** The kernel needs a moment to take a killed process away. */
const KILLED_WITHIN_MS = 2000;

/** Asks a process to end and, after the grace, kills it with its process group. Resolves when it is gone. */
export async function endProcess(
  pid: number,
  { graceMs, signal = "SIGTERM" }: { graceMs: number; signal?: NodeJS.Signals },
): Promise<void> {
  const born = await bornAt(pid);
  if (born === undefined) return;
  send(pid, signal);
  if (!(await endsWithin(pid, born, graceMs))) {
    send(pid, "SIGKILL");
    await endsWithin(pid, born, KILLED_WITHIN_MS);
  }
  // Children of a leader that was killed (or forgot them) share its group: everything is started detached.
  send(-pid, "SIGKILL");
}

async function endsWithin(pid: number, born: string, ms: number): Promise<boolean> {
  const end = performance.now() + ms;
  while ((await bornAt(pid)) === born) {
    if (performance.now() > end) return false;
    await waitFor(25);
  }
  return true;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already, which is what was wanted.
  }
}
