import { z } from "zod";
import { type ActionContext, actionsOn, type Preview } from "../../core/words/action.ts";
import { count, sayBytes } from "../../core/words/format.ts";
import { canonical, type Json } from "../../core/words/json.ts";
import { beforeEffect, refused } from "../before-effect.ts";
import { linesOf, script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";
import { realFolders } from "./folders.ts";
import { FileRef, openPaths } from "./removable.ts";
import { leftoverKind } from "./rotated.ts";

const { write } = actionsOn<HostClient>("host");
const MAX_FILES = 200;
const MAX_BYTES = 200 * 1024 ** 3;

const Input = z.object({
  files: z.array(FileRef).min(1).max(MAX_FILES),
  /** Files younger than this are refused, whatever the list says. */
  olderThanDays: z.int().min(1).max(3650),
});
type Input = z.output<typeof Input>;
type Verdict = "same" | "changed" | "gone" | "removed" | "failed";

// One process enters the folder and makes sure that it is there under its own name (no symlink on the way), so that what
// is compared and what is removed are in the same folder whatever happens to its path meanwhile. `rm` follows no symlink.
const EACH = `mode=$1; shift
while [ $# -ge 3 ]; do dir=$1; base=$2; want=$3; shift 3
( cd -P "$dir" 2>/dev/null || { [ -e "$dir" ] && echo changed || echo gone; exit; }
  [ "$(pwd -P)" = "$dir" ] || { echo changed; exit; }
  [ -e "./$base" ] || [ -L "./$base" ] || { echo gone; exit; }
  [ -f "./$base" ] && [ ! -L "./$base" ] || { echo changed; exit; }
  [ "$(stat -c '%d:%i %s %Y %h' "./$base" 2>/dev/null)" = "$want 1" ] || { echo changed; exit; }
  [ "$mode" = remove ] || { echo same; exit; }
  rm -f "./$base" 2>/dev/null && echo removed || echo failed )
done`;

/**
 * Removes exactly the listed plain files inside cleanable folders: rotated logs and temporary files only, each compared by
 * inode, size and modification time in the same step. A file that changed is left alone. Cannot be undone.
 */
export const removeFiles = write({
  name: "host.remove-files",
  title: "Remove old rotated logs and temporary files",
  class: "cas",
  risk: "destructive",
  input: Input,
  output: z.object({
    removed: z.int(),
    freed: z.number(),
    left: z.array(z.object({ path: z.string(), why: z.string() })),
  }),
  timeoutSeconds: 30,
  target: () => "files",
  preview: async (client, input, context): Promise<Preview> => {
    const folders = await realFolders(client, client.cleanable, context);
    const why = guard(folders, input) ?? (await openOne(client, folders, input, context));
    if (why !== undefined) return { changes: [], witness: witnessOf([]), refused: why };
    const verdicts = await each(client, "look", input.files, context);
    const same = input.files.filter((_file, index) => verdicts[index] === "same");
    const changed = input.files.filter((_file, index) => verdicts[index] === "changed");
    const changes = same.map((file) => `remove ${file.path} (${sayBytes(file.frees)}, ${day(file)})`);
    const witness = witnessOf(same);
    if (changed.length > 0)
      return { changes, witness, refused: `${changed[0]?.path} has changed since it was listed` };
    if (same.length === 0) return { changes, witness, nothingToDo: "the files are gone already" };
    return { changes, witness };
  },
  drift: (then, now) => {
    // Files that vanished by themselves need no new approval; a list that grew would.
    const known = new Set(identities(then));
    return identities(now)
      .filter((identity) => !known.has(identity))
      .map((identity) => `not in the approved list: ${identity}`);
  },
  run: async (client, input, context) => {
    const folders = await beforeEffect(() => realFolders(client, client.cleanable, context));
    const why = guard(folders, input);
    if (why !== undefined) throw refused(why);
    if (context.remainingMs() < 2_000) throw refused("too little time is left");
    const limited = { ...context, timeoutMs: Math.min(context.timeoutMs, context.remainingMs()) };
    const verdicts = await each(client, "remove", input.files, limited);
    const removed = input.files.filter((_file, index) => verdicts[index] === "removed");
    const left = input.files.flatMap((file, index) => {
      const verdict = verdicts[index] ?? "failed";
      if (verdict === "removed" || verdict === "gone") return [];
      return [{ path: file.path, why: verdict === "changed" ? "it has changed" : "it may not be removed" }];
    });
    if (removed.length === 0 && left.length > 0) throw refused(`${left[0]?.path}: ${left[0]?.why}`);
    return { removed: removed.length, freed: removed.reduce((sum, { frees }) => sum + frees, 0), left };
  },
  probe: async (client, input, _witness, context) => {
    const verdicts = await each(client, "look", input.files, context);
    const gone = verdicts.filter((verdict) => verdict === "gone").length;
    const evidence = `${gone} of ${input.files.length} files are gone`;
    if (gone === input.files.length) return { verdict: "done", evidence };
    return { verdict: gone === 0 ? "not-done" : "unknown", evidence };
  },
  undo: "none: removed files do not come back",
  settled: {
    check: () => ({}),
    holds: (_after, _input, { removed }) => removed > 0,
    figures: (_after, { files }, { removed, freed }) =>
      `${removed} of ${count(files.length, "file")} removed, ${sayBytes(freed)} freed`,
  },
});

/** Why the list may not be carried out; undefined: it may. Names are judged again: the list comes from outside. */
function guard(folders: readonly string[], { files, olderThanDays }: Input): string | undefined {
  const newest = Date.now() / 1000 - olderThanDays * 86_400;
  for (const file of files) {
    if (!folders.some((folder) => file.path.startsWith(`${folder}/`)))
      return `${file.path} is not in a cleanable folder`;
    if (leftoverKind(file.path.slice(file.path.lastIndexOf("/") + 1)) === undefined)
      return `${file.path} is neither a rotated log nor a temporary file`;
    if (file.modifiedAt > newest) return `${file.path} is younger than ${olderThanDays} days`;
  }
  const bytes = files.reduce((sum, { frees }) => sum + frees, 0);
  return bytes > MAX_BYTES ? `${sayBytes(bytes)} is more than ${sayBytes(MAX_BYTES)} at once` : undefined;
}

async function openOne(
  client: HostClient,
  folders: readonly string[],
  { files }: Input,
  context: ActionContext,
): Promise<string | undefined> {
  const open = await openPaths(client, folders, context);
  const held = files.find(({ path }) => open.has(path));
  return held === undefined ? undefined : `a process has ${held.path} open: its space would not come free`;
}

async function each(
  client: HostClient,
  mode: "look" | "remove",
  files: readonly FileRef[],
  context: ActionContext,
): Promise<Verdict[]> {
  const args = files.flatMap(({ path, id, size, modifiedAt }) => {
    const at = path.lastIndexOf("/");
    return [path.slice(0, at) || "/", path.slice(at + 1), `${id} ${size} ${modifiedAt}`];
  });
  return linesOf(await script(client, EACH, [mode, ...args], context)) as Verdict[];
}

const day = (file: FileRef): string =>
  `last written ${new Date(file.modifiedAt * 1000).toISOString().slice(0, 10)}`;

const witnessOf = (files: readonly FileRef[]): Json =>
  files.map(({ path, id, size, modifiedAt }) => ({ path, id, size, modifiedAt }));

const identities = (witness: Json): string[] =>
  Array.isArray(witness) ? witness.map((file) => canonical(file)) : [];
