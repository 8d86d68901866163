import type { ActionContext, WriteContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import { refused } from "../before-effect.ts";
import { ask } from "./ask.ts";
import type { SystemdClient } from "./client.ts";
import { isMeant } from "./names.ts";
import type { Unit } from "./unit.ts";
import { show } from "./units.ts";

/** What a command to systemd needs at least: it is queued, not waited for. */
const LEAST_MS = 1_000;

/** Units whose end takes the machine, the way to it, or all others along. */
const VITAL =
  /^(systemd-.*|dbus(-broker)?|polkit|ssh|sshd|ssh@.*|sshd@.*|user@.*|NetworkManager|networking|wpa_supplicant|init|-)\.(service|socket|scope|slice|mount)$|\.(target|slice|scope|mount|device|swap)$/;

/** Why this unit may never be touched by diagbot; undefined: it may. `own`: the unit diagbot itself runs in, where known. */
export function refusal(client: SystemdClient, unit: string, own: string): string | undefined {
  if (!isMeant(client.units, unit)) return `${unit} is not among \`units:\` of the connection`;
  if (VITAL.test(unit)) return `${unit} is a part of the machine itself`;
  if (unit === own) return `diagbot itself runs in ${unit}`;
  return undefined;
}

/** The unit as it is, and why it may not be touched. */
export async function situation(
  client: SystemdClient,
  unit: string,
  context: ActionContext,
): Promise<{ found: Unit | undefined; why: string | undefined }> {
  const { units, own } = await show(client, [unit], context);
  return { found: units[0], why: refusal(client, unit, own) };
}

// Arguments: `sudo` or nothing, then systemctl's. The last line that says why is kept; "See …" only says where to look.
const SYSTEMCTL = `way=$1; shift
if [ "$way" = sudo ]; then said=$(sudo -n systemctl "$@" 2>&1); else said=$(systemctl --no-ask-password "$@" 2>&1); fi
code=$?; [ $code -eq 0 ] && exit 0
printf '%s\\n' "$said" | grep -v '^See ' | tail -n 1 >&2; exit $code`;

/** Refused for certain: nothing was queued. */
const REFUSALS =
  /interactive authentication required|access denied|permission denied|not authorized|a password is required|is not allowed to|may not run sudo|sudo: |unit [^\n ]{1,300} not found|is masked|operation refused|job type [a-z-]{1,40} is not applicable|not loaded properly|has a bad unit file setting|transaction (contains|is destructive)|invalid (argument|unit)/i;

/** Runs one change of systemd. `target_refused` where it says itself that nothing was done. */
export async function systemctl(
  client: SystemdClient,
  words: readonly string[],
  context: WriteContext,
): Promise<void> {
  if (context.remainingMs() < LEAST_MS) throw refused("too little time is left");
  try {
    await ask(client, SYSTEMCTL, [client.sudo ? "sudo" : "", ...words], {
      ...context,
      timeoutMs: Math.min(context.timeoutMs, context.remainingMs()),
    });
  } catch (thrown) {
    throw asRefusal(thrown);
  }
}

/** An error of a change, as a refusal where the words prove that nothing was done. */
export function asRefusal(thrown: unknown): unknown {
  if (!(thrown instanceof DiagError) || thrown.code !== "target_error") return thrown;
  if (!REFUSALS.test(thrown.message)) return thrown;
  return refused(clip(thrown.message, 300), thrown.detail);
}

/**
 * Starts or restarts, forgetting a failure first. What is refused after that is an error: the failure is forgotten by then.
 */
export async function startAnew(
  client: SystemdClient,
  { name, active }: Pick<Unit, "name" | "active">,
  verb: "start" | "restart",
  context: WriteContext,
): Promise<void> {
  const isFailed = active === "failed";
  if (isFailed) await systemctl(client, ["reset-failed", "--", name], context);
  try {
    await systemctl(client, [verb, "--no-block", "--", name], context);
  } catch (thrown) {
    if (!isFailed || !(thrown instanceof DiagError) || thrown.code !== "target_refused") throw thrown;
    throw new DiagError("target_error", `the failure of ${name} was forgotten, then: ${thrown.message}`, {
      cause: thrown,
    });
  }
}
