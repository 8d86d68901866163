import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pidFiles } from "../../local/tryout/processes.ts";

const PREFIX = "diagbot-test-";
const OWNER = "owner.pid";
/** Redis puts the number of its process here, so that the next run can end what a crashed one left. */
const REDIS_PID = "redis.pid";

/** A folder of this test process for the data of services; see `cleanStaleFolders`. */
export function serviceFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  // Postgres may have to run as another user than the tests.
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, OWNER), String(process.pid));
  return folder;
}

/** Ends services of test runs that died without cleaning up, and removes their folders. */
export async function cleanStaleFolders(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name);
    const owner = pidIn(join(folder, OWNER));
    if (owner === undefined || isAlive(owner)) continue;
    await pidFiles(join(folder, "pids")).clean();
    endService(join(folder, REDIS_PID), folder);
    rmSync(folder, { recursive: true, force: true });
  }
}

// Process numbers are used again: only a process that works in the folder is ours. (Redis rewrites its command line.)
function endService(pidFile: string, folder: string): void {
  const pid = pidIn(pidFile);
  if (pid !== undefined && workingFolder(pid)?.startsWith(folder) === true) process.kill(pid, "SIGKILL");
}

/** Undefined where the process is gone or the system has no /proc. */
function workingFolder(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

function pidIn(file: string): number | undefined {
  if (!existsSync(file)) return undefined;
  const pid = Number.parseInt(readFileSync(file, "utf8"), 10);
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
