import { APPROVAL_STATES } from "../../src/core/words/approval.ts";
import { REMEDY_STATUSES, RUN_STATUSES } from "../../src/core/words/outcome.ts";
import type { Pool } from "../../src/store/index.ts";

interface Row {
  readonly event: string;
  readonly run_id: number | null;
  readonly payload: string;
}

/** Subjects and their states: `run 7`, `remedy 7/restart`, `approval 7/restart`, `attempts 7/restart/apply/1`, `votes 7`. */
type States = Map<string, string | number>;

/**
 * Plays the audit chain from its first row and holds what comes of it against the tables. Each difference is a state change
 * that has no audit row, or an audit row of something that did not happen.
 */
export async function auditGaps(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<Row>(
    "SELECT event, run_id, payload FROM audit ORDER BY seq NULLS LAST, id",
  );
  const told: States = new Map();
  for (const row of rows) if (row.run_id !== null) play(told, row);
  const { rows: kept } = await pool.query<{ subject: string; state: string }>(TABLES);
  const are: States = new Map(kept.map(({ subject, state }) => [subject, state]));
  const subjects = new Set([...told.keys(), ...are.keys()]);
  return [...subjects].flatMap((subject) => {
    const [said, is] = [told.get(subject), are.get(subject)];
    return String(said) === String(is) ? [] : [`${subject}: the audit says ${said}, the table ${is}`];
  });
}

const TABLES = `
  SELECT 'run ' || id AS subject, status AS state FROM run
  UNION ALL SELECT 'remedy ' || run_id || '/' || key, status FROM remedy
  UNION ALL (SELECT DISTINCT ON (run_id, remedy) 'approval ' || run_id || '/' || remedy, state FROM approval
    ORDER BY run_id, remedy, requested_at DESC)
  UNION ALL SELECT 'attempts ' || run_id || '/' || step, count(*)::text FROM attempt GROUP BY run_id, step
  UNION ALL SELECT 'votes ' || a.run_id, count(*)::text FROM vote v JOIN approval a ON a.id = v.approval_id GROUP BY a.run_id`;

function play(told: States, { event, run_id: run, payload }: Row): void {
  const fact = JSON.parse(payload) as Record<string, never>;
  const remedy = `${run}/${fact.remedy}`;
  const count = (subject: string): void => void told.set(subject, Number(told.get(subject) ?? 0) + 1);
  switch (event) {
    case "run.created":
      told.set(`run ${run}`, "queued");
      return;
    case "run.claimed":
      told.set(`run ${run}`, "running");
      return;
    case "run.diagnosed":
      diagnosed(told, run, fact.remedies);
      return;
    case "run.looked-again":
      diagnosed(told, run, fact.remedies);
      return;
    case "remedy.proposed":
      decided(told, remedy, { approval: "pending", remedy: "waiting" });
      return;
    case "step.executing":
      count(`attempts ${run}/${fact.step}`);
      return;
    case "vote.cast":
    case "vote.break-glass":
      count(`votes ${run}`);
      if (fact.state !== "pending") decided(told, remedy, { approval: fact.state, remedy: fact.state });
      return;
    default:
      named(told, event, `${run}`, remedy);
  }
}

/** Events that are called after the state they lead to: `run.waiting`, `remedy.failed`, `approval.void`. */
function named(told: States, event: string, run: string, remedy: string): void {
  const [kind = "", word = ""] = event.split(".");
  if (kind === "run" && isOne(RUN_STATUSES, word)) told.set(`run ${run}`, word);
  if (kind === "remedy" && isOne(REMEDY_STATUSES, word)) told.set(`remedy ${remedy}`, word);
  if (kind === "approval" && isOne(APPROVAL_STATES, word)) told.set(`approval ${remedy}`, word);
}

function decided(
  told: States,
  subject: string,
  states: { approval: string | undefined; remedy: string | undefined },
): void {
  told.set(`approval ${subject}`, states.approval ?? "");
  told.set(`remedy ${subject}`, states.remedy ?? "");
}

function diagnosed(
  told: States,
  run: number | null,
  remedies: readonly { key: string; status: string }[] | undefined,
) {
  for (const { key, status } of remedies ?? []) told.set(`remedy ${run}/${key}`, status);
}

const isOne = (words: readonly string[], word: string): boolean => words.includes(word);
