import { postgres } from "../../src/sdk/index.ts";

type Invalid = postgres.IndexHints["invalid"][number];
type ForeignKey = postgres.IndexHints["foreignKeys"][number];

/** So many indexes are dropped by one remedy. */
const AT_ONCE = 3;

/** What is no part of a partitioned table's index: a failed build left it behind. */
export const leftBehind = (all: readonly Invalid[]): readonly Invalid[] =>
  all.filter(({ lacking }) => lacking === null);

/** A rebuild that did not get through leaves these beside the index itself: nobody wants them. */
export const isLeftover = ({ index }: Invalid): boolean => /_cc(new|old)\d*"?$/.test(index);

export const invalidToDrop = (hints: postgres.IndexHints) =>
  leftBehind(hints.invalid)
    .slice(0, AT_ONCE)
    .map(({ index }) => ({ index, because: "invalid" as const }));

/** One: each is a minute's work. */
export const invalidToRebuild = (hints: postgres.IndexHints) =>
  leftBehind(hints.invalid)
    .filter((one) => !isLeftover(one))
    .slice(0, 1)
    .map(({ index }) => ({ index }));

export const doubledToDrop = (use: postgres.IndexUse) =>
  use.redundant
    .filter(({ isSame }) => isSame)
    .slice(0, AT_ONCE)
    .map(({ index }) => ({ index, because: "doubled" as const }));

const fits = (bytes: number | undefined): boolean => (bytes ?? 0) <= postgres.MOST_BYTES;

/** Names as the server quotes them, parted by commas. */
const namesIn = (quoted: string): string[] => quoted.match(/"(?:[^"]|"")*"|[^",\s]+/g) ?? [];

/** Of the foreign keys the first whose table is not too large. */
export const keyToIndex = ({ foreignKeys }: postgres.IndexHints) =>
  foreignKeys
    .filter(({ bytes, isPartitioned }) => fits(bytes) && isPartitioned !== true)
    .slice(0, 1)
    .map(({ table, columns }) => ({ table, columns: namesIn(columns) }));

/** Of those that a slow statement lacks the first whose table is not too large, and no part of another one. */
export const scanToIndex = ({ plans }: postgres.Plans) =>
  plans
    .flatMap(({ scans }) => scans)
    .filter(({ why, root, bytes }) => why === "missing" && root === null && fits(bytes))
    .slice(0, 1)
    .map(({ table, columns }) => ({ table, columns }));

type Bloated = postgres.Bloat["bloated"][number];
export const isSmall = ({ bytes }: Bloated): boolean => fits(bytes);

/** The one with most to gain of those that are not too large. */
export const bloatedToRebuild = ({ bloated }: postgres.Bloat) =>
  bloated
    .filter(isSmall)
    .slice(0, 1)
    .map(({ name }) => ({ index: name }));

type KeyName = "createKeyIndex" | "indexKeys";

/** What is offered for foreign keys: built by diagbot, and how people do it for what is left. */
export const remediesOfKeys = (hints: postgres.IndexHints): readonly KeyName[] => {
  const built = keyToIndex(hints).length;
  return [
    ...(built > 0 ? ["createKeyIndex" as const] : []),
    ...(hints.foreignKeys.length > built ? ["indexKeys" as const] : []),
  ];
};

/** Of one foreign key's column the statements for people, complete. */
export const adviseKeys = (foreignKeys: readonly ForeignKey[]): string =>
  `One at a time, alone (not in a transaction block), with SET lock_timeout = '5s': ${foreignKeys
    .slice(0, 5)
    .map(({ statement }) => statement)
    .join(
      "; ",
    )}. On a partitioned table CONCURRENTLY is not possible: CREATE INDEX ON ONLY it, then concurrently on each partition, then ATTACH.`;
