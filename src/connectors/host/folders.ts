import type { ActionContext } from "../../core/words/action.ts";
import { linesOf, script } from "../machine/script.ts";
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
  if (folders.length === 0) return [];
  const real = linesOf(await script(client, REAL, folders, context));
  return [...new Set(real)].filter((folder) => folder !== "/" && !/^\/(proc|sys|dev)(\/|$)/.test(folder));
}
