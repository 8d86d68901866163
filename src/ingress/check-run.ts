import type { Catalog } from "../core/ports/catalog.ts";
import type { RunRequest } from "../core/ports/intake.ts";
import { isRunbookDisabled } from "../core/rules/restrict.ts";
import { mayRunOn, missingKinds, otherwhere } from "../core/rules/runnable.ts";
import type { Caller } from "../core/words/caller.ts";
import type { Kind } from "../core/words/connection.ts";
import { parseDuration } from "../core/words/duration.ts";
import { DiagError } from "../core/words/errors.ts";
import { sayConnections } from "../core/words/format.ts";
import { BadParameters, type Complaint } from "../core/words/reply.ts";
import type { Runbook } from "../core/words/runbook.ts";
import { connectionsOf, kindsOf, type System } from "../core/words/system.ts";
import { closest } from "../lib/closest.ts";
import { readParams } from "./params.ts";
import { suggestForRunbook, suggestForSystem } from "./suggest.ts";

/** The system of that name. Throws `unknown_system` with "did you mean". */
export function systemNamed(catalog: Catalog, name: string): System {
  const found = catalog.systems.find((system) => system.id === name);
  if (found !== undefined) return found;
  throw new DiagError("unknown_system", `there is no system "${name}"`, {
    hint: suggestForSystem(catalog, { system: name, runbook: "" }),
  });
}

/** System and runbook of what was asked; `also` are other words that could stand first. Throws with what may be meant. */
function namedIn(catalog: Catalog, asked: Asked, also: readonly string[] = []): [System, Runbook] {
  const system = catalog.systems.find(({ id }) => id === asked.system);
  if (system === undefined)
    throw new DiagError("unknown_system", `there is no system or command "${asked.system}"`, {
      hint: suggestForSystem(catalog, asked, also),
    });
  const runbook = catalog.runbooks.find(({ id }) => id === asked.runbook);
  if (runbook !== undefined) return [system, runbook];
  const [first = "", stray] = asked.runbook.split(" ");
  if (stray !== undefined && catalog.runbooks.some(({ id }) => id === first))
    throw new DiagError("usage", `expected key=value, got "${stray}"`, {
      hint: `parameters are written key=value, values with spaces key="a b"; \`/diag help ${first}\` lists them`,
    });
  throw new DiagError("unknown_runbook", `there is no runbook "${asked.runbook}"`, {
    hint: suggestForRunbook(runnableOn(catalog, system), system.id, asked.runbook),
  });
}

/** Runbooks that can be started on the system. */
export const runnableOn = (catalog: Catalog, system: System): Runbook[] =>
  catalog.runbooks.filter((runbook) => mayRunOn(system, runbook));

/** The first connection of every kind the system has. */
export const defaultConnections = (system: System): Record<string, string> =>
  Object.fromEntries(
    kindsOf(system).flatMap((kind) => {
      const name = connectionsOf(system, kind)[0]?.[0];
      return name === undefined ? [] : [[kind, name]];
    }),
  );

export interface Asked {
  readonly system: string;
  readonly runbook: string;
  readonly params: Readonly<Record<string, string>>;
}

/**
 * A checked run: the system and runbook exist, its needs are met, parameters fit. Parameters named after a kind of
 * connection choose one (`postgres=replica`); `for=45m` takes remedies back after that time. `otherWords` could stand where the system stands. Throws user errors.
 */
export function checkRun(
  catalog: Catalog,
  asked: Asked,
  more: { caller: Caller; channel: string; dryRun?: boolean; otherWords?: readonly string[] },
): RunRequest {
  const [system, runbook] = namedIn(catalog, asked, more.otherWords);
  if (isRunbookDisabled(system, runbook.id))
    throw new DiagError("not_allowed", `${runbook.id} is disabled for ${system.id}`, {
      hint: `see systems.${system.id}.runbooks.disable of diagbot.yaml`,
    });
  const missing = missingKinds(system, runbook);
  if (missing.length > 0)
    throw new DiagError(
      "missing_connection",
      `${runbook.id} needs ${sayConnections(missing)}, ${system.id} has none`,
      { hint: `add it to the connections of ${system.id} in diagbot.yaml` },
    );
  const other = otherwhere(system, runbook);
  if (other !== undefined)
    throw new DiagError("missing_connection", `${runbook.id} cannot run on ${system.id}: ${other}`, {
      hint: `\`/diag list ${system.id}\` shows what can`,
    });
  const { connections, params, applyForMs } = readAll(catalog, system, runbook, asked.params);
  return {
    system: system.id,
    runbook: runbook.id,
    title: runbook.title,
    params,
    connections,
    caller: more.caller,
    channel: more.channel,
    ...(applyForMs === undefined ? {} : { applyForMs }),
    ...(more.dryRun === undefined ? {} : { dryRun: more.dryRun }),
  };
}

/** Connections, time and parameters, with the complaints of all of them at once. */
function readAll(catalog: Catalog, system: System, runbook: Runbook, words: Asked["params"]) {
  const kinds = catalog.kinds.map(({ name }) => name);
  const connections = defaultConnections(system);
  const complaints: Complaint[] = [];
  const rest: [string, string][] = [];
  for (const [name, word] of Object.entries(words)) {
    const kind = kinds.find((candidate) => candidate === name);
    const complaint = kind === undefined ? undefined : chooseConnection(system, kind, word, connections);
    if (complaint !== undefined) complaints.push({ name, message: complaint });
    if (kind === undefined && name !== APPLY_FOR) rest.push([name, word]);
  }
  const applyForMs = words[APPLY_FOR] === undefined ? undefined : parseDuration(words[APPLY_FOR]);
  if (words[APPLY_FOR] !== undefined && !isApplyTime(applyForMs))
    complaints.push({
      name: APPLY_FOR,
      message: `"${words[APPLY_FOR]}" is not a time between 1m and 7d, e.g. 45m`,
    });
  const params = paramsOrComplaints(runbook, Object.fromEntries(rest), kinds, complaints);
  return { connections, params, applyForMs };
}

function paramsOrComplaints(
  runbook: Runbook,
  words: Asked["params"],
  kinds: readonly Kind[],
  before: readonly Complaint[],
) {
  try {
    const params = readParams(runbook, words, kinds);
    if (before.length === 0) return params;
  } catch (error) {
    if (!(error instanceof BadParameters)) throw error;
    throw new BadParameters([...before, ...error.complaints], error.hint);
  }
  throw new BadParameters(before);
}

const APPLY_FOR = "for";
const isApplyTime = (ms: number | undefined): boolean =>
  ms !== undefined && ms >= 60_000 && ms <= 7 * 24 * 3_600_000;

function chooseConnection(
  system: System,
  kind: Kind,
  wanted: string,
  chosen: Record<string, string>,
): string | undefined {
  const names = connectionsOf(system, kind).map(([name]) => name);
  if (names.includes(wanted)) {
    chosen[kind] = wanted;
    return undefined;
  }
  if (names.length === 0) return `${system.id} has no ${kind} connection`;
  const near = closest(wanted, names);
  return near === undefined
    ? `no ${kind} connection "${wanted}"; there is ${names.join(", ")}`
    : `no ${kind} connection "${wanted}": did you mean "${near}"?`;
}
