import type { RedisHands } from "../client.ts";
import type { Parts } from "./bullmq-parts.ts";
import type { RedisQueue } from "./queue.ts";
import { askEach, numberOf, secondsSince, textsOf } from "./replies.ts";

/** Children of one parent that are looked at, by chance. */
const CHILDREN = 50;
/** Most children of all queues together. */
const MOST = 2_000;

interface Child {
  /** `bull:mails:17`: with its queue, as its parent has it. */
  readonly key: string;
  readonly part: Parts;
  readonly parent: string;
}

interface Held extends Child {
  readonly is: "failed" | "gone";
}

const dependencies = ({ base }: Parts, id: string): readonly [string, string, number] => [
  "SRANDMEMBER",
  `${base}:${id}:dependencies`,
  CHILDREN,
];

/** `bull:mails:17`: its queue and its id. */
function splitKey(key: string): { base: string; id: string } {
  const at = key.lastIndexOf(":");
  return { base: key.slice(0, at), id: key.slice(at + 1) };
}

/**
 * Parents of flows that wait for a child which will not come by itself: it failed for good, or its key is gone (deleted by hand, evicted). A child
 * that is done leaves the dependencies of its parent in the same script, so only what is still there afterwards is held.
 */
export async function flowsOf(
  redis: RedisHands,
  parts: readonly Parts[],
  nowMs: number,
): Promise<Map<string, NonNullable<RedisQueue["flows"]>>> {
  const parents = parts.flatMap((part) => part.parents.map(({ id }) => ({ part, id })));
  const children = (await askEach(redis, parents, ({ part, id }) => [dependencies(part, id)]))
    .flatMap(([{ part, id }, [keys]]) => textsOf(keys).map((key): Child => ({ key, part, parent: id })))
    .slice(0, MOST);
  const seen = await askEach(redis, children, ({ key }) => [
    ["EXISTS", key],
    ["ZSCORE", `${splitKey(key).base}:failed`, splitKey(key).id],
  ]);
  const held = seen.flatMap(([child, [there, failed]]): Held[] => {
    if (failed !== null && failed !== undefined) return [{ ...child, is: "failed" as const }];
    // Null: another node has it, which says nothing.
    return there === 0 ? [{ ...child, is: "gone" as const }] : [];
  });
  const still = new Map(
    (await askEach(redis, held, ({ part, parent }) => [dependencies(part, parent)])).map(
      ([child, [keys]]) => [child, textsOf(keys)],
    ),
  );
  const sure = held.filter((child) => {
    const keys = still.get(child) ?? [];
    return keys.includes(child.key) || keys.length === CHILDREN;
  });
  return new Map(
    parts
      .filter(({ waitingChildren }) => waitingChildren > 0)
      .map((part) => [
        part.base,
        toldOf(
          part,
          sure.filter((child) => child.part === part),
          nowMs,
        ),
      ]),
  );
}

function toldOf(
  { waitingChildren, parents }: Parts,
  sure: readonly Held[],
  nowMs: number,
): NonNullable<RedisQueue["flows"]> {
  const [first] = sure;
  return {
    parents: numberOf(waitingChildren),
    oldestSeconds: secondsSince(parents[0]?.sinceMs ?? null, nowMs),
    looked: parents.length,
    held: new Set(sure.map(({ parent }) => parent)).size,
    example:
      first === undefined
        ? null
        : { parent: first.parent.slice(0, 200), child: first.key.slice(0, 250), is: first.is },
  };
}
