import type { Catalog } from "../core/ports/catalog.ts";
import type { Entry, Intake } from "../core/ports/intake.ts";
import type { Reader } from "../core/ports/reader.ts";
import { sayAutoOff } from "../core/rules/auto.ts";
import { mayUnfreeze, unfreezeRoles } from "../core/rules/freeze.ts";
import type { AutoState } from "../core/words/auto.ts";
import type { Caller } from "../core/words/caller.ts";
import { sayDuration } from "../core/words/duration.ts";
import { DiagError } from "../core/words/errors.ts";
import type { Intent } from "../core/words/intent.ts";
import { asTable, type Reply, say } from "../core/words/reply.ts";
import type { System } from "../core/words/system.ts";
import { systemNamed } from "./check-run.ts";
import { mustBeKnown, mustRead, readable } from "./rights.ts";

interface DoorDeps {
  readonly catalog: Catalog;
  readonly intake: Intake;
  readonly reader: Reader;
}
interface Asked {
  readonly entry: Entry;
  readonly caller: Caller;
}

/** What may be applied without a person, how much of its budget is used, and where it is off. */
export async function showAuto(
  { catalog, reader }: Pick<DoorDeps, "catalog" | "reader">,
  caller: Caller,
  name?: string,
): Promise<Reply> {
  if (name !== undefined) mustRead(catalog, caller, systemNamed(catalog, name).id);
  const mine = readable(catalog, caller);
  const systems = catalog.systems.filter(
    ({ id, auto }) => mine.includes(id) && (name === undefined ? Object.keys(auto).length > 0 : id === name),
  );
  const states = await reader.auto(systems);
  const rows = systems.flatMap((system) => rowsOf(system, states));
  const off = states.flatMap(({ system, off: since }) =>
    since === undefined
      ? []
      : [
          `${sayAutoOff(system, since, new Date())}. \`/diag auto on ${system}\` lets it act again.`.replace(
            "the policy",
            "The policy",
          ),
        ],
  );
  const title = rows.length === 0 ? "Nothing is applied without a person" : "Applied without a person";
  return {
    ...say(
      rows.length === 0 && name !== undefined ? `${title} on ${name}` : title,
      ...off,
      ...(rows.length === 0
        ? []
        : [asTable(["system", "remedy", "used", "grace", "risk up to", "changes", "now"], rows)]),
    ),
    data: { auto: states.map(stateJson) },
  };
}

function rowsOf(system: System, states: readonly AutoState[]): string[][] {
  const state = states.find((one) => one.system === system.id);
  return Object.entries(system.auto).map(([name, { most, within, grace, upTo, changes }]) => {
    const used = state?.used[name] ?? 0;
    const now = state?.off !== undefined ? "off" : used >= most ? "asks people" : "on";
    return [
      system.id,
      name,
      `${used}/${most} in ${sayDuration(within)}`,
      sayDuration(grace),
      upTo,
      `${changes}`,
      now,
    ];
  });
}

const stateJson = ({ system, used, off }: AutoState) => ({
  system,
  used,
  off: off === undefined ? null : { ...off, since: off.since.toISOString() },
});

/** Anybody of diagbot.yaml turns it off; on again only who may unfreeze. */
export async function setAuto(
  { catalog, intake }: DoorDeps,
  { entry, caller }: Asked,
  { system: name, on, reason }: Extract<Intent, { do: "set-auto" }>,
): Promise<Reply> {
  mustBeKnown(caller, `turn the policy auto ${on ? "on" : "off"}`);
  const { id } = systemNamed(catalog, name);
  const person = catalog.people.find((one) => one.id === caller.principal);
  if (on && !mayUnfreeze(catalog.freeze, catalog.policies, person))
    throw new DiagError(
      "not_allowed",
      `turning the policy auto on needs the role ${unfreezeRoles(catalog.freeze, catalog.policies).join(" or ")}`,
      { hint: "`freeze.unfreeze` in diagbot.yaml names the roles" },
    );
  const { changed } = await intake.setAuto(entry, { system: id, on, by: caller, reason });
  const word = on ? "on" : "off";
  return {
    ...say(
      changed ? `The policy auto is ${word} for ${id}` : `The policy auto was ${word} for ${id} already`,
      on ? "What waits for people stays theirs." : "What it was about to apply waits for people.",
    ),
    data: { system: id, on, changed },
  };
}

/** Anybody of diagbot.yaml may: then people decide, as without the policy. */
export async function stopAuto(
  { intake }: Pick<DoorDeps, "intake">,
  { entry, caller }: Asked,
  { run, approval, place }: Extract<Intent, { do: "stop-auto" }>,
): Promise<Reply> {
  mustBeKnown(caller, "stop the policy auto");
  const stopped = await intake.stopAuto(entry, {
    by: caller,
    ...(run === undefined ? {} : { run }),
    ...(approval === undefined ? {} : { approval }),
    ...(place === undefined ? {} : { place }),
  });
  return {
    ...say(
      `Stopped: ${stopped.stopped.join(", ")} of run #${stopped.run} waits for people`,
      "Nothing was applied. Approve or deny it on its card.",
    ),
    run: stopped.run,
    data: stopped,
  };
}
