import { z } from "zod";
import { actionsOn, type Preview, type Probed } from "../../core/words/action.ts";
import { count, saySeconds } from "../../core/words/format.ts";
import type { Json } from "../../core/words/json.ts";
import { beforeEffect, refused } from "../before-effect.ts";
import { situation, systemctl } from "./change.ts";
import type { SystemdClient } from "./client.ts";
import { startsAsked } from "./journal.ts";
import { UnitName } from "./names.ts";
import { isDone, sayState, wasSeen } from "./settle.ts";
import { lookAt, units } from "./units.ts";

const { write } = actionsOn<SystemdClient>("systemd");
/** Starts of one unit within an hour beyond which one more will not help (guard "restart budget", trap restart-loop). */
const STARTS_PER_HOUR = 3;

/** A unit and the start it was decided on: another start since then is another situation. */
export const Target = z.object({
  unit: UnitName,
  invocation: z.string().max(40),
  active: z.string().max(20),
});

const Witness = z.object({ invocation: z.string(), active: z.string() });

/** Why one more start is refused, and what is not known about it. */
export async function budget(
  ...[client, unit, context]: Parameters<typeof startsAsked>
): Promise<{ why: string | undefined; note: string }> {
  const starts = await startsAsked(client, unit, context);
  if (starts === null)
    return {
      why: undefined,
      note: "; how often it was started within the last hour the journal does not say",
    };
  const why =
    starts >= STARTS_PER_HOUR
      ? `${unit} was started ${starts} times within the last hour: one more will not help, escalate`
      : undefined;
  return { why, note: starts === 0 ? "" : `; started ${count(starts, "time")} within the last hour` };
}

/**
 * Restarts one unit: what it serves is away until it is up again. The job is queued, not waited for. Environment files are
 * read anew, changed unit files only after a daemon-reload. sergas-accounts.crash-memory-leak, sergas-accounts.zoho-rate-limit.
 */
export const restartUnit = write({
  name: "systemd.restart-unit",
  title: "Restart a unit",
  class: "guarded",
  risk: "high",
  input: Target,
  output: z.object({ unit: z.string(), invocationBefore: z.string() }),
  timeoutSeconds: 20,
  target: ({ unit }) => unit,
  preview: async (client, { unit, invocation }, context): Promise<Preview> => {
    const { found, why } = await situation(client, unit, context);
    if (found === undefined || found.load !== "loaded")
      return { changes: [], witness: { gone: true }, refused: `${unit} is not loaded` };
    const witness = { invocation: found.invocation, active: found.active };
    const { why: tooOften, note } = await budget(client, unit, context);
    const moved = found.invocation === invocation ? undefined : `${unit} was started again since`;
    const no =
      why ??
      moved ??
      (found.refusesStart || found.refusesStop ? `${unit} refuses to be restarted by hand` : tooOften);
    const since = found.activeAgo === null ? "" : `, up ${saySeconds(found.activeAgo)}`;
    const line = `restart ${unit} (${found.active}, ${found.sub}${since}, ${count(found.restarts, "automatic restart")})${note}`;
    return { changes: [line], witness, ...(no === undefined ? {} : { refused: no }) };
  },
  run: async (client, { unit, invocation, active }, context) => {
    await beforeEffect(async () => {
      const { found, why } = await situation(client, unit, context);
      if (why !== undefined) throw refused(why);
      if (found?.invocation !== invocation) throw refused(`${unit} was started again since`);
      if (found.active === "inactive" && active !== "inactive") throw refused(`${unit} was stopped since`);
    });
    await systemctl(client, ["restart", "--no-block", "--", unit], context);
    return { unit, invocationBefore: invocation };
  },
  probe: async (client, { unit, invocation }, witness, context): Promise<Probed> => {
    const found = await lookAt(client, unit, context);
    return startedSince(unit, found, before(witness)?.invocation ?? invocation);
  },
  undo: "none: the process that ran before is gone",
  asBefore: "the same unit runs again, with the settings it has",
  settled: {
    within: "3m",
    check: ({ unit }) => ({ now: units({ names: [unit] }) }),
    holds: ({ now }, { unit }, { invocationBefore }) => isDone(now.units, unit, invocationBefore),
    figures: ({ now }, { unit }) => sayState(now.units, unit),
  },
});

const before = (witness: Json) => Witness.safeParse(witness).data;

/** Whether a start happened after that invocation. */
export function startedSince(
  unit: string,
  found: Awaited<ReturnType<typeof lookAt>>,
  invocation: string,
): Probed {
  if (found === undefined) return { verdict: "unknown", evidence: `${unit} cannot be looked at` };
  if (wasSeen(found.invocation, invocation))
    return { verdict: "done", evidence: `${unit} was started again (invocation ${found.invocation})` };
  if (found.job) return { verdict: "unknown", evidence: `${unit} has a job that waits` };
  return { verdict: "not-done", evidence: `${unit} is ${found.active} and was not started since` };
}
