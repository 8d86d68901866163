import { createHash } from "node:crypto";
import type { Instance } from "./alert-news.ts";

/** A group of thousands must not fill the lock table: one of more instances locks whole buckets of them. */
export const MOST_LOCKS = 64;
const BUCKETS = 16;
/** Class of the buckets' locks, apart from every lock that has one number only. */
const BUCKET_CLASS = 720_441_400;

/** What is locked for a delivery. */
export interface Lockable {
  readonly groupKey: string;
  readonly instances: readonly Instance[];
}

/**
 * SQL, numbers only: one delivery at a time per group key and per instance, so that peers cannot open two incidents; deliveries
 * that have neither in common do not wait for each other. Whoever locks instances holds their buckets shared, so that a large
 * group, which locks buckets, excludes it. The group comes first, then buckets, then instances, each in order: no deadlock.
 */
export function locksOf({ groupKey, instances }: Lockable): string {
  const ofBucket = isLarge(instances) ? "pg_advisory_xact_lock" : "pg_advisory_xact_lock_shared";
  const keys = isLarge(instances) ? [] : instanceLocks(instances);
  // The parts of a UNION ALL are carried out one after the other, each in the order of its list.
  return `SELECT count(held) FROM (
    SELECT pg_advisory_xact_lock(${lockOf(`group ${groupKey}`)})::text AS held
    UNION ALL SELECT ${ofBucket}(${BUCKET_CLASS}, bucket)::text FROM unnest('{${bucketsOf(instances)}}'::int[]) AS bucket
    UNION ALL SELECT pg_advisory_xact_lock(key)::text FROM unnest('{${keys}}'::bigint[]) AS key) AS locks`;
}

/**
 * SQL, numbers only: the same for several deliveries, none of them large, that have nothing in common; but it waits for nobody. A row for each,
 * in their order: whether all of its locks are held.
 */
export function tryLocksOf(deliveries: readonly Lockable[]): string {
  const keys = deliveries.flatMap(({ groupKey, instances }, n) =>
    [lockOf(`group ${groupKey}`), ...instanceLocks(instances)].map((key) => ({ n, key })),
  );
  const buckets = deliveries.flatMap(({ instances }, n) =>
    bucketsOf(instances).map((bucket) => ({ n, bucket })),
  );
  return `SELECT bool_and(held) AS held FROM (
    SELECT n, pg_try_advisory_xact_lock_shared(${BUCKET_CLASS}, bucket) AS held
      FROM unnest('{${buckets.map(({ n }) => n)}}'::int[], '{${buckets.map(({ bucket }) => bucket)}}'::int[]) AS b (n, bucket)
    UNION ALL SELECT n, pg_try_advisory_xact_lock(key)
      FROM unnest('{${keys.map(({ n }) => n)}}'::int[], '{${keys.map(({ key }) => key)}}'::bigint[]) AS k (n, key)
  ) AS locks GROUP BY n ORDER BY n`;
}

export const isLarge = (instances: readonly Instance[]): boolean => instances.length > MOST_LOCKS;

const instanceLocks = (instances: readonly Instance[]): string[] =>
  [...new Set(instances.map(({ sha }) => lockOf(`instance ${sha}`)))].sort();

const bucketsOf = (instances: readonly Instance[]): number[] =>
  [...new Set(instances.map(({ sha }) => Number.parseInt(sha.slice(0, 4), 16) % BUCKETS))].sort(
    (a, b) => a - b,
  );

/** 64 bits of a digest: two names that share them wait for each other, nothing else. */
const lockOf = (name: string): string => String(createHash("sha256").update(name).digest().readBigInt64BE());
