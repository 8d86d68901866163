import { sayDuration } from "../../core/words/duration.ts";
import { count, sayBytes } from "../../core/words/format.ts";
import type { RedisFailure } from "./failures/known.ts";
import type { RedisRates } from "./rates.ts";
import type { RedisState } from "./state.ts";

/** What was seen while it was watched. */
export type Watched = Pick<RedisRates, "seconds" | "errors" | "link">;

/** How a replica stands: its link, and whether somebody takes it for a master. Pure; empty: it is none. */
export function replica(state: RedisState, rates: Watched | undefined): RedisFailure[] {
  const { role, replication } = state;
  if (role !== "replica") return [];
  if (replication.masterLinkUp === false || (rates !== undefined && rates.link.down > 0))
    return [broken(replication, rates)];
  return [(replication.readOnly ? writesTried(state, rates) : undefined) ?? inStep(replication)];
}

function writesTried(
  { replication, totals, uptimeSeconds }: RedisState,
  rates: Watched | undefined,
): RedisFailure | undefined {
  const { master } = replication;
  const advice = `Point the URL of whatever writes at the master (${master}), or at Sentinel's or the service's primary name, which follows failovers.`;
  const refused = rates?.errors.READONLY ?? 0;
  const watched = rates === undefined ? "" : sayDuration(rates.seconds * 1000);
  if (refused > 0)
    return {
      id: "read-only",
      severity: "critical",
      title: `Writes are sent to a read-only replica: ${refused} refused in ${watched}`,
      because: `This server follows ${master} and takes reads only: whoever writes has the wrong address, or a failover turned this server into a replica.`,
      advice,
    };
  if (totals.readOnlyErrors === 0) return undefined;
  const since =
    uptimeSeconds === null ? "since its start" : `since its start ${sayDuration(uptimeSeconds * 1000)} ago`;
  return {
    id: "read-only",
    severity: "warning",
    title: `${count(totals.readOnlyErrors, "write")} ${totals.readOnlyErrors === 1 ? "was" : "were"} sent to this read-only replica ${since}`,
    because: `It follows ${master} and takes reads only. None came while it was watched${watched === "" ? "" : ` (${watched})`}.`,
    advice,
  };
}

function inStep({ master, readOnly }: RedisState["replication"]): RedisFailure {
  return {
    id: "replica",
    severity: "info",
    title: `This is a ${readOnly ? "read-only " : ""}replica of ${master}, and its link is up`,
    because: readOnly
      ? `Reads work; a write through this address would be refused, and none has been tried. Where writes are meant to go here, its name or address was the master's before a failover: they belong to ${master} now, and this one is not to be made a master again.`
      : "Reads work; what is written here is lost at the next copy of its master.",
    advice: `What writes belongs to the master (${master}).`,
  };
}

function broken(
  { master, masterSilentSeconds, copying }: RedisState["replication"],
  rates: Watched | undefined,
): RedisFailure {
  const silent =
    masterSilentSeconds === null
      ? "The link has not been up since it was set or lost its count: how old its data is cannot be told"
      : `The link has been down for ${sayDuration(masterSilentSeconds * 1000)}: what it serves is that old`;
  const left =
    copying?.leftBytes === undefined || copying.leftBytes === null
      ? ""
      : ` (${sayBytes(copying.leftBytes)} left)`;
  const copies =
    copying === null && (rates?.link.copying ?? 0) === 0
      ? ""
      : ` It is taking over a whole copy${left}: if that begins again and again, the master cuts the link before the copy is done (client-output-buffer-limit replica) or has no room to continue from (repl-backlog-size).`;
  const seen =
    rates === undefined || rates.link.looks === 0
      ? ""
      : ` Seen down in ${rates.link.down} of ${rates.link.looks} looks.`;
  return {
    id: "master-link-down",
    severity: "critical",
    title: "This replica has no link to its master",
    because: `${silent}.${seen}${copies} Its master is ${master}.`,
    advice:
      "Look at the master and the path to it (its own redis-connectivity says whether it gives copies again and again), then at both logs: “scheduled to be closed ASAP for overcoming of output buffer limits” on the master means a bigger client-output-buffer-limit replica (and repl-backlog-size), “MASTER aborted replication” its reason. Do not fail over to this replica before it has caught up.",
  };
}
