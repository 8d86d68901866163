import { z } from "zod";
import { actionsOn, type Preview, type Probed } from "../../core/words/action.ts";
import { listed } from "../../core/words/format.ts";
import { beforeEffect, refused } from "../before-effect.ts";
import { situation, systemctl } from "./change.ts";
import type { SystemdClient } from "./client.ts";
import { isMeant, UnitName } from "./names.ts";
import { sayState } from "./settle.ts";
import { lookAt, units } from "./units.ts";

const { write } = actionsOn<SystemdClient>("systemd");

const Witness = z.object({ invocation: z.string(), changed: z.number() });

/**
 * Asks a running unit to read its settings again (`ExecReload`). That it took the signal does not prove that it serves by them
 * (trap nginx-reload): a reload that fails shows in ReloadResult, the rest only from outside.
 */
export const reloadUnit = write({
  name: "systemd.reload-unit",
  title: "Have a unit read its settings again",
  class: "guarded",
  risk: "high",
  input: z.object({ unit: UnitName, invocation: z.string().max(40) }),
  output: z.object({ unit: z.string() }),
  timeoutSeconds: 20,
  target: ({ unit }) => unit,
  preview: async (client, { unit, invocation }, context): Promise<Preview> => {
    const { found, why } = await situation(client, unit, context);
    if (found === undefined || found.load !== "loaded")
      return { changes: [], witness: { gone: true }, refused: `${unit} is not loaded` };
    const no =
      why ??
      (found.active === "active"
        ? undefined
        : `${unit} is ${found.active}: it reads its settings when it starts`) ??
      (found.invocation === invocation ? undefined : `${unit} was started again since`) ??
      (found.canReload ? undefined : `${unit} has no way to reload (no ExecReload)`);
    return {
      changes: [`reload ${unit} (${found.active}, ${found.sub})`],
      witness: { invocation: found.invocation, changed: found.changedStamp },
      ...(no === undefined ? {} : { refused: no }),
    };
  },
  run: async (client, { unit, invocation }, context) => {
    await beforeEffect(async () => {
      const { found, why } = await situation(client, unit, context);
      if (why !== undefined) throw refused(why);
      if (found?.active !== "active" || found.invocation !== invocation)
        throw refused(`${unit} is not up any more, or was started again since`);
    });
    await systemctl(client, ["reload", "--no-block", "--", unit], context);
    return { unit };
  },
  probe: async (client, { unit, invocation }, witness, context): Promise<Probed> => {
    const found = await lookAt(client, unit, context);
    const then = Witness.safeParse(witness).data;
    if (found === undefined || then === undefined)
      return { verdict: "unknown", evidence: `${unit} cannot be looked at` };
    if (found.invocation !== invocation)
      return { verdict: "done", evidence: `${unit} was started again and has read its settings` };
    if (found.job) return { verdict: "unknown", evidence: `${unit} has a job that waits` };
    return found.changedStamp === then.changed
      ? { verdict: "not-done", evidence: `the state of ${unit} has not changed since` }
      : { verdict: "done", evidence: `${unit} changed its state since` };
  },
  undo: "none: the settings it has read are in use; correct the file and reload again",
  settled: {
    check: ({ unit }) => ({ now: units({ names: [unit] }) }),
    holds: ({ now }, { unit }) =>
      now.units.some(
        (one) => one.name === unit && one.active === "active" && !one.job && one.reloadResult !== "exit-code",
      ),
    figures: ({ now }, { unit }) => sayState(now.units, unit),
  },
});

/** systemd reads all unit files again; nothing is started or stopped by it. Limits of memory and tasks take effect at once. */
export const daemonReload = write({
  name: "systemd.daemon-reload",
  title: "Have systemd read unit files again",
  class: "guarded",
  risk: "high",
  input: z.object({ units: z.array(UnitName).min(1).max(20) }),
  output: z.object({ units: z.array(z.string()) }),
  timeoutSeconds: 20,
  target: () => "manager",
  preview: async (client, input, context): Promise<Preview> => {
    const changed = await changedOf(client, input.units, context);
    const strangers = input.units.filter((unit) => !isMeant(client.units, unit));
    const witness = { changed };
    if (strangers.length > 0)
      return {
        changes: [],
        witness,
        refused: `${listed(strangers)}: not among \`units:\` of the connection`,
      };
    if (changed.length === 0)
      return { changes: [], witness, nothingToDo: "systemd knows the files as they are on disk" };
    return { changes: [`systemctl daemon-reload (changed on disk: ${listed(changed, 5)})`], witness };
  },
  run: async (client, input, context) => {
    const changed = await beforeEffect(() => changedOf(client, input.units, context));
    if (changed.length === 0) throw refused("systemd knows the files as they are on disk");
    await systemctl(client, ["daemon-reload"], context);
    return { units: changed };
  },
  probe: async (client, input, _witness, context): Promise<Probed> => {
    const changed = await changedOf(client, input.units, context);
    return changed.length === 0
      ? { verdict: "done", evidence: "systemd knows the files as they are on disk" }
      : { verdict: "not-done", evidence: `changed on disk and not read: ${listed(changed, 5)}` };
  },
  undo: "none: put the files back as they were and read them again",
  settled: {
    check: (input) => ({ now: units({ names: input.units }) }),
    holds: ({ now }) => now.units.every(({ fileChanged }) => !fileChanged),
    figures: ({ now }, _input, output, before) => {
      const unread = (units: readonly { readonly fileChanged: boolean }[]) =>
        units.filter(({ fileChanged }) => fileChanged).length;
      const then = before.now === undefined ? output?.units.length : unread(before.now.units);
      return `unit files changed and not read ${then === undefined ? "" : `${then} → `}${unread(now.units)}`;
    },
  },
});

async function changedOf(
  client: SystemdClient,
  names: readonly string[],
  context: Parameters<typeof lookAt>[2],
): Promise<string[]> {
  const found = await Promise.all(names.map((name) => lookAt(client, name, context)));
  return found.flatMap((one) => (one?.fileChanged === true ? [one.name] : []));
}
