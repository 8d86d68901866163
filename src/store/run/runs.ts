import type { RunRequest } from "../../core/ports/intake.ts";
import { accountOf, type Caller } from "../../core/words/caller.ts";
import type { GuideAsked } from "../../core/words/guide.ts";
import { type IncidentId, RunId, ThreadId } from "../../core/words/ids.ts";
import type { Transaction } from "../transaction.ts";
import { PREVIOUS_RUN } from "./before.ts";

interface Origin {
  readonly thread: ThreadId;
  readonly incident?: IncidentId;
  readonly alert?: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
}

/** A new Slack thread (not posted yet) in that channel; `guide`: of the runs of one guide item. */
export async function insertThread(tx: Transaction, channel: string, guide?: GuideAsked): Promise<ThreadId> {
  const { rows } = await tx.sql.query<{ id: number }>(
    "INSERT INTO thread (channel, guide) VALUES ($1, $2) RETURNING id",
    [channel, guide ?? null],
  );
  return ThreadId.parse(rows[0]?.id);
}

/** A queued run, with its audit row; run and thread are touched, so a worker and the thread will look. */
export async function insertRun(tx: Transaction, request: RunRequest, origin: Origin): Promise<RunId> {
  const { rows } = await tx.sql.query<{ id: number }>(
    `INSERT INTO run (thread_id, incident_id, system, runbook, title, params, connections, alert, caller, dry_run, apply_for_ms,
       previous_run_id, shown)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, ${PREVIOUS_RUN},
       $9::jsonb ->> 'via' <> 'schedule') RETURNING id`,
    [
      origin.thread,
      origin.incident ?? null,
      request.system,
      request.runbook,
      request.title,
      request.params,
      request.connections,
      origin.alert ?? null,
      request.caller,
      request.dryRun ?? false,
      request.applyForMs ?? null,
    ],
  );
  const run = RunId.parse(rows[0]?.id);
  const { system, runbook, params, connections } = request;
  tx.audit({
    actor: actorOf(request.caller),
    event: "run.created",
    run,
    payload: { system, runbook, params, connections, account: accountOf(request.caller) },
  });
  tx.touch("run", run);
  tx.touch("thread", origin.thread);
  return run;
}

/** How a caller is written in the audit: the principal where there is one. */
export const actorOf = (caller: Caller): string => caller.principal ?? `${caller.via}:${caller.name}`;
