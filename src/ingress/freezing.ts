import type { Catalog } from "../core/ports/catalog.ts";
import type { Entry, Intake } from "../core/ports/intake.ts";
import type { Reader } from "../core/ports/reader.ts";
import { mayUnfreeze, sayFrozen, saySetsOff, unfreezeRoles } from "../core/rules/freeze.ts";
import type { Caller } from "../core/words/caller.ts";
import { sayDuration } from "../core/words/duration.ts";
import { DiagError } from "../core/words/errors.ts";
import { FreezeRules, type SetOff } from "../core/words/freeze.ts";
import type { Intent } from "../core/words/intent.ts";
import { type Reply, say } from "../core/words/reply.ts";
import type { FreezeView } from "../core/words/view.ts";
import { mustBeKnown } from "./rights.ts";

interface DoorDeps {
  readonly catalog: Catalog;
  readonly intake: Intake;
  readonly reader: Reader;
}
interface Asked {
  readonly entry: Entry;
  readonly caller: Caller;
}

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

/** Any person of diagbot.yaml may freeze; who may not unfreeze cannot make a freeze that holds shorter either. */
export async function freeze(
  { catalog, intake }: DoorDeps,
  { entry, caller }: Asked,
  { reason, forMs }: Extract<Intent, { do: "freeze" }>,
): Promise<Reply> {
  mustBeKnown(caller, "freeze remedies");
  const view = await intake.freeze(entry, {
    by: caller,
    reason,
    channels: channelsOf(catalog),
    mayShorten: isAllowed(catalog, caller),
    ...(forMs === undefined ? {} : { forMs }),
  });
  const lasts = view.until === undefined ? undefined : view.until.getTime() - Date.now();
  const end = lasts === undefined ? "until `/diag unfreeze`" : `for ${sayDuration(lasts)}`;
  const isLonger = forMs !== undefined && (lasts === undefined || lasts > forMs + 60_000);
  return {
    ...say(
      `Remedies are frozen ${end}`,
      `By ${view.by}: ${view.reason}\nDiagnoses go on.`,
      ...(isLonger ? ["The freeze that held already lasts longer, and making it shorter needs a role."] : []),
    ),
    data: { frozen: true, ...freezeJson(view) },
  };
}

/** Needs a role, says what it sets off, and after a long freeze asks once more. */
export async function unfreeze(
  { catalog, intake, reader }: DoorDeps,
  { entry, caller }: Asked,
  { sure }: Extract<Intent, { do: "unfreeze" }>,
): Promise<Reply> {
  mustBeKnown(caller, "unfreeze remedies");
  if (!isAllowed(catalog, caller))
    throw new DiagError(
      "not_allowed",
      `unfreezing needs the role ${unfreezeRoles(catalog.freeze, catalog.policies).join(" or ")}`,
      { hint: "`freeze.unfreeze` in diagbot.yaml names the roles" },
    );
  const { askAgainAfter } = catalog.freeze ?? FreezeRules.parse({});
  const held = sure ? undefined : await reader.freeze();
  if (held !== undefined && Date.now() - held.since.getTime() > askAgainAfter)
    return askAgain(held, await reader.setsOff());
  const { was, setsOff } = await intake.unfreeze(entry, caller, channelsOf(catalog));
  return {
    ...(was ? say("Remedies may begin again", saySetsOff(setsOff)) : say("Remedies were not frozen")),
    data: { frozen: false, was, setsOff },
  };
}

/** Long ago others knew what was going on: who ends it now must see what begins. */
const askAgain = (held: FreezeView, setsOff: readonly SetOff[]): Reply => ({
  ...say(
    `Still frozen: this freeze is ${sayDuration(Date.now() - held.since.getTime())} old`,
    `${sayFrozen(held)}: ${held.reason}`,
    saySetsOff(setsOff),
    "To let remedies begin again, type `/diag unfreeze yes`.",
  ),
  data: { frozen: true, asksAgain: true, ...freezeJson(held), setsOff },
});

/** A freeze as plain JSON. */
export const freezeJson = ({ by, reason, since, until }: FreezeView) => ({
  by,
  reason,
  since: since.toISOString(),
  until: until?.toISOString() ?? null,
});
