import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { partsOf } from "../machine/script.ts";
import { ask } from "./ask.ts";
import type { SystemdClient } from "./client.ts";
import { isGlob, isMeant, isTemplate, UnitName } from "./names.ts";
import { parseShow, wordOf } from "./show.ts";
import { Unit } from "./unit.ts";
import { PROPERTIES, unitOf } from "./unit-of.ts";

const { read } = actionsOn<SystemdClient>("systemd");

/** Units looked at by one read; those that have failed come first. */
const MOST = 60;

// Arguments: globs. `show` knows what is in memory, `list-unit-files` what has a file; older versions give no JSON.
const FIND = `systemctl show --property=SystemState; echo ==
systemctl show --property=Id --state=failed -- '*'; echo ==
[ $# -eq 0 ] || systemctl show --property=Id -- "$@"; echo ==
[ $# -eq 0 ] || systemctl list-unit-files --no-pager --output=json -- "$@"
true`;

// Arguments: the properties, then names. One name that systemd does not take must not hide the others. A worker on this machine
// stands in the control group of its own unit; behind SSH that is the session's.
const SHOW = `date +%s; cat /proc/uptime
sed -n 's|^.*/\\([^/]*\\.service\\)\\(/.*\\)\\{0,1\\}$|\\1|p' /proc/self/cgroup | head -n 1; echo ==
properties=$1; shift; stamp=
systemctl --timestamp=unix --version >/dev/null 2>&1 && stamp=--timestamp=unix
systemctl show $stamp "--property=$properties" -- "$@" 2>/dev/null ||
  for name; do systemctl show $stamp "--property=$properties" -- "$name" 2>/dev/null; echo; done
true`;

const Files = z.array(z.object({ unit_file: z.string(), state: z.string().nullish() }));

/**
 * The units that the connection names (or `names`), each with its state, how it ended, limits and what it needs: properties
 * by name, never the text for people. sergas-accounts.first-response, sergas-accounts.wont-start, tektra.service-status.
 */
export const units = read({
  name: "systemd.units",
  title: "Units of the system",
  input: z.object({ names: z.array(UnitName).min(1).max(MOST).optional() }),
  output: z.object({
    /** Of the machine's clock, unix seconds. */
    now: z.int(),
    uptimeSeconds: z.number(),
    /** `running`, `degraded` (some unit of the machine failed), `starting`, `maintenance`, … */
    machine: z.string(),
    units: z.array(Unit),
    /** Failed units of the machine that the system does not consist of; at most 20 names. */
    failedOthers: z.array(z.string()),
    /** Globs of the connection that no unit matches. */
    matchNothing: z.array(z.string()),
    notSeen,
  }),
  timeoutSeconds: 15,
  run: async (client, { names }, context) => {
    const wanted = names ?? client.units;
    const templates = wanted.filter((one) => !isGlob(one) && isTemplate(one));
    const found = await findUnits(
      client,
      wanted.filter((one) => !templates.includes(one)),
      context,
    );
    const ordered = found.names.sort(
      (a, b) => Number(found.failed.includes(b)) - Number(found.failed.includes(a)),
    );
    const looked = ordered.slice(0, MOST);
    const shown = await show(client, looked, context);
    return {
      now: shown.now,
      uptimeSeconds: shown.uptimeSeconds,
      units: shown.units,
      machine: found.machine,
      failedOthers: found.failed.filter((one) => !isMeant(client.units, one)).slice(0, 20),
      matchNothing: found.matchNothing,
      ...gaps([...templates.map(ofTemplate), ...found.unread, ...leftOut(ordered.length)]),
    };
  },
});

/** Which units names and globs mean, and which units of the machine have failed. */
export async function findUnits(client: SystemdClient, patterns: readonly string[], context: ActionContext) {
  const globs = patterns.filter(isGlob);
  const [state = "", failed = "", loaded = "", files = ""] = partsOf(await ask(client, FIND, globs, context));
  const listed = globs.length === 0 ? { names: [], unread: [] } : filesOf(files, globs);
  const found = [...new Set([...idsOf(loaded), ...listed.names])].filter((one) => isMeant(globs, one));
  return {
    machine: state.trim().replace(/^SystemState=/, ""),
    failed: idsOf(failed),
    names: [...new Set([...patterns.filter((one) => !isGlob(one)), ...found])],
    matchNothing: globs.filter((glob) => !found.some((one) => isMeant([glob], one))),
    unread: listed.unread,
  };
}

/** These units as they are now, and the one diagbot itself runs in (empty: none that is known). */
export async function show(client: SystemdClient, names: readonly string[], context: ActionContext) {
  if (names.length === 0) return { now: 0, uptimeSeconds: 0, own: "", units: [] };
  const said = await ask(client, SHOW, [PROPERTIES, ...names], context, { maxBytes: 2_000_000 });
  const [clock = "", text = ""] = partsOf(said);
  const [now = "", uptime = "", own = ""] = clock.split("\n");
  const uptimeSeconds = Number(uptime.split(" ")[0]);
  const all = parseShow(text).map((one) => unitOf(one, uptimeSeconds));
  // An alias shows the unit it stands for.
  const units = [...new Map(all.map((one) => [one.name, one])).values()];
  return { now: Number(now), uptimeSeconds, own: own.trim(), units };
}

/** One unit as it is now; undefined where systemd does not take the name. */
export async function lookAt(
  client: SystemdClient,
  name: string,
  context: ActionContext,
): Promise<Unit | undefined> {
  return (await show(client, [name], context)).units[0];
}

const idsOf = (text: string): string[] => parseShow(text).map((one) => wordOf(one, "Id"));

/** Units that have a file and match; templates and second names of others are none. */
function filesOf(text: string, globs: readonly string[]): { names: string[]; unread: NotSeen[] } {
  const parsed = Files.safeParse(jsonOf(text));
  if (!parsed.success)
    return {
      names: [],
      unread: [
        {
          what: `units of ${globs.join(", ")} that are not loaded`.slice(0, 300),
          why: "this version of systemd lists unit files for people only",
          fix: "name the units one by one in `units:` of diagbot.yaml",
        },
      ],
    };
  const names = parsed.data
    .filter(({ unit_file, state }) => state !== "alias" && !isTemplate(unit_file))
    .map(({ unit_file }) => unit_file);
  return { names, unread: [] };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const leftOut = (there: number): NotSeen[] =>
  there <= MOST
    ? []
    : [
        {
          what: `${there - MOST} of ${there} units`,
          why: `${MOST} are looked at, those that have failed first`,
          fix: "give the connection fewer units, or split it in two",
        },
      ];

/** systemd shows nothing of a template: it is the form of others and never runs itself. */
const ofTemplate = (name: string): NotSeen => ({
  what: name,
  why: "it is a template, which never runs itself: its instances do",
  fix: `name an instance (${name.replace("@.", "@1.")}) or all of them (${name.replace("@.", "@*.")})`,
});

const gaps = (all: readonly NotSeen[]) => (all.length === 0 ? {} : { notSeen: [...all] });
