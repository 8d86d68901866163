import type { AlertRun } from "../../../src/core/ports/intake.ts";
import { Notification } from "../../../src/core/words/alert.ts";
import { RunId } from "../../../src/core/words/ids.ts";
import type { RemedyStatus } from "../../../src/core/words/outcome.ts";
import { Policies } from "../../../src/core/words/policy.ts";
import { entry } from "../../helpers/engine-bench.ts";
import type { Rig } from "./rig.ts";

const QUIET_MS = 300_000;
let incidents = 0;

/** An alert of its own that starts `level`, and what becomes of it; no two of them share a label. */
export function theIncident(rig: Rig) {
  const name = `alert-${process.pid}-${++incidents}`;
  let minute = 0;
  const send = (status: "firing" | "resolved", runs: readonly Partial<AlertRun>[]) => {
    const labels = { alertname: name };
    const startsAt = new Date(Date.UTC(2026, 0, 1) + minute * 60_000).toISOString();
    const alert = { labels, annotations: {} };
    const level = {
      system: "sys",
      runbook: "level",
      title: "level",
      params: {},
      connections: { http: "api" },
      alert,
    };
    return rig.bench.store.intake.receiveAlerts(
      { ...entry(), source: "alertmanager" },
      {
        notification: Notification.parse({
          version: "4",
          groupKey: name,
          status,
          alerts: [{ status, ...alert, startsAt, endsAt: status === "resolved" ? startsAt : "" }],
        }),
        system: "sys",
        channel: "C0",
        severity: "critical",
        quietMs: QUIET_MS,
        runs: status === "firing" ? runs.map((more) => ({ ...level, ...more })) : [],
      },
    );
  };
  const id = async () =>
    (await rig.pool.query<{ id: number }>("SELECT id FROM incident WHERE group_key = $1", [name])).rows[0]
      ?.id;
  const runs = async (): Promise<RunId[]> => {
    const { rows } = await rig.pool.query("SELECT id FROM run WHERE incident_id = $1 ORDER BY id", [
      await id(),
    ]);
    return rows.map((row) => RunId.parse(row.id));
  };
  return {
    twoVotes: Policies.parse({ high: { approvals: 2, from: ["oncall"], self: true } }),
    id,
    runs,
    /** It begins to fire, each time as a new alert. */
    fire: (more: { runs?: readonly Partial<AlertRun>[] } = {}) => {
      minute += 1;
      return send("firing", more.runs ?? [{}]);
    },
    resolve: () => send("resolved", []),
    /** Every run goes as far as it goes. */
    workOn: async (): Promise<RunId[]> => {
      const all = await runs();
      for (const run of all) await rig.bench.engine.advance(run);
      return all;
    },
    /** Cards somebody may decide on. */
    cards: async (): Promise<{ run: number; remedy: string; status: RemedyStatus }[]> => {
      const { rows } = await rig.pool.query(
        `SELECT a.run_id AS run, a.remedy, m.status FROM approval a JOIN run r ON r.id = a.run_id
           JOIN remedy m ON m.run_id = a.run_id AND m.key = a.remedy
         WHERE r.incident_id = $1 AND a.state = 'pending' ORDER BY a.run_id, m.ord`,
        [await id()],
      );
      return rows;
    },
    /** So much time passes that the same may be diagnosed again. */
    quietIsOver: async () =>
      rig.pool.query(
        `WITH runs AS (UPDATE run SET created_at = created_at - interval '1 h', looked_again_at = looked_again_at - interval '1 h'
           WHERE incident_id = $1)
         UPDATE incident SET runs_due_at = runs_due_at - interval '1 h' WHERE id = $1`,
        [await id()],
      ),
  };
}
