import { execFile } from "node:child_process";
import { chown, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { sha256 } from "../../src/lib/sha256.ts";
import type { PostgresBinaries } from "./postgres-binaries.ts";

/** Without LANG the messages and the encoding would depend on the machine. */
export const POSTGRES_ENVIRONMENT = { PATH: process.env.PATH, LANG: "C", LC_ALL: "C" };

/**
 * The data folder, made at the first start: initdb works beside it and the result is moved into place, so that an
 * interrupted one is never taken for a cluster. Another major version's data is thrown away. `from`: data that was made so
 * with the same binaries and password, and never started: a copy of it takes a fraction of the time.
 */
export async function ensureData(
  spec: { readonly name: string; readonly superuserPassword: string; readonly from?: string | undefined },
  { initdb, major, runAs, base }: PostgresBinaries,
): Promise<string> {
  // One parent per user, owned by it: initdb and postgres must be able to create entries there.
  const parent = join(base, `clusters-${runAs?.uid ?? process.getuid?.() ?? "user"}`);
  await mkdir(parent, { recursive: true });
  if (runAs !== undefined) await chown(parent, runAs.uid, runAs.gid);
  const data = join(parent, spec.name);
  // What the data was made with: other binaries or another password make new data.
  const made = `${major} ${sha256(spec.superuserPassword)}\n`;
  if ((await readFile(`${data}.made`, "utf8").catch(() => undefined)) === made) return data;
  const fresh = `${data}.new`;
  await Promise.all([data, fresh, `${data}.made`].map((path) => rm(path, { recursive: true, force: true })));
  // As the user it belongs to: another's data Postgres refuses.
  if (spec.from !== undefined)
    await promisify(execFile)("cp", ["-a", spec.from, fresh], { ...(runAs ?? {}) });
  else
    await initialize(fresh, join(parent, `${spec.name}.password`), spec.superuserPassword, { initdb, runAs });
  await rename(fresh, data);
  await writeFile(`${data}.made`, made);
  return data;
}

async function initialize(
  fresh: string,
  password: string,
  superuserPassword: string,
  { initdb, runAs }: Pick<PostgresBinaries, "initdb" | "runAs">,
): Promise<void> {
  await writeFile(password, `${superuserPassword}\n`, { mode: 0o600 });
  if (runAs !== undefined) await chown(password, runAs.uid, runAs.gid);
  try {
    await promisify(execFile)(
      initdb,
      [
        `--pgdata=${fresh}`,
        "--username=postgres",
        "--auth=scram-sha-256",
        `--pwfile=${password}`,
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
        "--no-instructions",
      ],
      { env: POSTGRES_ENVIRONMENT, cwd: dirname(fresh), timeout: 60_000, ...(runAs ?? {}) },
    ).catch((error: NodeJS.ErrnoException) => {
      // The loader of glibc is what was not found: the file itself is there.
      if (error.code === "ENOENT")
        throw new Error("Postgres' binaries from npm need glibc; musl (Alpine) has none");
      throw error;
    });
  } finally {
    await rm(password, { force: true });
  }
}
