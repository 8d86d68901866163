import { z } from "zod";
import { clip } from "../../../core/words/format.ts";

/** A query without its values: which fields it compares, how, and in which order it wants the result. */
export const Shape = z.object({
  /** `find`, `aggregate`, `count`, `update`, … */
  command: z.string(),
  /** Compared for equality (also `$in`, `$eq`). */
  equal: z.array(z.string()).max(16),
  /** Compared otherwise: ranges, `$ne`, patterns. */
  range: z.array(z.string()).max(16),
  /** Field and direction, in order. */
  sort: z.array(z.tuple([z.string(), z.union([z.literal(1), z.literal(-1)])])).max(16),
  /** It asks for what an index of fields cannot say (`$or`, `$where`, `$expr`, text, geo, or stages before the match). */
  other: z.boolean(),
});
export type Shape = z.output<typeof Shape>;

const FIELDS_OF: Readonly<Record<string, (command: Fields) => { filter: unknown; sort: unknown }>> = {
  find: ({ filter, sort }) => ({ filter, sort }),
  findAndModify: ({ query, sort }) => ({ filter: query, sort }),
  findandmodify: ({ query, sort }) => ({ filter: query, sort }),
  count: ({ query }) => ({ filter: query, sort: undefined }),
  distinct: ({ query }) => ({ filter: query, sort: undefined }),
  aggregate: ({ pipeline }) => ofPipeline(pipeline),
  update: ({ updates }) => ({ filter: fields(first(updates)).q, sort: undefined }),
  delete: ({ deletes }) => ({ filter: fields(first(deletes)).q, sort: undefined }),
  /** As the profiler and `$currentOp` write one update or delete. */
  q: ({ q }) => ({ filter: q, sort: undefined }),
};

type Fields = Readonly<Record<string, unknown>>;
const fields = (value: unknown): Fields =>
  typeof value === "object" && value !== null ? (value as Fields) : {};
const first = (value: unknown): unknown => (Array.isArray(value) ? value[0] : undefined);

/** Stages a pipeline begins with that read no documents of the collection it is on (the oplog, the server's own state). */
const NO_DOCUMENTS = new Set([
  ...["$changeStream", "$currentOp", "$collStats", "$indexStats", "$planCacheStats", "$documents"],
  ...["$listSessions", "$listLocalSessions", "$listSampledQueries", "$listSearchIndexes", "$queryStats"],
]);

const firstStage = ({ pipeline }: Fields): string => Object.keys(fields(first(pipeline)))[0] ?? "";

/** It goes along with what is written (a change stream, a tailable cursor): its plan is a scan, and it waits, as it should. */
export const isFollowing = (command: Fields): boolean =>
  command.tailable === true || command.awaitData === true || firstStage(command) === "$changeStream";

/** The shape of a command; null: it is none that looks for documents, or it is not shown. */
export function shapeOf(command: Fields): Shape | null {
  const name = Object.keys(command)[0] ?? "";
  if (!Object.hasOwn(FIELDS_OF, name) || isFollowing(command) || NO_DOCUMENTS.has(firstStage(command)))
    return null;
  const { filter, sort } = FIELDS_OF[name]?.(command) ?? {};
  const compared = comparedIn(fields(filter));
  return {
    command: name === "q" ? "update or delete" : name,
    equal: compared.equal.slice(0, 16),
    range: compared.range.slice(0, 16),
    sort: sortOf(sort).slice(0, 16),
    other: compared.other || (name === "aggregate" && filter === undefined),
  };
}

function ofPipeline(pipeline: unknown): { filter: unknown; sort: unknown } {
  const stages = Array.isArray(pipeline) ? pipeline.map(fields) : [];
  const [match, next] = stages;
  if (match?.$match === undefined) return { filter: undefined, sort: match?.$sort };
  return { filter: match.$match, sort: next?.$sort };
}

interface Compared {
  readonly equal: readonly string[];
  readonly range: readonly string[];
  readonly other: boolean;
}

