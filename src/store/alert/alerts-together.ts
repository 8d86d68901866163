import { DiagError } from "../../core/words/errors.ts";
import { together } from "../../lib/together.ts";
import type { Opening, Transaction } from "../transaction.ts";
import { isLarge, locksOf, tryLocksOf } from "./alert-locks.ts";
import { type AlertDelivery, type Received, receiveAlerts, receiveAllAlerts } from "./alerts.ts";

/** Does work in a transaction and tells what it has touched. `opened`: the rows of what it began with. */
export type Commit = <T>(
  work: (tx: Transaction, opened: readonly unknown[]) => Promise<T>,
  opening?: Opening,
) => Promise<T>;

/** Transactions of several groups at once: most of the pool stays free for people. */
const AT_ONCE = 2;
/** Groups that have to wait for somebody are on their own, so that no other waits with them. */
const ALONE = 3;
/** Alerts of one transaction. */
const MOST_ALERTS = 256;

/**
 * Takes in alert groups. Those that come at once share a transaction, as long as they have neither key nor alert in common; it
 * waits for nobody. Whoever would have to wait for another process, is large, or has failed with others, has one alone.
 */
export function alertsTogether(commit: Commit): (delivery: AlertDelivery) => Promise<Received> {
  const alone = together<AlertDelivery, Received>(
    { atOnce: ALONE, most: 1, weight: () => 1, keys: () => [] },
    async (deliveries) => {
      const received = deliveries.map((delivery) =>
        commit((tx) => receiveAlerts(tx, delivery), { first: locksOf(delivery) }),
      );
      await Promise.allSettled(received);
      return received;
    },
  );
  const batch = async (deliveries: readonly AlertDelivery[]): Promise<readonly Promise<Received>[]> => {
    const small = deliveries.filter(({ instances }) => !isLarge(instances));
    const received = await takeIn(commit, small);
    const of = new Map(small.map((delivery, nth) => [delivery, received[nth]]));
    return deliveries.map((delivery) => {
      const mine = of.get(delivery);
      return mine === undefined ? alone(delivery) : Promise.resolve(mine);
    });
  };
  return together<AlertDelivery, Received>(
    {
      ...{ atOnce: AT_ONCE, most: MOST_ALERTS, weight: ({ instances }) => instances.length },
      ...{ keys: keysOf, isForAll: isLost },
    },
    batch,
  );
}

/** Classes of SQLSTATE that say that the transaction was rolled back for the sake of another one: a deadlock, a lock not to be had. */
const FOR_ANOTHER = /^(?:40|55)/;

const isForAnother = (thrown: unknown): boolean =>
  thrown instanceof DiagError && FOR_ANOTHER.test(thrown.detail ?? "");

/** The database did not answer; one that answers with a deadlock is there. */
const isLost = (thrown: unknown): boolean =>
  thrown instanceof DiagError && thrown.code === "store_unavailable" && !isForAnother(thrown);

const keysOf = ({ groupKey, instances }: AlertDelivery): string[] => [
  `group ${groupKey}`,
  ...instances.map(({ sha }) => sha),
];

/** Undefined for those that could not be taken in with the others. Throws where the database did not answer: nothing of it may be done again then. */
async function takeIn(
  commit: Commit,
  deliveries: readonly AlertDelivery[],
): Promise<readonly (Received | undefined)[]> {
  if (deliveries.length === 0) return [];
  try {
    return await commit((tx, opened) => receiveAllAlerts(tx, deliveries, opened.map(isHeld)), {
      first: tryLocksOf(deliveries),
    });
  } catch (thrown) {
    if (isLost(thrown) || (deliveries.length === 1 && !isForAnother(thrown))) throw thrown;
    // One of them cannot be stored, or had to give way: the others must not be lost with it.
    return [];
  }
}

const isHeld = (row: unknown): boolean =>
  typeof row === "object" && row !== null && "held" in row && row.held === true;
