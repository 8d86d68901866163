import type { Caller } from "../core/caller.ts";
import { sayDuration } from "../core/duration.ts";
import { DiagError } from "../core/errors.ts";
import { count } from "../core/format.ts";
import type { RunId } from "../core/ids.ts";
import type { Command } from "../core/intent.ts";
import type { Catalog, Reader } from "../core/ports.ts";
import type { Runbook } from "../core/runbook.ts";
import { facesOf } from "../core/system.ts";
import { type FreezeView, type RunSummary, type RunView, stateOfRun } from "../core/view.ts";
import { closest } from "../lib/closest.ts";
import { missingKinds, runnableOn, systemNamed } from "./check-run.ts";
import { describeField, paramFields } from "./params.ts";
import { asTable, type Reply, say } from "./reply.ts";

const NEWEST = 15;

/** All subcommands, or one subcommand or runbook explained. */
export function answerHelp(catalog: Catalog, commands: readonly Command[], topic?: string): Reply {
  if (topic === undefined)
    return say(
      "What you can ask",
      commands.map(({ usage, summary }) => `\`${`/diag ${usage}`.trim()}\` – ${summary}`).join("\n"),
      "Diagnoses only look. Whatever would change something waits in its thread for an approval.",
    );
  const command = commands.find(({ name }) => name === topic);
  if (command !== undefined) return say(`/diag ${command.usage}`.trim(), `${command.summary}.`);
  const runbook = catalog.runbooks.find(({ id }) => id === topic);
  if (runbook !== undefined) return explainRunbook(catalog, runbook);
  const near = closest(topic, [...commands.map(({ name }) => name), ...catalog.runbooks.map(({ id }) => id)]);
  throw new DiagError("unknown_command", `there is no command or runbook "${topic}"`, {
    hint: near === undefined ? "type `/diag help`" : `did you mean \`/diag help ${near}\`?`,
  });
}

function explainRunbook(catalog: Catalog, runbook: Runbook): Reply {
  const systems = catalog.systems.filter((system) => missingKinds(system, runbook).length === 0);
  const fields = paramFields(runbook).map(describeField);
  return say(
    runbook.title,
    [
      `\`/diag <system> ${runbook.id} [key=value …]\``,
      runbook.needs.length === 0 ? "Needs no particular connection." : `Needs: ${runbook.needs.join(", ")}.`,
      `Systems: ${systems.map(({ id }) => id).join(", ") || "none has the connections"}.`,
      "Also: `postgres=<connection>` (any kind) chooses a connection, `for=45m` takes remedies back after that time.",
    ].join("\n"),
    fields.length === 0 ? "No parameters." : `Parameters:\n${fields.map((line) => `• ${line}`).join("\n")}`,
  );
}

/** The systems, or what one of them can run. */
export function answerList(catalog: Catalog, name?: string): Reply {
  if (name === undefined)
    return say(
      catalog.systems.length === 0 ? "No system is configured" : "Systems",
      asTable(
        ["system", "connections", "runbooks"],
        catalog.systems.map((system) => [
          system.id,
          [...new Set(facesOf(system).map(({ kind }) => kind))].join(", "),
          String(runnableOn(catalog, system).length),
        ]),
      ),
    );
  const system = systemNamed(catalog, name);
  return say(
    `Runbooks of ${system.id}`,
    asTable(
      ["runbook", "what it is about"],
      runnableOn(catalog, system).map(({ id, title }) => [id, title]),
    ),
  );
}

/** One run, or the newest ones with the freeze where there is one. */
export async function answerStatus(reader: Reader, id?: RunId): Promise<Reply> {
  if (id !== undefined) return describeRun(await runOrThrow(reader, id));
  const [runs, freeze] = await Promise.all([reader.runs({ limit: NEWEST }), reader.freeze()]);
  return say(
    runs.length === 0 ? "There are no runs yet" : "Newest runs",
    ...(freeze === undefined ? [] : [sayFreeze(freeze)]),
    ...(runs.length === 0 ? [] : [listRuns(runs)]),
  );
}

/** The newest runs of one system. */
export async function answerHistory(catalog: Catalog, reader: Reader, name: string): Promise<Reply> {
  const system = systemNamed(catalog, name);
  const runs = await reader.runs({ system: system.id, limit: NEWEST });
  return runs.length === 0
    ? say(`${system.id} has no runs yet`)
    : say(`Newest runs of ${system.id}`, listRuns(runs));
}

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

/** `Remedies are frozen by …`. */
export const sayFreeze = ({ by, reason, since, until }: FreezeView): string =>
  `Remedies are frozen by ${by} since ${sayMoment(since)}${
    until === undefined ? "" : `, for another ${sayDuration(until.getTime() - Date.now())}`
  }: ${reason}`;

const sayMoment = (moment: Date): string => `${moment.toISOString().slice(0, 16).replace("T", " ")} UTC`;