const EQUAL = new Set(["$eq", "$in"]);
const RANGE = new Set([
  "$gt",
  "$gte",
  "$lt",
  "$lte",
  "$ne",
  "$nin",
  "$regex",
  "$options",
  "$exists",
  "$not",
  "$size",
  "$type",
]);

function comparedIn(filter: Fields, depth = 0): Compared {
  const parts = Object.entries(filter)
    .slice(0, 50)
    .flatMap(([name, value]) => partsIn(name, value, depth));
  const named = (wanted: How): string[] => [
    ...new Set(parts.flatMap(([name, how]) => (how === wanted ? [name] : []))),
  ];
  const equal = named("equal");
  return {
    equal,
    range: named("range").filter((one) => !equal.includes(one)),
    other: parts.some(([, how]) => how === "other"),
  };
}

type How = "equal" | "range" | "other";

/** `$and` is as good as its parts; other operators of the whole say what no index of fields does. */
function partsIn(name: string, value: unknown, depth: number): (readonly [string, How])[] {
  if (name === "$comment") return [];
  if (name === "$and" && Array.isArray(value) && depth < 5)
    return value.slice(0, 50).flatMap((part): (readonly [string, How])[] => {
      const { equal, range, other } = comparedIn(fields(part), depth + 1);
      return [
        ...equal.map((one) => [one, "equal"] as const),
        ...range.map((one) => [one, "range"] as const),
        ...(other ? [["", "other"] as const] : []),
      ];
    });
  return name.startsWith("$") ? [["", "other"]] : [[clip(name, 120), howCompared(value)]];
}

/** How logs write values of BSON (extended JSON). */
const VALUES = new Set([
  ...[
    "$date",
    "$oid",
    "$numberLong",
    "$numberInt",
    "$numberDouble",
    "$numberDecimal",
    "$binary",
    "$uuid",
    "$timestamp",
  ],
  ...["$minKey", "$maxKey", "$undefined"],
]);

function howCompared(value: unknown): How {
  if (value instanceof RegExp) return "range";
  const operators = isPlain(value) ? Object.keys(value).filter((key) => key.startsWith("$")) : [];
  if (operators.length === 0 || operators.every((one) => VALUES.has(one))) return "equal";
  if (operators.includes("$regularExpression")) return "range";
  if (operators.every((one) => EQUAL.has(one))) return "equal";
  return operators.every((one) => EQUAL.has(one) || RANGE.has(one)) ? "range" : "other";
}

/** Not an ObjectId, Date or other value of BSON. */
const isPlain = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

const sortOf = (sort: unknown): [string, 1 | -1][] =>
  Object.entries(fields(sort)).flatMap(([name, direction]): [string, 1 | -1][] =>
    direction === 1 || direction === -1 ? [[clip(name, 120), direction]] : [],
  );

/**
 * The fields of an index for it: equality first, then the order, then ranges (mongodb.com/docs/manual/tutorial/equality-sort-range-rule).
 * Undefined: none would help, or this does not tell which.
 */
export function indexFor({ equal, range, sort, other }: Shape): [string, 1 | -1][] | undefined {
  if (other) return undefined;
  const keys = new Map<string, 1 | -1>(equal.map((name) => [name, 1]));
  for (const [name, direction] of sort) if (!keys.has(name)) keys.set(name, direction);
  for (const name of range) if (!keys.has(name)) keys.set(name, 1);
  const found = [...keys];
  return found.length === 0 || found.length > MOST_KEYS || found[0]?.[0] === "_id" ? undefined : found;
}

/** More fields than that make an index that costs more than it gives; such a query is looked at by people. */
const MOST_KEYS = 4;

/** `find { status = , age range } sort { name: 1 }`: for people; without values. */
export function sayShape({ command, equal, range, sort, other }: Shape): string {
  const compared = [
    ...equal.map((name) => `${name} =`),
    ...range.map((name) => `${name} range`),
    ...(other ? ["…"] : []),
  ];
  const order = sort.map(([name, direction]) => `${name}: ${direction}`).join(", ");
  return clip(`${command} { ${compared.join(", ")} }${order === "" ? "" : ` sort { ${order} }`}`, 300);
}
