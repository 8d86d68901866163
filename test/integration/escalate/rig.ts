import { pino } from "pino";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { Escalation } from "../../../src/core/words/escalation.ts";
import { IncidentId, PrincipalId, ThreadId } from "../../../src/core/words/ids.ts";
import { type EscalatorDeps, escalateOnce } from "../../../src/escalate/loop.ts";
import { createStore, type Store } from "../../../src/store/index.ts";
import { openPool, type Pool } from "../../../src/store/pool.ts";
import { freshDatabase } from "../../helpers/database.ts";
import { deliverTo } from "../ingress/alert-fixtures.ts";

export const alice = { via: "slack" as const, name: "U0ALICE", principal: PrincipalId.parse("alice") };
export const bob = { via: "slack" as const, name: "U0BOB", principal: PrincipalId.parse("bob") };
export const first = IncidentId.parse(1);

export interface EscalationRig {
  readonly pool: Pool;
  readonly store: Store;
  /** A second node of the same product. */
  other(): Store;
  deliver: ReturnType<typeof deliverTo>;
  deps(more?: Partial<EscalatorDeps>): EscalatorDeps;
  /** One look at everything. */
  look(more?: Partial<EscalatorDeps>): Promise<void>;
  /** So much time passes for everything that is stored. */
  pass(minutes: number): Promise<void>;
  rows(): Promise<{ turn: number; level: number; event: string; state: string; said: string | null }[]>;
  /** Rows of the audit of this test. */
  audit(event: string): Promise<{ actor: string; payload: string }[]>;
  incident(thread?: number): Promise<NonNullable<Awaited<ReturnType<Store["reader"]["thread"]>>>["incident"]>;
  ack(by?: typeof alice, incident?: IncidentId): ReturnType<Store["intake"]["acknowledge"]>;
}

/** To be called once per test file: a database, emptied before every test. */
export function escalationRig(label: string): EscalationRig {
  let pool: Pool;
  let store: Store;
  let drop: () => Promise<void>;
  let asked = 0;
  let auditedBefore = 0;
  beforeAll(async () => {
    const database = await freshDatabase(label);
    pool = openPool(database.url);
    store = createStore(pool, () => {});
    drop = database.drop;
  });
  afterAll(async () => {
    await pool.end();
    await drop();
  });
  beforeEach(async () => {
    await pool.query(
      "TRUNCATE inbox, outbox, escalation, incident_answer, alert_instance, run, incident, thread, storm RESTART IDENTITY CASCADE; DELETE FROM write_freeze; DELETE FROM system_freeze",
    );
    const { rows } = await pool.query("SELECT coalesce(max(id), 0)::int AS id FROM audit");
    auditedBefore = rows[0].id;
  });
  const deps: EscalationRig["deps"] = (more = {}) => ({
    store: store.escalations,
    reader: store.reader,
    escalations: {
      common: Escalation.parse({ after: "10m", to: [{ usergroup: "S0ONCALL" }, { user: "U0BOSS" }] }),
      systems: {},
    },
    webhooks: {},
    lead: async () => true,
    resign: async () => {},
    redact: (text) => text,
    logger: pino({ level: "silent" }),
    tellMs: 2_000,
    ...more,
  });
  return {
    get pool() {
      return pool;
    },
    get store() {
      return store;
    },
    other: () => createStore(pool, () => {}),
    deliver: (...what) => deliverTo(pool)(...what),
    deps,
    look: (more) => escalateOnce(deps(more), new AbortController().signal),
    pass: async (minutes) => {
      const by = `make_interval(mins => ${minutes})`;
      await pool.query(
        `UPDATE incident SET opened_at = opened_at - ${by}, last_seen_at = last_seen_at - ${by};
         UPDATE reopening SET at = at - ${by}; UPDATE incident_answer SET at = at - ${by};
         UPDATE escalation SET at = at - ${by}, due_at = due_at - ${by}, deadline = deadline - ${by};
         UPDATE run SET created_at = created_at - ${by}; UPDATE approval SET requested_at = requested_at - ${by};
         UPDATE vote SET at = at - ${by}`,
      );
    },
    rows: async () =>
      (
        await pool.query(
          "SELECT turn, level, event, state, said FROM escalation ORDER BY incident_id, turn, level, at",
        )
      ).rows,
    audit: async (event) =>
      (
        await pool.query("SELECT actor, payload FROM audit WHERE event = $1 AND id > $2 ORDER BY id", [
          event,
          auditedBefore,
        ])
      ).rows,
    incident: async (thread = 1) => (await store.reader.thread(ThreadId.parse(thread)))?.incident,
    ack: (by = alice, incident = first) =>
      store.intake.acknowledge(
        { source: "slack", dedupeKey: `ack:${++asked}`, raw: "" },
        { incident, by, words: "restarting" },
      ),
  };
}
