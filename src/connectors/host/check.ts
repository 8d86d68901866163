import type { ActionContext } from "../../core/words/action.ts";
import type { ConnectionCheck } from "../../core/words/connector.ts";
import { quoteArgv } from "../machine/quote.ts";
import { linesOf, partsOf, script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";

/** What the scripts of the actions call. */
const TOOLS = ["awk", "find", "stat", "df", "ls", "grep", "sort", "tail", "readlink"];

// The tools and folders come as arguments; the answer is the user, what is missing, and each folder's state.
const LOOK = `id -un; uname -sr; echo ==
[ -r /proc/meminfo ] || echo /proc
while [ $# -gt 0 ] && [ "$1" != == ]; do command -v "$1" >/dev/null 2>&1 || echo "$1"; shift; done; echo ==
[ $# -gt 0 ] && shift
for d; do
  if [ ! -d "$d" ]; then echo absent; elif [ -r "$d" ] && [ -w "$d" ] && [ -x "$d" ]; then echo ok; else echo closed; fi
done`;

/** Whether the machine can be asked, has what the scripts call, and lets the user clean what it is to clean. */
export async function checkHost(client: HostClient, context: ActionContext): Promise<ConnectionCheck[]> {
  const folders = client.cleanable;
  const output = await script(client, LOOK, [...TOOLS, "==", ...folders], context);
  const [about = "", missing = "", states = ""] = partsOf(output);
  const [user = "", system = ""] = linesOf(about);
  const lines = linesOf(states);
  return judgeHost({
    user,
    system,
    missing: linesOf(missing),
    folders: folders.map((path, index) => ({ path, state: lines[index] ?? "absent" })),
  });
}

interface Seen {
  readonly user: string;
  readonly system: string;
  readonly missing: readonly string[];
  readonly folders: readonly { readonly path: string; readonly state: string }[];
}

/** Pure. Exported for its test. */
export function judgeHost({ user, system, missing, folders }: Seen): ConnectionCheck[] {
  const checks: ConnectionCheck[] = [{ name: "reach", state: "ok", detail: `${system}, as ${user}` }];
  if (user === "root")
    checks.push({
      name: "user",
      state: "warning",
      detail: "root: it could change anything",
      fix: "use an ordinary user, and give it the folders it is to clean",
    });
  if (missing.length > 0)
    checks.push({
      name: "tools",
      state: "missing",
      detail: `not there: ${missing.join(", ")}`,
      fix: "install coreutils, findutils, grep and awk (or busybox); /proc is Linux",
    });
  for (const { path, state } of folders)
    if (state === "absent")
      checks.push({
        name: "cleanable",
        state: "warning",
        detail: `${path} is not a folder`,
        fix: "correct `cleanable:` of the connection in diagbot.yaml",
      });
    else if (state === "closed")
      checks.push({
        name: "cleanable",
        state: "warning",
        detail: `${user} may not remove what is in ${path}`,
        fix: "on that machine",
        paste: [`sudo ${quoteArgv(["setfacl", "-m", `u:${user}:rwx`, path])}`],
      });
  return checks;
}
