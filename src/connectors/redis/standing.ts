import { sayDuration } from "../../core/words/duration.ts";
import { count } from "../../core/words/format.ts";
import { compromised } from "./compromised.ts";
import type { RedisFailure } from "./failures/known.ts";
import { replica, type Watched } from "./standing-replica.ts";
import { type RedisState, SLOTS } from "./state.ts";

/** What is known of a server; absent: not asked, or not answered. */
export interface Facts {
  readonly state?: RedisState | undefined;
  readonly rates?: Watched | undefined;
  readonly signs?: readonly string[] | undefined;
}

/**
 * How a server stands in its system: cluster, replication, saving, intrusion. One judgement, for the health matrix and for every
 * runbook. What is a normal state (one node of a healthy cluster, a replica in step) is `info`.
 */
export function standingOf({ state, rates, signs = [] }: Facts): readonly RedisFailure[] {
  return [
    ...(signs.length > 0 ? [compromised(signs)] : []),
    ...(state === undefined
      ? []
      : [...cluster(state), ...replica(state, rates), ...behind(state), ...saving(state)]),
  ];
}

/** Whose the slots are that nobody serves; empty: that is not known. Pure. */
export function saySlots({
  slotsFailed,
  slotsUnassigned,
  failing,
}: NonNullable<RedisState["cluster"]>): string {
  const names = failing.length === 0 ? "" : ` (${failing.map(sayFailing).join(", ")})`;
  const failed = slotsFailed > 0 ? ` Slots of masters that failed${names}: ${slotsFailed}.` : "";
  return slotsUnassigned === null || slotsUnassigned === 0
    ? failed
    : `${failed} Slots assigned to no node at all: ${slotsUnassigned} (CLUSTER DELSLOTS, a reset node, a move that was given up).`;
}

function cluster({ mode, cluster: seen }: RedisState): RedisFailure[] {
  if (mode !== "cluster" || seen === null) return [];
  const { slotsCovered, slotsDoubtful, masters, nodes, state, failing } = seen;
  const names = failing.map(sayFailing).join(", ");
  const figures = `${slotsCovered} of ${SLOTS} slots are served by ${count(masters, "master")} (${count(nodes, "node")} known); this node says “${state}”.`;
  const advice =
    "CLUSTER NODES on several nodes: who is marked `fail` or `fail?`, which slots has nobody, do all see the same? Bring the failed master or its replica back; `redis-cli --cluster check <node>` names open slots.";
  if (state !== "ok" || slotsCovered < SLOTS)
    return [
      {
        id: "cluster",
        severity: "critical",
        title:
          state === "ok"
            ? `Redis Cluster serves ${slotsCovered} of ${SLOTS} slots only`
            : "Redis Cluster is down",
        because: `${figures} Keys of the other slots can be neither read nor written.${saySlots(seen)}`,
        advice,
      },
    ];
  if (slotsDoubtful > 0)
    return [
      {
        id: "cluster",
        severity: "warning",
        title: `A master of the cluster does not answer this node (${slotsDoubtful} slots)`,
        because: `${figures}${names === "" ? "" : ` It is ${names}.`} Others may still reach it; after cluster-node-timeout they vote.`,
        advice,
      },
    ];
  if (seen.gone.length > 0)
    return [
      {
        id: "cluster-nodes-gone",
        severity: "warning",
        title: `The cluster serves all slots, but ${count(seen.gone.length, "node is", "nodes are")} gone: ${seen.gone.slice(0, 3).join(", ")}`,
        because: `${figures} ${seen.bare.length === 0 ? "Every master still has a replica." : `${count(seen.bare.length, "master has", "masters have")} no replica any more (${seen.bare.slice(0, 3).join(", ")}): if one of them fails, its slots are lost until it returns.`} After a failover that is so until the old master is back as a replica.`,
        advice:
          "Start the node again (its nodes.conf lets it join by itself as a replica); if it is gone for good, CLUSTER FORGET <its id> on every node within a minute, and add another (`redis-cli --cluster add-node <new> <any> --cluster-slave`).",
      },
    ];
  return [
    {
      id: "cluster-node",
      severity: "info",
      title: `This is one node of a healthy cluster: ${count(masters, "master")}, all ${SLOTS} slots served`,
      because: `${figures} It answers for its own slots and sends clients on for others (MOVED), as it should. Memory, clients and slow commands are this node's only.`,
      advice: "Give diagbot a connection per node to have them all looked at.",
    },
  ];
}

const sayFailing = ({ address, slots }: NonNullable<RedisState["cluster"]>["failing"][number]): string =>
  `${address || "an address that is not known"}, ${count(slots, "slot")}`;

/** Seconds without a word of a replica, which pings every one. */
const LONG_SILENT = 30;

function behind({ role, replication: { replicas } }: RedisState): RedisFailure[] {
  const late = replicas.filter(
    ({ state, lagSeconds }) => state === "online" && (lagSeconds ?? 0) >= LONG_SILENT,
  );
  const [worst] = late.toSorted((a, b) => (b.lagSeconds ?? 0) - (a.lagSeconds ?? 0));
  if (role !== "master" || worst === undefined) return [];
  return [
    {
      id: "replica-behind",
      severity: "warning",
      title: `${count(late.length, "replica")} of this master ${late.length === 1 ? "is" : "are"} silent: ${worst.address} for ${sayDuration((worst.lagSeconds ?? 0) * 1000)}`,
      because:
        "Its link is open, but it has not said for so long how far it has come: it hangs, is overloaded, or the path to it is cut. A failover to it would lose what came since.",
      advice:
        "Look at that replica (its own redis-connectivity) and the network between; after repl-timeout the master cuts the link and it begins anew.",
    },
  ];
}

function saving({
  persistence: { rdbOk, aofOk, changesSinceSave, savedSecondsAgo },
}: RedisState): RedisFailure[] {
  if (rdbOk && aofOk) return [];
  const changes = changesSinceSave === null ? "What was written" : count(changesSinceSave, "change");
  return [
    {
      id: "saving-fails",
      severity: "warning",
      title: `Redis cannot save: the last ${rdbOk ? "AOF write or rewrite" : "background save"} failed`,
      because: `${changes} since the last save${savedSecondsAgo === null ? "" : ` (${sayDuration(savedSecondsAgo * 1000)} ago)`} would be lost with the process.`,
      advice:
        "Its log says why: “No space left on device”, “Permission denied” (is `CONFIG GET dir` what you set?), or “fork: Cannot allocate memory” (vm.overcommit_memory=1, or more memory). Repair that, then BGSAVE and look at rdb_last_bgsave_status. Until then a restart loses what was written since.",
    },
  ];
}
