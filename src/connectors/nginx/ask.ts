import type { ActionContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { script } from "../machine/script.ts";
import type { NginxClient } from "./client.ts";

/** `detail` of the error where there is no such program, and where sudo does not let diagbot run it. */
export const NO_NGINX = "NO_NGINX";
export const NO_SUDO = "NO_SUDO";

// Arguments: `sudo` or nothing, the program, the configuration or nothing; then those of the script itself.
const BEGIN = `PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; way=$1; bin=$2; conf=$3; shift 3
command -v "$bin" >/dev/null 2>&1 || exit 41
nginx_() { if [ -n "$conf" ]; then set -- "$@" -c "$conf"; fi
  if [ "$way" = sudo ]; then sudo -n "$(command -v "$bin")" "$@"; else "$bin" "$@"; fi; }
`;

const WHY: Readonly<Record<string, readonly [string, string]>> = {
  "exit 41": [NO_NGINX, "there is no such program"],
};

interface Options {
  readonly maxBytes?: number;
  readonly cut?: boolean;
}

/** One of our constant scripts, beside the nginx of the connection: `nginx_ -t` runs it. Throws `target_error` that says what is missing. */
export async function ask(
  client: NginxClient,
  text: string,
  args: readonly string[],
  context: ActionContext,
  options: Options = {},
): Promise<string> {
  const { binary = "nginx", config = "", sudo } = client.settings;
  try {
    return await script(
      client,
      `${BEGIN}${text}`,
      [sudo ? "sudo" : "", binary, config, ...args],
      context,
      options,
    );
  } catch (thrown) {
    const why = thrown instanceof DiagError ? WHY[thrown.detail ?? ""] : undefined;
    if (why === undefined) throw thrown;
    throw new DiagError("target_error", `${binary} on ${client.machine.label}: ${why[1]}`, {
      detail: why[0],
      cause: thrown,
    });
  }
}
