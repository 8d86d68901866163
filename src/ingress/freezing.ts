import type { Catalog } from "../core/ports/catalog.ts";
import type { Entry, Intake } from "../core/ports/intake.ts";
import type { Reader } from "../core/ports/reader.ts";
import { mayUnfreeze, sayFrozen, saySetsOff, unfreezeRoles, unfreezeWords } from "../core/rules/freeze.ts";
import { nextWindow, sayPlanned, type Window } from "../core/rules/planned.ts";
import type { Caller } from "../core/words/caller.ts";
import { sayDuration } from "../core/words/duration.ts";
import { DiagError } from "../core/words/errors.ts";
import { sayWhen } from "../core/words/format.ts";
import { FreezeRules, type SetOff } from "../core/words/freeze.ts";
import type { Intent } from "../core/words/intent.ts";
import type { Planned } from "../core/words/planned.ts";
import { type Reply, say } from "../core/words/reply.ts";
import type { FreezeView } from "../core/words/view.ts";
import { systemNamed } from "./check-run.ts";
import { mustBeKnown, readable } from "./rights.ts";

interface DoorDeps {
  readonly catalog: Catalog;
  readonly intake: Intake;
  readonly reader: Reader;
}
interface Asked {
  readonly entry: Entry;
  readonly caller: Caller;
}

/** Windows that are shown; the JSON has all. */
const MOST_COMING = 10;
/** Without Slack nothing is posted, and the catalog says so with this word. */
const NOWHERE = "none";

/** Every channel that shows remedies: all of them are stopped. */
const channelsOf = ({ channel, systems }: Catalog): string[] =>
  [...new Set([channel, ...systems.map((system) => system.channel)])].filter(
    (one): one is string => one !== undefined && one !== NOWHERE,
  );

const isAllowed = ({ freeze, policies, people }: Catalog, caller: Caller): boolean =>
  mayUnfreeze(
    freeze,
    policies,
    people.find(({ id }) => id === caller.principal),
  );

/** Where people look at that system. */
export const channelsOfSystem = (
  { channel, systems }: Pick<Catalog, "channel" | "systems">,
  id: string,
): string[] =>
  [systems.find((system) => system.id === id)?.channel ?? channel].filter(
    (one): one is string => one !== undefined && one !== NOWHERE,
  );

/** Any person of diagbot.yaml may freeze; who may not unfreeze cannot make a freeze that holds shorter either. */
export async function freeze(
  { catalog, intake }: DoorDeps,
  { entry, caller }: Asked,
  { reason, forMs, system: name, quiet }: Extract<Intent, { do: "freeze" }>,
): Promise<Reply> {
  mustBeKnown(caller, "freeze remedies");
  const request = {
    by: caller,
    reason,
    mayShorten: isAllowed(catalog, caller),
    ...(forMs === undefined ? {} : { forMs }),
  };
  const system = name === undefined ? undefined : systemNamed(catalog, name).id;
  const view =
    system === undefined
      ? await intake.freeze(entry, { ...request, channels: channelsOf(catalog) })
      : await intake.freezeSystem(entry, {
          ...request,
          system,
          quiet: quiet === true,
          channels: channelsOfSystem(catalog, system),
        });
  return sayFroze(view, forMs);
}

function sayFroze(view: FreezeView, forMs: number | undefined): Reply {
  const { system, quiet } = view;
  const lasts = view.until === undefined ? undefined : view.until.getTime() - Date.now();
  const end = lasts === undefined ? `until \`${unfreezeWords(view)}\`` : `for ${sayDuration(lasts)}`;
  const isLonger = forMs !== undefined && (lasts === undefined || lasts > forMs + 60_000);
  return {
    ...say(
      quiet === true
        ? `${system} is in maintenance ${end}`
        : `Remedies are frozen ${system === undefined ? "" : `on ${system} `}${end}`,
      `By ${view.by}: ${view.reason}\n${quiet === true ? "Its alerts are shown, and looked into when that is over." : "Diagnoses go on."}`,
      ...(system === undefined ? [] : [`\`${unfreezeWords(view)}\` ends it.`]),
      ...(isLonger ? ["The freeze that held already lasts longer, and making it shorter needs a role."] : []),
    ),
    data: { frozen: true, ...freezeJson(view) },
  };
}

