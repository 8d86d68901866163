import type { ActionContext } from "../../core/words/action.ts";
import type { ConnectionCheck } from "../../core/words/connector.ts";
import { quoteArgv } from "../machine/quote.ts";
import { linesOf, partsOf, script } from "../machine/script.ts";
import { NFT } from "./block-script.ts";
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
  const checks = judgeHost({
    user,
    system,
    missing: linesOf(missing),
    folders: folders.map((path, index) => ({ path, state: lines[index] ?? "absent" })),
  });
  return [
    ...checks,
    ...(await firewallRight(client, user, context)),
    ...(await swapRight(client, user, context)),
    ...(await growRight(client, user, context)),
  ];
}

async function firewallRight(client: HostClient, user: string, context: ActionContext) {
  if (client.firewall === undefined) return [];
  const way = client.firewall.sudo ? "sudo" : "";
  const said = await script(client, `${NFT}\nnft_ list tables >/dev/null 2>&1; echo $?`, [way], context);
  return judgeFirewallRight(user, Number(said.trim()));
}

async function swapRight(client: HostClient, user: string, context: ActionContext) {
  const { swapFile } = client;
  if (swapFile === undefined) return [];
  const args = [swapFile.sudo ? "sudo" : "", swapFile.path];
  return judgeSwapRight(
    user,
    swapFile.path,
    (await script(client, MAY_SWAP, args, context)).trim() === "yes",
  );
}

// Nothing is run: sudo only says whether it would.
const MAY_SWAP = `PATH=$PATH:/usr/sbin:/sbin
if [ "$1" = sudo ]; then sudo -n -l swapon "$2" >/dev/null 2>&1 && echo yes; else [ "$(id -u)" = 0 ] && echo yes; fi; true`;

/** What a swap file is made and used with: each program for that one path. Pure. */
export function judgeSwapRight(user: string, path: string, may: boolean): ConnectionCheck[] {
  if (may) return [{ name: "swap file", state: "ok", detail: `${user} may make and use ${path}` }];
  const commands = [`fallocate -l * ${path}`, `chmod 600 ${path}`, `mkswap ${path}`, `swapon ${path}`];
  const binaries = { fallocate: "/usr/bin", chmod: "/usr/bin", rm: "/usr/bin" } as const;
  const of = (line: string) =>
    `${binaries[line.split(" ")[0] as keyof typeof binaries] ?? "/usr/sbin"}/${line}`;
  return [
    {
      name: "swap file",
      state: "missing",
      detail: `${user} may not use ${path} as swap`,
      fix: "`swapFile: { sudo: true }` at the connection, and on that machine",
      paste: [
        "sudo visudo -f /etc/sudoers.d/diagbot-swap",
        ...[...commands, `swapoff ${path}`, `rm -f -- ${path}`].map(
          (line) => `${user} ALL=(root) NOPASSWD: ${of(line)}`,
        ),
      ],
    },
  ];
}

async function growRight({ grow, machine }: HostClient, user: string, context: ActionContext) {
  if (grow === undefined) return [];
  const may = await script({ machine }, MAY_GROW, [grow.sudo ? "sudo" : ""], context);
  return judgeGrowRight(user, may.trim() === "yes");
}

// Nothing is run: sudo only says whether it would.
const MAY_GROW = `PATH=$PATH:/usr/sbin:/sbin
if [ "$1" = sudo ]; then sudo -n -l resize2fs >/dev/null 2>&1 || sudo -n -l xfs_growfs >/dev/null 2>&1 && echo yes
else [ "$(id -u)" = 0 ] && echo yes; fi; true`;

/** What a file system is grown with: programs that only make larger, or read. Pure. */
export function judgeGrowRight(user: string, may: boolean): ConnectionCheck[] {
  if (may) return [{ name: "grow", state: "ok", detail: `${user} may grow file systems` }];
  return [
    {
      name: "grow",
      state: "missing",
      detail: `${user} may not grow file systems`,
      fix: "`grow: { sudo: true }` at the connection, and on that machine, for the devices that are meant (resize2fs without a size, growpart: larger only)",
      paste: [
        "sudo visudo -f /etc/sudoers.d/diagbot-grow",
        ...[
          "/usr/sbin/dumpe2fs -h /dev/vdb1",
          "/usr/bin/growpart /dev/vdb 1",
          "/usr/sbin/resize2fs /dev/vdb1",
        ].map((line) => `${user} ALL=(root) NOPASSWD: ${line}`),
      ],
    },
  ];
}

/** What an address is blocked with. `nft -f -` may change the whole firewall: give it to nobody who is not to have that. Pure. */
export function judgeFirewallRight(user: string, code: number): ConnectionCheck[] {
  if (code === 0) return [{ name: "firewall", state: "ok", detail: `${user} may read and change the rules` }];
  return [
    {
      name: "firewall",
      state: "missing",
      detail: code === 127 ? "nft is not there" : `${user} may not use nft`,
      fix:
        code === 127
          ? "install nftables"
          : "`firewall: { sudo: true }` at the connection, and on that machine (`nft -f -` may change every rule)",
      ...(code === 127
        ? {}
        : {
            paste: [
              "sudo visudo -f /etc/sudoers.d/diagbot-nft",
              ...[
                "-j list ruleset",
                "-j list table inet diagbot",
                "list tables",
                "-f -",
                "delete element inet diagbot *",
                "list set inet diagbot *",
                "delete table inet diagbot",
              ].map((words) => `${user} ALL=(root) NOPASSWD: /usr/sbin/nft ${words}`),
            ],
          }),
    },
  ];
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
