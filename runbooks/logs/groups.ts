import {
  code,
  count,
  type Evidence,
  type Finding,
  facts,
  type RunContext,
  rows,
  type Seen,
  saySeconds,
  systemd,
  z,
} from "../../src/sdk/index.ts";

type Found = z.output<typeof systemd.LogFound>;
type Group = Found["groups"][number];
/** One log that was searched. */
export interface Place {
  readonly name: string;
  readonly found: Found;
}
export type Asked = RunContext<{
  readonly pattern?: string | undefined;
  readonly component?: string | undefined;
  readonly longerMs?: number | undefined;
  readonly field?: string | undefined;
  readonly by?: string | undefined;
  readonly minutes: number;
}>;
type Told = Finding<"readOn">;

/** An error that is new is news from the first on; it is grave from this often on. */
const OFTEN = 5;
/** So many times as often as before, and at least so often. */
const TIMES = 3;
const LEAST = 10;

const Several = z.object({ logs: z.array(systemd.LogFound.extend({ name: z.string() })) });

/** Every log that was searched, by name: of a connection, or of one of its logs. */
export const placesOf = (seen: Readonly<Record<string, Seen<unknown> | undefined>>): Place[] =>
  Object.entries(seen).flatMap(([step, one]) => {
    if (one?.ok !== true) return [];
    const connection = step.slice(step.indexOf(":") + 1);
    const several = Several.safeParse(one.value);
    if (several.success)
      return several.data.logs.map(({ name, ...found }) => ({ name: `${connection}/${name}`, found }));
    const single = systemd.LogFound.safeParse(one.value);
    return single.success ? [{ name: connection, found: single.data }] : [];
  });

/** Nothing could be asked: not looked at is not healthy. */
export const noLogs = (seen: Readonly<Record<string, unknown>>): Finding<never> | false =>
  Object.keys(seen).length === 0 && {
    id: "no-logs",
    severity: "info",
    title: "No log of this system can be searched",
    because:
      "It has no connection of kind systemd, docker, kubernetes or loki, and none of kind host with `logs:`, or none of the name that was asked for.",
  };

/** Somebody asks for something of his own. */
export const isSearch = ({ params: { pattern, component, longerMs, field, by } }: Asked): boolean =>
  [pattern, component, longerMs, field, by].some((one) => one !== undefined);
const isError = ({ level }: Group): boolean => level === "error";
const isNew = ({ found }: Place, group: Group): boolean => found.comparable && group.before === 0;
const isMore = ({ found }: Place, { count: n, before }: Group): boolean =>
  found.comparable && before > 0 && n >= LEAST && n >= TIMES * before;

/** Errors nobody wrote in the time before. */
export const fresh = (places: readonly Place[], context: Asked): Told[] =>
  isSearch(context)
    ? []
    : told(
        places,
        (place, group) => isError(group) && isNew(place, group),
        (place, groups) => ({
          id: `new-errors:${place.name}`,
          severity: groups.some((one) => one.count >= OFTEN) ? "warning" : "info",
          title: `${count(groups.length, "kind of error", "kinds of errors")} in ${place.name} that ${groups.length === 1 ? "was" : "were"} not there in the ${context.params.minutes} min before`,
          because: `First at ${clock(Math.min(...groups.map(({ firstSeen }) => firstSeen)))}: ${groups[0]?.example ?? ""}`,
        }),
      );

/** Errors that come much more often than before. */
export const frequent = (places: readonly Place[], context: Asked): Told[] =>
  isSearch(context)
    ? []
    : told(
        places,
        (place, group) => isError(group) && isMore(place, group),
        (place, groups) => {
          const [first] = groups;
          return {
            id: `more-errors:${place.name}`,
            severity: "warning",
            title: `${count(groups.length, "kind of error", "kinds of errors")} in ${place.name} at least ${TIMES} times as often as before`,
            because:
              first === undefined
                ? ""
                : `${first.count} in the last ${context.params.minutes} min, ${first.before} in the ${context.params.minutes} min before: ${first.example}`,
          };
        },
      );

/** What somebody looks for; without a question the errors that can be compared with nothing. */
export const matches = (places: readonly Place[], context: Asked): Told[] =>
  told(
    places,
    (place, group) =>
      context.params.by === undefined && (isSearch(context) || (isError(group) && !place.found.comparable)),
    (place, groups) => ({
      id: `lines:${place.name}`,
      severity: "info",
      title: `${count(place.found.matched, "line")} in ${place.name}, of ${count(groups.length + place.found.moreGroups, "kind")}`,
      because: `Of ${count(place.found.lines, "line")} of the last ${context.params.minutes} min.${place.found.comparable ? "" : " The time before was not read whole: what is new cannot be told."}${notes(place)}`,
    }),
  );

/** The slowest by what they say, where durations are asked for (trap slow-endpoints-count: by time, not by number). */
export const slow = (places: readonly Place[], { params: { longerMs } }: Asked): Told[] =>
  longerMs === undefined
    ? []
    : places.flatMap((place) => {
        const groups = place.found.groups
          .filter(({ longestMs }) => longestMs !== null)
          .sort((a, b) => (b.longestMs ?? 0) - (a.longestMs ?? 0));
        const [first] = groups;
        return first === undefined
          ? []
          : [
              {
                id: `slow:${place.name}`,
                severity: "info" as const,
                title: `The slowest in ${place.name} took ${saySeconds((first.longestMs ?? 0) / 1000)}`,
                because: first.example,
                evidence: [
                  rows("", groups.slice(0, 20), {
                    longest: ({ longestMs }) => saySeconds((longestMs ?? 0) / 1000),
                    times: (one) => one.count,
                    component: (one) => one.component,
                    what: (one) => one.template,
                  }),
                ],
              },
            ];
      });

const notes = ({ found: { broken, undated } }: Place): string =>
  [
    broken > 0 ? ` ${count(broken, "line")} that should be JSON cannot be read.` : "",
    undated > 0 ? ` ${count(undated, "line")} bear no time and count as written now.` : "",
  ].join("");

/** One finding of each place that has such groups. */
function told(
  places: readonly Place[],
  wanted: (place: Place, group: Group) => boolean,
  say: (place: Place, groups: readonly Group[]) => Omit<Told, "evidence" | "remedies">,
): Told[] {
  return places.flatMap((place) => {
    const groups = place.found.groups.filter((group) => wanted(place, group));
    return groups.length === 0
      ? []
      : [{ ...say(place, groups), evidence: evidenceOf(place, groups), remedies: ["readOn" as const] }];
  });
}

const evidenceOf = (place: Place, groups: readonly Group[]): Evidence[] => [
  rows("", groups.slice(0, 20), {
    times: (one) => one.count,
    before: (one) => (place.found.comparable ? one.before : null),
    what: (one) => one.template,
    level: (one) => one.level,
    component: (one) => one.component,
    first: (one) => clock(one.firstSeen),
    last: (one) => clock(one.lastSeen),
  }),
  code(
    groups
      .slice(0, 5)
      .map(({ example }) => example)
      .join("\n"),
    "examples",
  ),
  ...(place.found.moreGroups > 0 ? [facts({ "kinds not shown": place.found.moreGroups })] : []),
];

export const clock = (at: number): string => `${new Date(at * 1000).toISOString().slice(11, 19)} UTC`;
