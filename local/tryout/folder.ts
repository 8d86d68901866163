import { chmod, mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { bornAt, type PidFiles, pidFiles, readNote } from "./processes.ts";

/** Where a try-out keeps its things: databases, logs, generated configuration, pid files. */
export interface TryoutFolder {
  readonly path: string;
  readonly pids: PidFiles;
  file(name: string): string;
  /** Gives the folder up for others. */
  release(): Promise<void>;
}

/** Takes a folder for this process. Throws when another try-out lives there, or when it is not ours to write. */
export async function takeFolder(path: string): Promise<TryoutFolder> {
  await mkdir(path, { recursive: true, mode: 0o755 }).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`cannot write ${path} (${error.code}); if another user made it, remove it`);
  });
  // Whatever the umask: Postgres runs as another user when we are root, and must get through here.
  await chmod(path, 0o755);
  const lock = join(path, "demo.lock");
  await takeLock(lock);
  return {
    path,
    pids: pidFiles(join(path, "pids")),
    file: (name) => join(path, name),
    release: () => rm(lock, { force: true }),
  };
}

async function takeLock(lock: string): Promise<void> {
  for (const attempt of [1, 2]) {
    try {
      const file = await open(lock, "wx");
      await file.writeFile(JSON.stringify({ pid: process.pid, born: await bornAt(process.pid) }));
      return await file.close();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt === 2) throw error;
      const holder = await readNote(lock);
      if (holder !== undefined && (await bornAt(holder.pid)) === holder.born)
        throw new Error(`a demo is already running here (process ${holder.pid}); stop it with Ctrl-C first`);
      await rm(lock, { force: true });
    }
  }
}
