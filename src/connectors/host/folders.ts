import type { ActionContext } from "../../core/words/action.ts";
import { linesOf, script } from "../machine/script.ts";
import { type Answering, answering, startsIn } from "./answering.ts";
import type { HostClient } from "./client.ts";

const REAL = `for d in "$@"; do ( cd -P "$d" 2>/dev/null && pwd -P ); done; true`;

/**
 * The folders under their own names: one given by a symlink is what it points to now. Those that are not there are left
 * out, and so is the root, which nobody means to clean.
 */
export async function realFolders(
  client: HostClient,
  folders: readonly string[],
  context: ActionContext,
): Promise<string[]> {
  const { folders: answered } = await answering(client, folders, context);
  return realOf(client, answered, context);
}

async function realOf(
  client: HostClient,
  folders: readonly string[],
  context: ActionContext,
): Promise<string[]> {
  if (folders.length === 0) return [];
  const real = linesOf(await script(client, REAL, folders, context));
  return [...new Set(real)].filter((folder) => folder !== "/" && !/^\/(proc|sys|dev)(\/|$)/.test(folder));
}

/** Folders to look into, where each look begins, and what is left out because its server does not answer. */
interface Looked extends Pick<Answering, "notSeen"> {
  readonly folders: readonly string[];
  readonly starts: readonly string[];
}

/** Of the given folders (`named`: as in diagbot.yaml, maybe links) those that answer. */
export async function lookInto(
  client: HostClient,
  given: readonly string[],
  how: "named" | "mount points",
  context: ActionContext,
): Promise<Looked> {
  const { folders: answered, dead, notSeen } = await answering(client, given, context);
  const folders = how === "named" ? await realOf(client, answered, context) : answered;
  const starts = await Promise.all(folders.map((folder) => startsIn(client, folder, dead, context)));
  return { folders, starts: starts.flat(), notSeen };
}
