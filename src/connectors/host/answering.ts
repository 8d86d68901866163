import type { ActionContext } from "../../core/words/action.ts";
import { clip } from "../../core/words/format.ts";
import type { NotSeen } from "../../core/words/not-seen.ts";
import { linesOf, script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";
import { familyOf } from "./file-systems.ts";
import { isWithin, type Mount, mountOf, parseMounts } from "./mounts.ts";
import { type Answer, parseStatfs, STATFS } from "./statfs.ts";

/** Steps of one run look side by side: for so long one answer of a server is enough for all of them. */
const SHARED_MS = 5_000;
const MOST_MOUNTS = 100;
const MOST_STARTS = 500;

/**
 * One answer of statfs per path, in their order. Whoever asks a dead server leaves a process behind that no signal ends, so a
 * path of another machine is asked once for all steps, and not at all while an earlier look at it still waits (`STATFS`).
 */
export async function statfsOf(
  client: HostClient,
  paths: readonly string[],
  mounts: readonly Mount[],
  context: ActionContext,
): Promise<Answer[]> {
  const now = performance.now();
  const shared = (path: string) => {
    const one = client.answers.get(path);
    return one !== undefined && now - one.at < SHARED_MS ? one.answer.catch(() => undefined) : undefined;
  };
  const known = new Map(paths.map((path) => [path, shared(path)]));
  const asked = paths.filter((path) => known.get(path) === undefined);
  const all = script(client, STATFS, asked, context).then((said) => parseStatfs(said, asked.length));
  for (const [index, path] of asked.entries()) {
    const answer = all.then((answers) => answers[index] ?? NOTHING);
    known.set(path, answer);
    if (isRemote(mountOf(mounts, path))) client.answers.set(path, { at: now, answer });
  }
  const answers = await Promise.all(paths.map(async (path) => (await known.get(path)) ?? undefined));
  // Whose asker was broken off is asked anew.
  const left = paths.filter((_path, index) => answers[index] === undefined);
  if (left.length === 0) return answers.map((answer) => answer ?? NOTHING);
  const again = parseStatfs(await script(client, STATFS, left, context), left.length);
  return answers.map((answer, index) => answer ?? again[left.indexOf(paths[index] ?? "")] ?? NOTHING);
}

const NOTHING: Answer = { ok: false, why: "hangs", says: "no answer within 3 s" };
const isRemote = (mount: Mount | undefined): boolean =>
  mount !== undefined && familyOf(mount.type) === "network";

/** Folders that may be looked into without waiting for a dead server. */
export interface Answering {
  readonly folders: readonly string[];
  /** Paths, of the given ones and of mounts within them, that do not answer. */
  readonly dead: readonly string[];
  readonly notSeen: readonly NotSeen[];
}

/** Which of the folders answer, and what within them does not. Where nothing is mounted from elsewhere nothing is asked. */
export async function answering(
  client: HostClient,
  folders: readonly string[],
  context: ActionContext,
): Promise<Answering> {
  if (folders.length === 0) return { folders, dead: [], notSeen: [] };
  const mounts = parseMounts(await script(client, "cat /proc/self/mountinfo", [], context));
  const remote = mounts.filter(isRemote);
  if (remote.length === 0) return { folders, dead: [], notSeen: [] };
  const within = remote.filter(({ path }) => folders.some((folder) => isWithin(path, folder)));
  // A folder may be a link that leads to another machine.
  const asked = [...new Set([...folders, ...within.map(({ path }) => path)])].slice(0, MOST_MOUNTS);
  const answers = await statfsOf(client, asked, mounts, context);
  const silent = asked.filter((_path, index) => isSilent(answers[index]));
  return {
    folders: folders.filter((folder) => !silent.includes(folder)),
    dead: silent,
    notSeen: silent.map((path) => ({
      what: `what lies in ${clip(path, 200)}`,
      why: "its server does not answer, and whatever looks into it waits with it",
      fix: "bring the server back, or let the mount go (`umount -l`)",
    })),
  };
}

const isSilent = (answer: Answer | undefined): boolean =>
  answer === undefined || (!answer.ok && (answer.why === "hangs" || answer.why === "gone"));

const ENTRIES = `for d in "$@"; do echo "in $d"; ls -f -1 -- "$d" 2>/dev/null; done; true`;

/**
 * Where a look into a folder begins, so that it meets none of these mount points: `find -xdev` and `du -x` ask each for its
 * device before they leave it out. The folder itself where there are none.
 */
export async function startsIn(
  client: HostClient,
  folder: string,
  dead: readonly string[],
  context: ActionContext,
): Promise<string[]> {
  const mine = dead.filter((path) => isWithin(path, folder));
  if (mine.length === 0) return [folder];
  const onTheWay = new Set(mine.flatMap((path) => foldersBetween(folder, path)));
  const listed = linesOf(await script(client, ENTRIES, [...onTheWay], context, { cut: true }));
  const starts: string[] = [];
  let inside = folder;
  for (const line of listed) {
    const next = line.startsWith("in ") ? line.slice(3) : "";
    if (onTheWay.has(next)) {
      inside = next;
      continue;
    }
    const path = `${inside === "/" ? "" : inside}/${line}`;
    if (line !== "." && line !== ".." && !onTheWay.has(path) && !mine.includes(path)) starts.push(path);
  }
  return starts.slice(0, MOST_STARTS);
}

/** `/`, `/mnt` for `/` and `/mnt/nfs`. */
function foldersBetween(folder: string, path: string): string[] {
  const above = path.slice(0, path.lastIndexOf("/")) || "/";
  return above === folder || !isWithin(above, folder) ? [folder] : [...foldersBetween(folder, above), above];
}
