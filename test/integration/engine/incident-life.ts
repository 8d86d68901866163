import { expect } from "vitest";
import { ApprovalId, RunId, ThreadId } from "../../../src/core/words/ids.ts";
import { isEnded } from "../../../src/core/words/outcome.ts";
import type { RunView, ThreadView } from "../../../src/core/words/view.ts";
import { drawThread } from "../../../src/thread/draw/thread.ts";
import type { WantedMessage } from "../../../src/thread/wanted.ts";
import type { theIncident } from "./incident-bench.ts";
import type { Rig } from "./rig.ts";

/** What people see of an incident at this moment, and the rows it was drawn from. */
export interface Shown {
  readonly view: ThreadView;
  readonly head: string;
  readonly buttons: readonly { readonly action: string; readonly value: string; readonly slot: string }[];
  readonly now: Date;
}

export async function shown(
  rig: Rig,
  incident: ReturnType<typeof theIncident>,
  people: Parameters<typeof drawThread>[1]["people"],
): Promise<Shown | undefined> {
  const { rows } = await rig.pool.query<{ thread: number; now: Date }>(
    "SELECT thread_id AS thread, clock_timestamp() AS now FROM incident WHERE id = $1",
    [await incident.id()],
  );
  const row = rows[0];
  const view = row && (await rig.bench.store.reader.thread(ThreadId.parse(row.thread)));
  if (row === undefined || view === undefined) return undefined;
  const messages = drawThread(view, { now: row.now, people });
  const head = messages.find(({ slot }) => slot === "head");
  return {
    view,
    now: row.now,
    head: JSON.stringify(head?.blocks),
    buttons: messages.flatMap((message) => buttonsOf(message)),
  };
}

const buttonsOf = ({ slot, blocks }: WantedMessage): Shown["buttons"][number][] =>
  [...JSON.stringify(blocks).matchAll(/"action_id":"([^"]+)","text":\{[^}]*\},"value":"([^"]*)"/g)].map(
    ([, action = "", value = ""]) => ({ action, value, slot }),
  );

export const approvals = ({ buttons }: Shown): ApprovalId[] =>
  buttons.filter(({ action }) => action === "remedy:approve").map(({ value }) => ApprovalId.parse(value));

export const cancellable = ({ buttons }: Shown): RunId[] => [
  ...new Set(buttons.filter(({ action }) => action === "run:cancel").map(({ value }) => RunId.parse(value))),
];

/** Head, cards and buttons say what the rows say, and never two things at once. */
export async function isConsistent(rig: Rig, seen: Shown): Promise<void> {
  const { view, now, buttons, head } = seen;
  const remedies = view.runs.flatMap((run) => run.remedies.map((remedy) => ({ run, remedy })));
  const valuesOf = (action: string) =>
    buttons
      .filter((button) => button.action === action)
      .map(({ value }) => value)
      .sort();
  const idsOf = (wanted: (typeof remedies)[number][]) =>
    wanted.map(({ remedy }) => remedy.approval?.id).sort();
  const isAsking = ({ run, remedy }: (typeof remedies)[number]) =>
    remedy.status === "waiting" &&
    !isEnded(run.status) &&
    run.cancelRequestedBy === undefined &&
    run.supersededBy === undefined;
  const asking = remedies.filter(isAsking);
  // Whatever waits belongs to a run that may still be asked about.
  expect(idsOf(remedies.filter(({ remedy }) => remedy.status === "waiting"))).toEqual(idsOf(asking));
  for (const { remedy } of asking) expect(remedy.approval?.state).toBe("pending");
  const inTime = asking.filter(({ remedy }) => (remedy.approval?.expiresAt ?? now) > now);
  expect(valuesOf("remedy:approve")).toEqual(idsOf(inTime));
  expect(valuesOf("remedy:deny")).toEqual(idsOf(inTime));
  const unknown = remedies.filter(({ remedy }) => remedy.status === "unknown");
  expect(valuesOf("remedy:abandon")).toEqual(idsOf(unknown));
  const inForce = remedies.filter(({ remedy }) => (remedy.held?.until ?? now) > now);
  expect(valuesOf("remedy:keep")).toEqual(idsOf(inForce));
  for (const { run } of [...unknown, ...asking]) expect(isEnded(run.status)).toBe(false);
  saysTheState(view, head, asking.length > 0);
  const open = view.runs.filter((run) => !isEnded(run.status) && run.cancelRequestedBy === undefined);
  for (const run of cancellable(seen)) expect(open.map(({ id }) => id)).toContain(run);
  oneOfEach(open);
  await oneCardPerAct(rig, view.incident?.id ?? 0);
  await onlyWhatWasApproved(rig, view.incident?.id ?? 0);
}

function saysTheState({ incident, runs }: ThreadView, head: string, asks: boolean): void {
  const isOver = /Resolved: |Closed: /.test(head);
  expect(isOver).toBe(incident?.status === "resolved");
  expect(/approve or deny|deny what is not needed/.test(head)).toBe(asks && !hidesBehindUnknown(runs));
}

/** An open question comes first in the line of its run. */
const hidesBehindUnknown = (runs: readonly RunView[]): boolean =>
  runs
    .filter((run) => run.remedies.some(({ status }) => status === "waiting"))
    .every((run) => run.remedies.some(({ status }) => status === "unknown"));

/** Never two runs at once that look at the same, but for one that only ends what it has begun. */
function oneOfEach(open: readonly RunView[]): void {
  const looks = ({ diagnosed, remedies }: RunView) =>
    !diagnosed || remedies.some(({ status }) => ["planned", "waiting", "approved"].includes(status));
  const asking = open.filter((run) => run.supersededBy === undefined && looks(run));
  const keys = asking.map(({ runbook, params }) => JSON.stringify([runbook, params]));
  expect(new Set(keys).size).toBe(keys.length);
}

/** What had succeeded and is taken back on somebody's word is the opposite act, and stays beside what was done since. */
async function oneCardPerAct({ pool }: Rig, incident: number): Promise<void> {
  const { rows } = await pool.query(
    `SELECT a.act, count(*) FROM approval a JOIN run r ON r.id = a.run_id JOIN remedy m ON m.run_id = a.run_id AND m.key = a.remedy
     WHERE r.incident_id = $1 AND a.state IN ('pending', 'approved')
       AND m.status IN ('waiting', 'approved', 'applying', 'verifying', 'undoing', 'unknown')
       AND NOT (m.status = 'undoing' AND EXISTS (SELECT FROM audit e WHERE e.run_id = m.run_id
         AND e.event = 'remedy.succeeded' AND e.payload::jsonb ->> 'remedy' = m.key))
     GROUP BY a.act HAVING count(*) > 1`,
    [incident],
  );
  expect(rows).toEqual([]);
}

/** Every write has two votes for exactly its plan and none against it. */
async function onlyWhatWasApproved({ pool }: Rig, incident: number): Promise<void> {
  const { rows } = await pool.query(
    `SELECT t.run_id, t.step FROM attempt t JOIN run r ON r.id = t.run_id JOIN step s ON s.run_id = t.run_id AND s.name = t.step
     WHERE r.incident_id = $1 AND NOT EXISTS (SELECT FROM approval a WHERE a.run_id = t.run_id AND a.remedy = s.remedy
       AND a.plan_sha256 = t.plan_sha256 AND NOT EXISTS (SELECT FROM vote v WHERE v.approval_id = a.id AND v.decision = 'deny')
       AND (SELECT count(*) FROM vote v WHERE v.approval_id = a.id AND v.decision = 'approve') >= 2)`,
    [incident],
  );
  expect(rows).toEqual([]);
}
