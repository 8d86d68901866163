import type { Catalog } from "../core/ports/catalog.ts";
import type { Reader } from "../core/ports/reader.ts";
import { sayFrozen } from "../core/rules/freeze.ts";
import { stateOfRun } from "../core/rules/run-outcome.ts";
import type { Caller } from "../core/words/caller.ts";
import { DiagError } from "../core/words/errors.ts";
import { count, sayWhen } from "../core/words/format.ts";
import type { RunId } from "../core/words/ids.ts";
import type { PendingView } from "../core/words/pending.ts";
import { asTable, type Reply, say } from "../core/words/reply.ts";
import type { FreezeView, RunSummary, RunView } from "../core/words/view.ts";
import { systemNamed } from "./check-run.ts";
import { freezeJson } from "./freezing.ts";
import { mustRead, readable } from "./rights.ts";

interface Library {
  readonly catalog: Catalog;
  readonly reader: Reader;
}

const NEWEST = 15;

/** One run, or the newest ones with the freeze where there is one; of systems the caller may read. */
export async function showStatus({ catalog, reader }: Library, caller: Caller, id?: RunId): Promise<Reply> {
  if (id !== undefined) {
    const run = await runOrThrow(reader, id);
    mustRead(catalog, caller, run.system);
    return describeRun(run);
  }
  const systems = readable(catalog, caller);
  const [runs, freeze, stops] = await Promise.all([
    reader.runs({ systems, limit: NEWEST }),
    reader.freeze(),
    reader.systemFreezes(systems),
  ]);
  return {
    ...say(
      runs.length === 0 ? "There are no runs yet" : "Newest runs",
      ...[...(freeze === undefined ? [] : [freeze]), ...stops].map(sayFreeze),
      ...(runs.length === 0 ? [] : [listRuns(runs)]),
    ),
    data: { freeze: freeze === undefined ? null : freezeJson(freeze), runs: runs.map(summaryJson) },
  };
}

/** The newest runs of one system. */
export async function showHistory(
  { catalog, reader }: Library,
  caller: Caller,
  name: string,
): Promise<Reply> {
  const system = systemNamed(catalog, name);
  mustRead(catalog, caller, system.id);
  const runs = await reader.runs({ systems: [system.id], limit: NEWEST });
  const reply =
    runs.length === 0
      ? say(`${system.id} has no runs yet`)
      : say(`Newest runs of ${system.id}`, listRuns(runs));
  return { ...reply, data: { system: system.id, runs: runs.map(summaryJson) } };
}

/** What waits for people, and the freeze where there is one. */
export async function showPending(
  { catalog, reader }: Library,
  caller: Caller,
  name?: string,
): Promise<Reply> {
  const system = name === undefined ? undefined : systemNamed(catalog, name);
  if (system !== undefined) mustRead(catalog, caller, system.id);
  const systems = system === undefined ? readable(catalog, caller) : [system.id];
  const [pending, freeze, stops] = await Promise.all([
    reader.pending(systems),
    reader.freeze(),
    reader.systemFreezes(systems),
  ]);
  return {
    ...say(
      pending.length === 0
        ? "Nothing waits for anybody"
        : `${count(pending.length, "remedy", "remedies")} waiting`,
      ...[...(freeze === undefined ? [] : [freeze]), ...stops].map(sayFreeze),
      ...(pending.length === 0 ? [] : [listPending(pending)]),
    ),
    data: { freeze: freeze === undefined ? null : freezeJson(freeze), pending: pending.map(pendingJson) },
  };
}

const listPending = (pending: readonly PendingView[]) =>
  asTable(
    ["run", "system", "wants", "until", "risk", "remedy"],
    pending.map(({ run, system, wants, have, need, until, risk, remedy, title }) => [
      `#${run}`,
      system,
      wants === "approval" ? `approval ${have}/${need}` : wants,
      until === undefined ? "–" : sayWhen(until, new Date()),
      risk,
      `${remedy}: ${title}`,
    ]),
  );

const pendingJson = ({ until, requester, ...rest }: PendingView) => ({
  ...rest,
  requester: requester ?? null,
  until: until?.toISOString() ?? null,
});

const summaryJson = ({ createdAt, endedAt, severity, ...rest }: RunSummary) => ({
  ...rest,
  severity: severity ?? null,
  createdAt: createdAt.toISOString(),
  endedAt: endedAt?.toISOString() ?? null,
});

/** The run. Throws `unknown_run`. */
export async function runOrThrow(reader: Reader, id: RunId): Promise<RunView> {
  const run = await reader.run(id);
  if (run !== undefined) return run;
  throw new DiagError("unknown_run", `there is no run #${id}`, {
    hint: "`/diag status` shows the newest runs",
  });
}

/** What differs in length stands last: a narrow window then wraps nothing else. */
const listRuns = (runs: readonly RunSummary[]) =>
  asTable(
    ["run", "when (UTC)", "state", "findings", "by", "what"],
    runs.map((run) => [
      `#${run.id}`,
      run.createdAt.toISOString().slice(5, 16).replace("T", " "),
      run.state,
      run.findings === 0 ? "–" : `${run.findings}${run.severity === undefined ? "" : ` ${run.severity}`}`,
      run.caller.via === "alert" ? "alert" : nameOf(run.caller),
      `${run.system} ${run.runbook}`,
    ]),
  );

/** Never a Slack id: that says nothing to people. */
const nameOf = ({ principal, via, name }: Caller): string =>
  principal ?? (via === "slack" ? "a member" : name);

function describeRun(run: RunView): Reply {
  const ended = run.steps.filter(({ state }) => state !== "ready" && state !== "executing").length;
  const findings = run.findings.map(({ severity, title }) => `• ${severity}: ${title}`);
  const remedies = run.remedies.map(({ key, status, title }) => `• ${key} (${status}): ${title}`);
  return {
    ...say(
      `Run #${run.id}: ${run.title} on ${run.system}`,
      `${stateOfRun(run)}, ${ended} of ${count(run.steps.length, "step")} done, ${run.caller.via === "alert" ? "started by alert" : "asked by"} ${nameOf(run.caller)} at ${sayMoment(run.createdAt)}`,
      ...(run.error === undefined ? [] : [`Error: ${run.error.message}`]),
      ...(findings.length === 0 ? [] : [`Findings:\n${findings.join("\n")}`]),
      ...(remedies.length === 0 ? [] : [`Remedies:\n${remedies.join("\n")}`]),
    ),
    run: run.id,
    thread: run.thread,
  };
}

/** `Remedies are frozen by alice until 17:46 UTC (since …): why`. */
const sayFreeze = (freeze: FreezeView): string =>
  `${freeze.quiet === true ? `${freeze.system} is` : "Remedies are"} ${sayFrozen(freeze)} (since ${sayMoment(freeze.since)}): ${freeze.reason}`;

const sayMoment = (moment: Date): string => `${moment.toISOString().slice(0, 16).replace("T", " ")} UTC`;
