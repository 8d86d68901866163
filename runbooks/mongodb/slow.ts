import { type mongodb, type OutputOf, scriptText } from "../../src/sdk/index.ts";

type Slow = OutputOf<typeof mongodb.slowOperations>;
type Collections = OutputOf<typeof mongodb.collections>;
export type Group = Slow["groups"][number];
export type Operation = OutputOf<typeof mongodb.operations>["operations"][number];
export type Collection = Collections["collections"][number];

/** Documents looked at for each that is given back, from which a query does not find what it wants by an index. */
const WASTE = 100;
const LEAST_EXAMINED = 1_000;

/** They make one answer of all documents they meet: how many that were, they do not say. */
const FOLDING = ["aggregate", "count", "distinct"];

/** It went through the whole collection, or through far more than it gave back, where that says how much it wanted. */
export const isUntargeted = ({
  plan,
  examined,
  returned,
  shape: { command },
}: Pick<Group, "plan" | "examined" | "returned" | "shape">): boolean =>
  plan.startsWith("COLLSCAN") ||
  (examined !== null &&
    returned !== null &&
    !FOLDING.includes(command) &&
    examined >= LEAST_EXAMINED &&
    examined >= WASTE * Math.max(1, returned));

/** A scan that an index would spare: of a collection that is not small, and that the planner would make again now. */
export const scansOf = (
  slow: Slow,
  { collections }: Collections,
  small: number,
): { group: Group; of: Collection }[] =>
  slow.groups.filter(isUntargeted).flatMap((group) => {
    const of = collections.find(({ namespace }) => namespace === group.namespace);
    const isFixed = group.plan.startsWith("COLLSCAN") && group.planNow?.startsWith("IXSCAN") === true;
    return of === undefined || isFixed || (of.documents ?? 0) < small ? [] : [{ group, of }];
  });

/** Collections whose size and indexes have to be known to judge what is slow. */
export const namespacesOf = (slow: Slow, operations: readonly Operation[]): string[] =>
  [
    ...new Set([
      ...slow.groups.filter(isUntargeted).map(({ namespace }) => namespace),
      ...operations.filter(({ plan }) => plan.startsWith("COLLSCAN")).map(({ namespace }) => namespace),
    ]),
  ]
    .filter((name) => /^[^.$\s/\\"]{1,63}\.[^$]+$/.test(name))
    .slice(0, 10);

/** Fields in order, where an index of them begins with the same ones already. */
export const isServed = ({ indexes }: Collection, keys: readonly (readonly [string, number])[]): boolean =>
  indexes.some(
    (index) => !index.hidden && !index.partial && keys.every(([field], at) => index.keys[at]?.[0] === field),
  );

/** Modes in which others have to stay away: exclusive locks. */
export const holdsAll = ({ locks, waitsForLock, message }: Operation): boolean =>
  !waitsForLock && (locks.some((lock) => / W$/.test(lock)) || /index build/i.test(message));

/** `{ "status": 1, "at": -1 }`. */
export const sayKeys = (keys: readonly (readonly [string, number])[]): string =>
  `{ ${keys.map(([field, way]) => `${scriptText(field)}: ${way}`).join(", ")} }`;

/** What a person pastes into mongosh: names are quoted as JavaScript text. */
export function sayCreate(namespace: string, keys: readonly (readonly [string, number])[]): string {
  const at = namespace.indexOf(".");
  const [database, collection] = [namespace.slice(0, at), namespace.slice(at + 1)];
  return `db.getSiblingDB(${scriptText(database)}).getCollection(${scriptText(collection)}).createIndex(${sayKeys(keys)})`;
}
