import {
  count,
  type Evidence,
  type Finding,
  type RunContext,
  rows,
  saySeconds,
} from "../../src/sdk/index.ts";
import type { Place } from "./groups.ts";

type Group = Place["found"]["groups"][number];
type Asked = RunContext<{ readonly by?: string | undefined; readonly minutes: number }>;

const MOST_SHOWN = 30;

/** Lines kept apart by who asked, by path or by a field: how often, whether that is new, and how long they took. */
export const apart = (places: readonly Place[], { params: { by, minutes } }: Asked): Finding<"readOn">[] =>
  by === undefined ? [] : places.flatMap((place) => keptApart(place, by, minutes) ?? []);

function keptApart(place: Place, by: string, minutes: number): Finding<"readOn"> | undefined {
  const { name, found } = place;
  const groups = found.groups.toSorted((a, b) => (b.p95Ms ?? -1) - (a.p95Ms ?? -1) || b.count - a.count);
  const [first] = groups;
  const head = { id: `by-${by}:${name}`, severity: "info" as const, remedies: ["readOn" as const] };
  const looked = `Of ${count(found.matched, "line")} of the last ${minutes} min.`;
  if (first === undefined)
    return found.keyless === 0
      ? undefined
      : { ...head, title: `No line of ${name} says its ${by}`, because: looked };
  const all = groups.length + found.moreGroups;
  return {
    ...head,
    title: `${count(all, ...wordsFor(by))} in ${name}: ${sayFirst(first)}`,
    because: [
      looked,
      sayKeyless(found.keyless),
      sayNews(place, groups),
      by === "address" ? sayProxy(groups, all) : "",
    ]
      .filter((part) => part !== "")
      .join(" "),
    evidence: evidenceOf(place, groups),
  };
}

const sayKeyless = (keyless: number): string =>
  keyless === 0 ? "" : `${count(keyless, "line")} ${keyless === 1 ? "does" : "do"} not say it.`;

const wordsFor = (by: string): [string, string] =>
  by === "address"
    ? ["address", "addresses"]
    : by === "path"
      ? ["path", "paths"]
      : [`value of ${by}`, `values of ${by}`];

/** The slowest by its 95th percentile where lines say how long they took, else the most frequent. */
const sayFirst = ({ template, count: n, p95Ms }: Group): string =>
  p95Ms === null
    ? `${template} most often, ${count(n, "line")}`
    : `${template} slowest, 95 of 100 within ${saySeconds(p95Ms / 1000)}`;

function sayNews({ found }: Place, groups: readonly Group[]): string {
  if (!found.comparable) return "The time before was not read whole: what is new cannot be told.";
  const fresh = groups.filter(({ before }) => before === 0).length;
  return fresh === 0 || fresh === groups.length
    ? ""
    : `${fresh} of them ${fresh === 1 ? "was" : "were"} not there in the time before.`;
}

/** Behind a proxy everybody has the proxy's address. */
const sayProxy = ([first]: readonly Group[], all: number): string =>
  first !== undefined && all === 1 && PRIVATE.test(first.template)
    ? "One address of a private network is mostly a proxy in front: who asked stands in a header it adds (X-Forwarded-For), if the log has it."
    : "";

const PRIVATE = /^(?:10\.|127\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|f[cd]|::1$)/;

const evidenceOf = ({ found }: Place, groups: readonly Group[]): Evidence[] => [
  rows("", groups.slice(0, MOST_SHOWN), {
    what: (one) => one.template,
    times: (one) => one.count,
    before: (one) => (found.comparable ? one.before : null),
    ...(groups.some(({ p95Ms }) => p95Ms !== null)
      ? {
          median: ({ medianMs }: Group) => sayMs(medianMs),
          "95 of 100": ({ p95Ms }: Group) => sayMs(p95Ms),
          longest: ({ longestMs }: Group) => sayMs(longestMs),
        }
      : {}),
    gravest: (one) => one.level,
  }),
];

const sayMs = (ms: number | null): string | null => (ms === null ? null : saySeconds(ms / 1000));
