import { z } from "zod";
import { actionsOn, type Call, type Preview, type Probed } from "../../core/words/action.ts";
import { beforeEffect, refused } from "../before-effect.ts";
import { situation, startAnew, systemctl } from "./change.ts";
import type { SystemdClient } from "./client.ts";
import { UnitName } from "./names.ts";
import { budget, startedSince } from "./restart.ts";
import { isDone, isUp, sayState } from "./settle.ts";
import { lookAt, units } from "./units.ts";

const { write } = actionsOn<SystemdClient>("systemd");
const STOPPED = ["inactive", "failed"];

/** A unit that systemd has forgotten meanwhile has no invocation: it was not started. */
const isSame = (now: string, before: string): boolean => now === "" || now === before;

const Target = z.object({ unit: UnitName, invocation: z.string().max(40) });

/**
 * Starts a unit that is down; where it has failed, its failure and start limit are forgotten first (`reset-failed`). The job
 * is queued, not waited for. sergas-accounts.wont-start.
 */
export const startUnit = write({
  name: "systemd.start-unit",
  title: "Start a unit",
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
    const witness = { active: found.active === "failed" ? "inactive" : found.active };
    if (found.active === "active") return { changes: [], witness, nothingToDo: `${unit} is up again` };
    const { why: tooOften, note } = await budget(client, unit, context);
    const no =
      why ??
      (STOPPED.includes(found.active) ? undefined : `${unit} is ${found.active} (${found.sub})`) ??
      (isSame(found.invocation, invocation) ? undefined : `${unit} was started since`) ??
      (found.refusesStart ? `${unit} refuses to be started by hand` : tooOften);
    const reset = found.active === "failed" ? "forget the failure and start limit of it and " : "";
    return {
      changes: [`${reset}start ${unit} (${found.active}, result ${found.result || "none"})${note}`],
      witness,
      ...(no === undefined ? {} : { refused: no }),
    };
  },
  run: async (client, { unit, invocation }, context) => {
    const found = await beforeEffect(async () => {
      const seen = await situation(client, unit, context);
      if (seen.why !== undefined) throw refused(seen.why);
      if (
        seen.found === undefined ||
        !STOPPED.includes(seen.found.active) ||
        !isSame(seen.found.invocation, invocation)
      )
        throw refused(`${unit} is not down any more, or was started since`);
      return seen.found;
    });
    await startAnew(client, found, "start", context);
    return { unit, invocationBefore: invocation };
  },
  probe: async (client, { unit, invocation }, _witness, context): Promise<Probed> =>
    startedSince(unit, await lookAt(client, unit, context), invocation),
  undo: ({ unit }): Call => stopUnit({ unit }),
  leaves: "the failure it was started from is forgotten; what it did meanwhile stays done",
  says: ({ unit }) => `${unit} was started`,
  settled: {
    within: "3m",
    check: ({ unit }) => ({ now: units({ names: [unit] }) }),
    holds: ({ now }, { unit }, { invocationBefore }) => isDone(now.units, unit, invocationBefore),
    figures: ({ now }, { unit }) => sayState(now.units, unit),
  },
});

/** Stops a unit, and what needs it (`Requires=`, `BindsTo=`). The job is queued, not waited for. */
export const stopUnit = write({
  name: "systemd.stop-unit",
  title: "Stop a unit",
  class: "guarded",
  risk: "high",
  input: z.object({ unit: UnitName }),
  output: z.object({ unit: z.string(), invocation: z.string() }),
  timeoutSeconds: 20,
  target: ({ unit }) => unit,
  preview: async (client, { unit }, context): Promise<Preview> => {
    const { found, why } = await situation(client, unit, context);
    if (found === undefined || found.load !== "loaded")
      return { changes: [], witness: { gone: true }, refused: `${unit} is not loaded` };
    const witness = { active: found.active };
    if (STOPPED.includes(found.active)) return { changes: [], witness, nothingToDo: `${unit} is down` };
    const no = why ?? (found.refusesStop ? `${unit} refuses to be stopped by hand` : undefined);
    const again = found.triggeredBy.length > 0 ? `; ${found.triggeredBy.join(", ")} may start it again` : "";
    return {
      changes: [`stop ${unit} (${found.active}, ${found.sub})${again}`],
      witness,
      ...(no === undefined ? {} : { refused: no }),
    };
  },
  run: async (client, { unit }, context) => {
    const found = await beforeEffect(async () => {
      const seen = await situation(client, unit, context);
      if (seen.why !== undefined) throw refused(seen.why);
      if (seen.found === undefined || STOPPED.includes(seen.found.active))
        throw refused(`${unit} is down already`);
      return seen.found;
    });
    await systemctl(client, ["stop", "--no-block", "--", unit], context);
    return { unit, invocation: found.invocation };
  },
  probe: async (client, { unit }, _witness, context): Promise<Probed> => {
    const found = await lookAt(client, unit, context);
    if (found === undefined) return { verdict: "unknown", evidence: `${unit} cannot be looked at` };
    if (STOPPED.includes(found.active)) return { verdict: "done", evidence: `${unit} is ${found.active}` };
    if (found.job || found.active === "deactivating")
      return { verdict: "unknown", evidence: `${unit} is ${found.active} and has a job that waits` };
    return { verdict: "not-done", evidence: `${unit} is ${found.active}` };
  },
  undo: ({ unit }, _witness, { invocation }): Call => startUnit({ unit, invocation }),
  leaves: "connections and work of the process that was stopped are gone",
  says: ({ unit }) => `${unit} was stopped`,
  settled: {
    within: "3m",
    check: ({ unit }) => ({ now: units({ names: [unit] }) }),
    holds: ({ now }, { unit }) =>
      now.units.some((one) => one.name === unit && !isUp(one) && STOPPED.includes(one.active)),
    figures: ({ now }, { unit }) => sayState(now.units, unit),
  },
});
