import {
  count,
  type Finding,
  type OutputOf,
  type redis,
  rows,
  sayBytes,
  sayDuration,
} from "../../src/sdk/index.ts";

type Clients = OutputOf<typeof redis.listClients>;

/** Fewer whole copies say nothing: every replica begins with one. */
const MOST_COPIES = 3;
/** Seconds; whole copies that come seldom follow from restarts. */
const OFTEN = 900;

/** A master that gives whole copies again and again: its replicas cannot keep up, and never will. Pure. */
export function copiesAgain<const R extends string>(
  { role, uptimeSeconds, replication, memory }: redis.RedisState,
  rates: redis.RedisRates | undefined,
  clients: Clients | undefined,
  remedy: R,
): Finding<R> | undefined {
  const { fullSyncs, partialRefused, replicas } = replication;
  const now = rates?.fullSyncs ?? 0;
  const copying = replicas.filter(({ state }) => state !== "online");
  const isOften = uptimeSeconds !== null && fullSyncs > 0 && uptimeSeconds / fullSyncs < OFTEN;
  const isAgain = now >= 2 || (fullSyncs >= MOST_COPIES && fullSyncs > replicas.length * 2 && isOften);
  if (role !== "master" || !isAgain) return undefined;
  const since = uptimeSeconds === null ? "since the start" : `in ${sayDuration(uptimeSeconds * 1000)}`;
  return {
    id: "copies-again",
    severity: "critical",
    title: `Replicas copy everything again and again: ${count(fullSyncs, "whole copy", "whole copies")} ${since}, ${now} while watched`,
    because: `${copying.length === 0 ? "" : `${copying.map(({ address, state }) => `${address} (${state})`).join(", ")} ${copying.length === 1 ? "is" : "are"} being copied to now. `}${whyAgain(memory, replication, rates, clients)} ${count(partialRefused, "continuation")} ${partialRefused === 1 ? "was" : "were"} refused. Until it ends there is no replica to fail over to, and every copy forks the server.`,
    evidence: [
      ...(replicas.length === 0
        ? []
        : [
            rows("Replicas", replicas, {
              replica: (one) => one.address,
              state: (one) => one.state,
              "silent for": (one) => (one.lagSeconds === null ? "–" : sayDuration(one.lagSeconds * 1000)),
              behind: (one) => (one.behindBytes === null ? "–" : sayBytes(one.behindBytes)),
            }),
          ]),
    ],
    remedies: [remedy],
  };
}

function whyAgain(
  memory: redis.RedisState["memory"],
  { backlogBytes }: redis.RedisState["replication"],
  rates: redis.RedisRates | undefined,
  clients: Clients | undefined,
): string {
  const limit = replicaLimit(clients?.limits ?? "");
  const perSecond = rates === undefined || rates.written === null ? null : rates.written / rates.seconds;
  const size = memory === null ? "" : ` of ${sayBytes(memory.used)}`;
  const flows = perSecond === null ? "" : ` ${sayBytes(perSecond)} are written a second;`;
  const room =
    limit === undefined
      ? " its limit for that (client-output-buffer-limit replica) may not be asked"
      : ` the master cuts the link beyond ${sayBytes(limit.hard)}${limit.soft > 0 ? `, or ${sayBytes(limit.soft)} for ${limit.seconds} s` : ""} (client-output-buffer-limit replica)`;
  const backlog =
    backlogBytes === null
      ? ""
      : `, and a replica that comes back can continue only within ${sayBytes(backlogBytes)} (repl-backlog-size)`;
  return `While a copy${size} is made and sent, what is written waits in the replica's buffer:${flows}${room}${backlog}.`;
}

/** `normal 0 0 0 slave 268435456 67108864 60 pubsub …`: of replicas. */
export function replicaLimit(limits: string): { hard: number; soft: number; seconds: number } | undefined {
  const words = limits.split(" ");
  const at = words.findIndex((word) => word === "slave" || word === "replica");
  const [hard, soft, seconds] = words.slice(at + 1, at + 4).map(Number);
  if (at < 0 || hard === undefined || soft === undefined || seconds === undefined || hard === 0)
    return undefined;
  return { hard, soft, seconds };
}

export const copiesAdvice = ({
  state,
  rates,
}: {
  readonly state?: redis.RedisState;
  readonly rates?: redis.RedisRates;
}): string => {
  const perSecond = rates === undefined || rates.written === null ? 0 : rates.written / rates.seconds;
  const wanted = Math.ceil(
    Math.max(256 * 1024 ** 2, perSecond * 120, (state?.memory?.used ?? 0) / 4) / 1024 ** 2,
  );
  return `On the master CONFIG SET client-output-buffer-limit "replica ${wanted}mb ${Math.ceil(wanted / 2)}mb 120" and repl-backlog-size ${Math.ceil(wanted / 2)}mb (the memory must be there beside the data; then in its configuration as well), until one copy gets through. If it still breaks: the log says whether the limit (“overcoming of output buffer limits”) or a time-out (repl-timeout, a slow disk or network) ends it. Write less while it copies. Do not fail over to a replica that is not in step.`;
};
