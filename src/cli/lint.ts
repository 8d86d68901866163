import { paramFields } from "../core/rules/param-field.ts";
import type { Action, Call } from "../core/words/action.ts";
import type { ConnectionFace } from "../core/words/connection.ts";
import { canonical } from "../core/words/json.ts";
import type { AnyRemedy, Runbook, RunContext } from "../core/words/runbook.ts";
import { Thresholds } from "../core/words/system.ts";

/** What runbooks are held against. An absent part is not checked. */
export interface LintWorld {
  readonly actions: readonly Action[];
  /** Names of the kinds of connections there are. */
  readonly kinds?: readonly string[] | undefined;
  /** Ids of the guides' catalogue. */
  readonly catalogIds?: readonly string[] | undefined;
  /** Names, without extension, of the files of runbooks/ that make a runbook. */
  readonly files?: readonly string[] | undefined;
}

const ID = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** What is wrong with the runbooks; one line each, empty: nothing. What the types already promise is not repeated. */
export function lintRunbooks(runbooks: readonly Runbook[], world: LintWorld): string[] {
  return [
    ...lintList(runbooks, world),
    ...runbooks.flatMap((runbook) =>
      [
        ...lintHead(runbook, world),
        ...lintParams(runbook),
        ...lintRemedies(runbook),
        ...lintFirstStage(runbook, world.actions),
      ].map((complaint) => `${runbook.id}: ${complaint}`),
    ),
  ];
}

function lintList(runbooks: readonly Runbook[], { files }: LintWorld): string[] {
  const ids = runbooks.map(({ id }) => id);
  const twice = [...new Set(ids.filter((id, index) => ids.indexOf(id) !== index))];
  const complaints = twice.map((id) => `${id}: two runbooks have this id`);
  if (files === undefined) return complaints;
  for (const id of ids)
    if (!files.includes(id)) complaints.push(`${id}: there is no file ${id}.ts in runbooks/`);
  for (const file of files)
    if (!ids.includes(file)) complaints.push(`${file}.ts is not in the list of runbooks/index.ts`);
  return complaints;
}

function lintHead(runbook: Runbook, { catalogIds, kinds }: LintWorld): string[] {
  const complaints: string[] = [];
  if (!ID.test(runbook.id)) complaints.push("the id must be lower-case words joined by -");
  if (runbook.title.trim() === "") complaints.push("the title is empty");
  for (const kind of runbook.needs)
    if (kinds?.includes(kind) === false) complaints.push(`needs an unknown kind "${kind}"`);
  for (const id of runbook.covers)
    if (catalogIds !== undefined && !catalogIds.includes(id))
      complaints.push(`covers "${id}", which the guides' catalogue does not have`);
  if (new Set(runbook.covers).size !== runbook.covers.length) complaints.push("covers an id twice");
  const matches = runbook.alerts.map((match) => canonical(match));
  if (matches.includes("{}")) complaints.push("an alert without labels fits no alert");
  if (new Set(matches).size !== matches.length) complaints.push("has the same alert twice");
  return complaints;
}

function lintParams(runbook: Runbook): string[] {
  if (runbook.forPeople === true) return [];
  return paramFields(runbook).flatMap(({ name, description }) => {
    const complaints: string[] = [];
    const schema = runbook.params.shape[name];
    const isOptional = schema === undefined || acceptsNothing(schema);
    if (!isOptional) complaints.push(`parameter ${name} needs a default or .optional(): alerts give none`);
    if (description.trim() === "") complaints.push(`parameter ${name} needs a description`);
    return complaints;
  });
}

const acceptsNothing = (schema: unknown): boolean =>
  typeof schema === "object" &&
  schema !== null &&
  "safeParse" in schema &&
  typeof schema.safeParse === "function" &&
  schema.safeParse(undefined).success === true;

function lintRemedies(runbook: Runbook): string[] {
  return Object.entries(runbook.remedies).flatMap(([key, remedy]) =>
    remedyComplaints(remedy).map((complaint) => `remedy ${key} ${complaint}`),
  );
}

function remedyComplaints(remedy: AnyRemedy): string[] {
  if (remedy.advice !== undefined)
    return typeof remedy.advice === "string" && remedy.advice.trim() === "" ? ["has an empty advice"] : [];
  const complaints: string[] = [];
  if (remedy.title.trim() === "") complaints.push("has no title");
  if (typeof remedy.verify?.check !== "function")
    complaints.push("has no verify: how is it known to have helped?");
  else if (!/^[1-9]\d*(\.\d+)?[smh]$/.test(remedy.verify.within))
    complaints.push(`verifies within "${remedy.verify.within}", which is no duration such as 30s`);
  if (remedy.undo !== "actions" && !/^none: \S/.test(remedy.undo ?? ""))
    complaints.push('has no undo: "actions", or "none: " and why it cannot be taken back');
  return complaints;
}

/** Runs the first stage with the default parameters on a made-up system, so that every call's input is parsed. */
function lintFirstStage(runbook: Runbook, actions: readonly Action[]): string[] {
  const first = runbook.stages[0];
  if (first === undefined) return ["has no diagnose stage"];
  const params = runbook.params.safeParse({});
  if (!params.success) return [];
  let calls: readonly (readonly [string, Call])[];
  try {
    calls = Object.entries(first({}, exampleContext(runbook, params.data)));
  } catch (error) {
    return [`its first stage fails: ${error instanceof Error ? error.message : String(error)}`];
  }
  return calls.flatMap(([step, call]) =>
    callComplaints(runbook, actions, call).map((why) => `step ${step} ${why}`),
  );
}

function callComplaints(runbook: Runbook, actions: readonly Action[], call: Call): string[] {
  const action = actions.find(({ name }) => name === call.action);
  if (action === undefined) return [`calls ${call.action}, which no connector has`];
  if (action.effect === "write")
    return [`calls ${call.action}, which changes something: a diagnosis only looks`];
  const isServed =
    call.on !== undefined || action.needs === "endpoint" || runbook.needs.includes(action.needs);
  return isServed ? [] : [`calls ${call.action}, but the runbook does not need "${action.needs}"`];
}

function exampleContext(runbook: Runbook, params: Readonly<Record<string, unknown>>): RunContext {
  const connections: ConnectionFace[] = runbook.needs.map((kind) => ({
    name: kind,
    kind,
    endpoint: { host: "example.invalid", port: 1, tls: false },
  }));
  return {
    params,
    thresholds: Thresholds.parse({}),
    system: { id: "example", connections, contacts: [] },
    now: new Date(0),
  };
}