/** Needs a role, says what it sets off, and after a long freeze asks once more. */
export async function unfreeze(
  { catalog, intake, reader }: DoorDeps,
  { entry, caller }: Asked,
  { sure, system: name }: Extract<Intent, { do: "unfreeze" }>,
): Promise<Reply> {
  mustBeKnown(caller, "unfreeze remedies");
  if (!isAllowed(catalog, caller))
    throw new DiagError(
      "not_allowed",
      `unfreezing needs the role ${unfreezeRoles(catalog.freeze, catalog.policies).join(" or ")}`,
      { hint: "`freeze.unfreeze` in diagbot.yaml names the roles" },
    );
  const { askAgainAfter } = catalog.freeze ?? FreezeRules.parse({});
  const system = name === undefined ? undefined : systemNamed(catalog, name).id;
  const [held] = sure
    ? []
    : system === undefined
      ? [await reader.freeze()]
      : await reader.systemFreezes([system]);
  if (held !== undefined && Date.now() - held.since.getTime() > askAgainAfter)
    return askAgain(held, await reader.setsOff(system));
  const { was, setsOff } =
    system === undefined
      ? await intake.unfreeze(entry, caller, channelsOf(catalog))
      : await intake.unfreezeSystem(entry, system, caller, channelsOfSystem(catalog, system));
  const where = system === undefined ? "" : ` on ${system}`;
  return {
    ...(was
      ? say(`Remedies may begin again${where}`, saySetsOff(setsOff))
      : say(`Remedies were not frozen${where}`)),
    data: { frozen: false, was, setsOff },
  };
}

/** Long ago others knew what was going on: who ends it now must see what begins. */
const askAgain = (held: FreezeView, setsOff: readonly SetOff[]): Reply => ({
  ...say(
    `Still frozen: this freeze is ${sayDuration(Date.now() - held.since.getTime())} old`,
    `${sayFrozen(held)}: ${held.reason}`,
    saySetsOff(setsOff),
    `To let remedies begin again, type \`${unfreezeWords(held)} yes\`.`,
  ),
  data: { frozen: true, asksAgain: true, ...freezeJson(held), setsOff },
});

/** What is frozen or in maintenance now, of systems the caller may read; and how to end it. */
export async function showFreezes(
  { catalog, reader }: Pick<DoorDeps, "catalog" | "reader">,
  caller: Caller,
): Promise<Reply> {
  const [all, systems] = [await reader.freeze(), await reader.systemFreezes(readable(catalog, caller))];
  const held = [...(all === undefined ? [] : [all]), ...systems];
  const coming = comingWindows(catalog, readable(catalog, caller), new Date());
  return {
    ...say(
      held.length === 0 ? "Nothing is frozen, and no system is in maintenance" : "Frozen or in maintenance",
      ...held.map(
        (one) =>
          `${one.quiet === true ? `🔧 ${one.system} is` : "🧊 Remedies are"} ${sayFrozen(one)}: ${one.reason} (\`${unfreezeWords(one)}\`)`,
      ),
      ...coming.slice(0, MOST_COMING).map(sayComing),
    ),
    data: { freezes: held.map(freezeJson), planned: coming.map(windowJson) },
  };
}

interface Coming {
  readonly system: string;
  readonly planned: Planned;
  readonly window: Window;
}

/** The next window of each plan, for systems the caller may read; the first one first. */
function comingWindows(
  { maintenance = [] }: Pick<Catalog, "maintenance">,
  systems: readonly string[] | undefined,
  now: Date,
): Coming[] {
  return maintenance
    .flatMap((planned) => {
      const window = nextWindow(planned, now);
      if (window === undefined) return [];
      return planned.systems
        .filter((system) => systems === undefined || systems.includes(system))
        .map((system) => ({ system, planned, window }));
    })
    .sort((a, b) => a.window.since.getTime() - b.window.since.getTime());
}

const sayComing = ({ system, planned, window }: Coming): string =>
  `🗓️ ${system}: ${planned.quiet ? "maintenance" : "remedies frozen"} from ${sayWhen(window.since, new Date())} for ${sayDuration(planned.for)} (${sayPlanned(planned)}): ${planned.reason}`;

const windowJson = ({ system, planned, window }: Coming) => ({
  system,
  maintenance: planned.quiet,
  reason: planned.reason,
  since: window.since.toISOString(),
  until: window.until.toISOString(),
});

/** A freeze as plain JSON. */
export const freezeJson = ({ by, reason, since, until, system, quiet }: FreezeView) => ({
  ...(system === undefined ? {} : { system, maintenance: quiet === true }),
  by,
  reason,
  since: since.toISOString(),
  until: until?.toISOString() ?? null,
});
