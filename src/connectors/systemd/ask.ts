import type { ActionContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { script } from "../machine/script.ts";
import type { SystemdClient } from "./client.ts";

// Before every question: is there a systemd, does it run this machine, does its bus answer?
const THERE = `export SYSTEMD_COLORS=0 SYSTEMD_PAGER= PAGER=cat
command -v systemctl >/dev/null 2>&1 || exit 41
[ -d /run/systemd/system ] || exit 42
said=$(systemctl show --property=Version 2>&1) || { echo "$said" >&2; exit 43; }
`;

/** Why systemd cannot be asked: `detail` of the error. Trouble and `doctor` read it. */
export const NO_SYSTEMD = "NO_SYSTEMD";
export const NOT_BOOTED = "NOT_BOOTED";
export const NO_BUS = "NO_BUS";

const WHY: Readonly<Record<string, readonly [detail: string, message: string]>> = {
  "exit 41": [NO_SYSTEMD, "there is no systemctl"],
  "exit 42": [NOT_BOOTED, "systemd does not run this machine (PID 1 is another program, as in a container)"],
  "exit 43": [NO_BUS, "systemd does not answer on its bus"],
};

/** One of our constant scripts, where systemd answers; otherwise `target_error` that says what is not there. */
export async function ask(
  client: SystemdClient,
  text: string,
  args: readonly string[],
  context: ActionContext,
  options: { readonly maxBytes?: number; readonly cut?: boolean; readonly codes?: readonly number[] } = {},
): Promise<string> {
  try {
    return await script(client, `${THERE}${text}`, args, context, options);
  } catch (thrown) {
    const why = thrown instanceof DiagError ? WHY[thrown.detail ?? ""] : undefined;
    if (why === undefined || !(thrown instanceof DiagError)) throw thrown;
    const said = thrown.message.replace(/^.*? failed: ?/, "");
    throw new DiagError(
      "target_error",
      `${client.machine.label}: ${why[1]}${said === "" ? "" : ` (${said})`}`,
      { detail: why[0], cause: thrown },
    );
  }
}
