import { count, type Finding, type postgres, rows, sayBytes, sayDuration } from "../../src/sdk/index.ts";

type Sizes = postgres.RelationSizes;
type Relation = Sizes["relations"][number];

export interface GrowthLimits {
  /** Bytes; less is nothing to speak of. */
  readonly bytes: number;
  /** Share of what it was. */
  readonly share: number;
}

interface Grown extends Relation {
  /** Bytes at the look before; null: it was not there. */
  readonly before: number | null;
}

const DAY = 86_400;
const more = ({ bytes, before }: Grown) => bytes - (before ?? 0);

/** Below this time a figure a day would be made of minutes. */
const LONG_ENOUGH = 3_600;

/** Below it are the system's (FirstNormalObjectId): they were there, and small. */
const FIRST_OWN = 16_384;

/** Tables and indexes that grew since the look before, most first. Pure; empty where there is nothing to compare with. */
export function grownSince(now: Sizes, before: Sizes | undefined, { bytes, share }: GrowthLimits): Grown[] {
  if (before === undefined || before.database !== now.database || before.at >= now.at) return [];
  const known = new Map(before.relations.map((one) => [one.oid, one.bytes]));
  // REINDEX CONCURRENTLY and a table that was swapped for a new one keep the name, and have another number.
  const named = new Map(before.relations.map((one) => [JSON.stringify([one.kind, one.name]), one.bytes]));
  return now.relations
    .flatMap((one): Grown[] => {
      const was = known.get(one.oid) ?? named.get(JSON.stringify([one.kind, one.name]));
      if (was === undefined && Number(one.oid) < FIRST_OWN) return [{ ...one, before: 0 }];
      // Of those that were too small to be kept nothing is known.
      if (was === undefined) return before.isWhole ? [{ ...one, before: null }] : [];
      return [{ ...one, before: was }];
    })
    .filter((one) => more(one) >= bytes && more(one) >= share * (one.before ?? 0))
    .sort((a, b) => more(b) - more(a));
}

export function growthFinding(
  now: Sizes,
  before: Sizes | undefined,
  limits: GrowthLimits,
): Finding<"lookAtGrowth"> | undefined {
  const grown = grownSince(now, before, limits);
  const [first] = grown;
  if (before === undefined || first === undefined) return undefined;
  const seconds = now.at - before.at;
  const ago = sayDuration(Math.round(seconds) * 1000);
  const all = now.databaseBytes - before.databaseBytes;
  const pace =
    seconds >= LONG_ENOUGH && all > 0 ? `, at that pace ${sayBytes((all / seconds) * DAY)} a day` : "";
  return {
    id: "grown",
    severity: "info",
    title: `${first.name} ${first.before === null ? `is new, with ${sayBytes(first.bytes)},` : `grew by ${sayBytes(more(first))} to ${sayBytes(first.bytes)}`} since the last look, ${ago} ago${grown.length > 1 ? `, and ${count(grown.length - 1, "other")}` : ""}`,
    because: `The database ${now.database} as a whole ${all >= 0 ? "grew" : "shrank"} by ${sayBytes(Math.abs(all))} to ${sayBytes(now.databaseBytes)}${pace}. Sizes of single tables are those of their last vacuum or analyze, so what is said to have grown may have done so before the last look.`,
    evidence: [
      rows("", grown.slice(0, 15), {
        name: (one) => one.name,
        kind: (one) => one.kind,
        before: (one) => (one.before === null ? "new" : sayBytes(one.before)),
        now: (one) => sayBytes(one.bytes),
        more: (one) => sayBytes(more(one)),
      }),
    ],
    remedies: ["lookAtGrowth"],
  };
}
