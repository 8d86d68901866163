import type { Document } from "mongodb";
import { z } from "zod";
import { known, numberAt, risen, rounded } from "../values.ts";

/** What happened between two looks, a second; null: not counted by this version, or its counter began anew. */
export const Since = z.object({
  connectionsCreated: known,
  connectionsRejected: known,
  operations: known,
  /** Milliseconds an operation took on average. */
  readMs: known,
  writeMs: known,
  /** Documents looked at, and given back by finds: their ratio tells scans from index use. */
  docsExamined: known,
  docsReturned: known,
  /** Queries that went through a whole collection, without tailing ones. */
  collectionScans: known,
  sortsInMemory: known,
  cursorsTimedOut: known,
  /** Pages that operations had to evict themselves, since the cache's own threads did not keep up. */
  evictedByOperations: known,
  pageFaults: known,
  /** Seconds that writers were held back, a second. */
  flowControlWait: known,
  userAsserts: known,
});

type Path = readonly string[];
const OPERATIONS = ["insert", "query", "update", "delete", "getmore", "command"];

/** Pure. */
export function sinceOf(before: Document, now: Document, seconds: number): z.output<typeof Since> {
  const change = (path: Path): number | null => risen(numberAt(before, ...path), numberAt(now, ...path));
  const rate = (...path: string[]): number | null => {
    const change_ = change(path);
    return change_ === null ? null : rounded(change_ / seconds);
  };
  const mean = (kind: string): number | null => {
    const [latency, ops] = ["latency", "ops"].map((name) => change(["opLatencies", kind, name]));
    return typeof latency !== "number" || typeof ops !== "number" || ops === 0
      ? null
      : rounded(latency / ops / 1000);
  };
  const counts = OPERATIONS.map((name) => change(["opcounters", name]));
  const all = counts.reduce<number | null>(
    (sum, one) => (sum === null || one === null ? null : sum + one),
    0,
  );
  const flow = rate("flowControl", "timeAcquiringMicros");
  return {
    connectionsCreated: rate("connections", "totalCreated"),
    connectionsRejected: rate("connections", "rejected"),
    operations: all === null ? null : rounded(all / seconds),
    readMs: mean("reads"),
    writeMs: mean("writes"),
    docsExamined: rate("metrics", "queryExecutor", "scannedObjects"),
    docsReturned: rate("metrics", "document", "returned"),
    collectionScans: rate("metrics", "queryExecutor", "collectionScans", "nonTailable"),
    sortsInMemory: rate("metrics", "operation", "scanAndOrder"),
    cursorsTimedOut: rate("metrics", "cursor", "timedOut"),
    evictedByOperations: rate("wiredTiger", "cache", "pages evicted by application threads"),
    pageFaults: rate("extra_info", "page_faults"),
    flowControlWait: flow === null ? null : rounded(flow / 1e6),
    userAsserts: rate("asserts", "user"),
  };
}
