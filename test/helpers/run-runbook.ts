import { setTimeout as delay } from "node:timers/promises";
import {
  type Action,
  type Call,
  type Preview,
  type Steps,
  undoCall,
  type WriteAction,
} from "../../src/core/words/action.ts";
import type { Connection, ConnectionFace } from "../../src/core/words/connection.ts";
import type { Connector } from "../../src/core/words/connector.ts";
import { parseDuration } from "../../src/core/words/duration.ts";
import { DiagError, toDiagError } from "../../src/core/words/errors.ts";
import type { RecordedFinding } from "../../src/core/words/finding.ts";
import { canonical, type Json } from "../../src/core/words/json.ts";
import type { Seen } from "../../src/core/words/outcome.ts";
import type { AnyExecutable, AnySeen, Runbook, RunContext } from "../../src/core/words/runbook.ts";
import { Thresholds } from "../../src/core/words/system.ts";
import type { StepView } from "../../src/core/words/view.ts";
import { stepError } from "../../src/engine/call.ts";
import { conclude, type Diagnosed, stepsOfStage } from "../../src/engine/conclude.ts";
import { seenOf as recordedSeen } from "../../src/engine/context.ts";
import { createTargets } from "../../src/engine/targets.ts";
import { knownRedactor, redactor } from "../../src/lib/redact.ts";
import { chosen, makeConnection } from "../make/system.ts";
import { recordSituation } from "./record-situation.ts";

/** A system under test: its connections as in diagbot.yaml and the connectors that reach them. */
export interface BenchOptions {
  readonly connections: Readonly<Record<string, unknown>>;
  readonly connectors: readonly Connector[];
  /** The connection chosen per kind, by name. Default: the first of each. */
  readonly uses?: Readonly<Record<string, string>>;
  readonly thresholds?: Partial<Thresholds>;
  readonly alert?: { labels: Record<string, string>; annotations: Record<string, string> };
  readonly contacts?: readonly { name: string; channel?: string }[];
  /** Milliseconds to ask whether a remedy helped, instead of its own `within`: for those that are known not to. */
  readonly patienceMs?: number;
}

/** What applying one remedy led to. `undo` carries out the actions' own undo, last first. */
export interface Applied {
  readonly calls: readonly Call[];
  readonly previews: readonly Preview[];
  /** Empty when a preview refused or had nothing to do: nothing was run then. */
  readonly outputs: readonly unknown[];
  readonly holds: boolean;
  readonly after: AnySeen;
  undo(): Promise<void>;
}

export interface Diagnosis {
  readonly seen: AnySeen;
  readonly findings: readonly RecordedFinding[];
  finding(id: string): RecordedFinding;
  /** do -> preview -> run -> poll verify; `meanwhile` runs between preview and run. */
  apply(remedy: string, meanwhile?: () => Promise<unknown>): Promise<Applied>;
  /** Text of an advice remedy. */
  advice(remedy: string): string;
}

export interface Bench {
  diagnose(runbook: Runbook, params?: Record<string, unknown>): Promise<Diagnosis>;
  /** One read or write (preview is not asked; `witness`: what it has said), output checked. Throws DiagError. */
  call<Out>(call: Call<Out>, witness?: Json): Promise<Out>;
  preview(call: Call): Promise<Preview>;
  /** The action, client and context of a call, for tests of drift, probe and undo. */
  resolve(call: Call): { action: Action; client: unknown; context: WriteTestContext };
  close(): Promise<void>;
}

interface WriteTestContext {
  signal: AbortSignal;
  timeoutMs: number;
  connection: ConnectionFace;
  effectKey: string;
  witness: Json;
  remainingMs(): number;
}

/** Carries out runbooks as the engine will, without store and queue. Always `close()` it. */
export function openBench(options: BenchOptions): Bench {
  const connections = Object.entries(options.connections).map(
    ([name, connection]) => [name, makeConnection(name, connection)] as const,
  );
  const faces = connections.map(([, { face }]) => face);
  const clients = new Map<string, { client: unknown; connector: Connector }>();
  const clientOf = (connector: Connector, name: string, connection: Connection): unknown => {
    const key = `${options.connectors.indexOf(connector)}/${name}`;
    const open = clients.get(key) ?? { client: connector.open(connection), connector };
    clients.set(key, open);
    return open.client;
  };
  const resolve: Bench["resolve"] = (call) => {
    const connector = options.connectors.find((one) => one.actions.some(({ name }) => name === call.action));
    const action = connector?.actions.find(({ name }) => name === call.action);
    if (connector === undefined || action === undefined) throw new Error(`no action ${call.action}`);
    const on = call.on ?? options.uses?.[action.needs];
    const found = connections.find(([name, connection]) =>
      on === undefined ? serves(action, connection) : on === name,
    );
    if (found === undefined) throw new DiagError("missing_connection", `${call.action}: no connection`);
    const timeoutMs = action.timeoutSeconds * 1000;
    const end = performance.now() + timeoutMs;
    const context: WriteTestContext = {
      signal: AbortSignal.timeout(timeoutMs),
      timeoutMs,
      connection: found[1].face,
      effectKey: "test-effect",
      witness: null,
      remainingMs: () => end - performance.now(),
    };
    return { action, client: clientOf(connector, ...found), context };
  };
  const call = async <Out>(one: Call<Out>, witness: Json = null): Promise<Out> => {
    const { action, client, context } = resolve(one);
    const input = action.input.parse(plain(one.input));
    const output = await action.run(client, input, { ...context, witness });
    const parsed = action.output.safeParse(output);
    if (!parsed.success) throw new DiagError("bad_output", `${action.name}: ${parsed.error.message}`);
    return plain(parsed.data) as Out;
  };
  const preview = async (one: Call): Promise<Preview> => {
    const { action, client, context } = resolve(one);
    return asWrite(action).preview(client, action.input.parse(plain(one.input)), context);
  };
  return {
    call,
    preview,
    resolve,
    diagnose: (runbook, params = {}) =>
      diagnose({ call, preview, resolve, ...options }, runbook, {
        params: runbook.params.parse(params),
        thresholds: Thresholds.parse(options.thresholds ?? {}),
        system: { id: "bench", connections: faces, contacts: options.contacts ?? [] },
        uses: { ...chosen(faces), ...options.uses },
        ...(options.alert === undefined ? {} : { alert: options.alert }),
        now: new Date(),
      }),
    close: async () => {
      await Promise.all([...clients.values()].map(({ connector, client }) => connector.close(client)));
    },
  };
}

type Hands = Pick<Bench, "call" | "preview" | "resolve"> & Pick<BenchOptions, "connectors" | "patienceMs">;

/** The engine's own functions on what the steps returned here: findings as a run would record them. */
async function diagnose(hands: Hands, runbook: Runbook, context: RunContext): Promise<Diagnosis> {
  const deps = {
    targets: createTargets(hands.connectors),
    redact: redactor([]),
    redactKnown: knownRedactor([]),
  };
  const uses = { connections: context.uses ?? {} };
  let diagnosed: Diagnosed = { runbook, context, steps: [] };
  for (const stage of runbook.stages.keys()) {
    const made = stepsOfStage(deps, diagnosed, uses, stage);
    const steps = await Promise.all(
      made.map(async (step): Promise<StepView> => {
        const outcome = await seenOf(hands, { action: step.action, on: step.on, input: step.input });
        const view = { ...step, epoch: 0 };
        return outcome.ok
          ? { ...view, state: "succeeded", output: plain(outcome.value) }
          : { ...view, state: "errored", error: outcome.error };
      }),
    );
    diagnosed = { ...diagnosed, steps: [...diagnosed.steps, ...steps] };
  }
  const { steps } = diagnosed;
  recordSituation(runbook, context, uses.connections, steps);
  const seen = recordedSeen({ steps });
  const { findings, remedies } = conclude(deps, diagnosed);
  if (canonical(findings) !== canonical(conclude(deps, diagnosed).findings))
    throw new Error("findings are not pure");
  return {
    seen,
    findings,
    finding: (id) => {
      const found = findings.find((finding) => finding.id === id);
      if (found !== undefined) return found;
      throw new Error(`no finding ${id}; seen: ${spoken(findings, seen)}`);
    },
    apply: (name, meanwhile) => apply(hands, runbook, name, seen, context, meanwhile),
    advice: (name) => {
      const said = remedies.find(({ key }) => key === name)?.advice;
      if (said === undefined) throw new Error(`${name} is not an advice that a finding names`);
      return said;
    },
  };
}

/** All that was found, with its reasons, and what each step that errored said: a failure in a log must tell why by itself. */
const spoken = (findings: readonly RecordedFinding[], seen: AnySeen): string =>
  JSON.stringify([
    ...findings.map(({ id, title, because }) => [id, title, because]),
    ...Object.entries(seen).flatMap(([step, one]) => (one.ok ? [] : [[`step ${step}`, one.error]])),
  ]);

async function see(hands: Hands, steps: Steps): Promise<AnySeen> {
  const entries = Object.entries(steps).map(
    async ([name, call]) => [name, await seenOf(hands, call)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

async function seenOf(hands: Hands, call: Call): Promise<Seen<unknown>> {
  try {
    return { ok: true, value: await hands.call(call) };
  } catch (thrown) {
    const error = toDiagError(thrown);
    if (error.code === "bug") throw thrown;
    return { ok: false, error: stepError(error, (text) => text) };
  }
}

async function apply(
  hands: Hands,
  runbook: Runbook,
  name: string,
  seen: AnySeen,
  context: RunContext,
  meanwhile?: () => Promise<unknown>,
): Promise<Applied> {
  const remedy = runbook.remedies[name];
  if (remedy === undefined || remedy.advice !== undefined) throw new Error(`${name} is not executable`);
  const calls = remedy.do(seen, context);
  const previews: Preview[] = [];
  const outputs: unknown[] = [];
  for (const call of calls) previews.push(await hands.preview(call));
  const isHeld = previews.some(
    ({ refused, nothingToDo }) => refused !== undefined || nothingToDo !== undefined,
  );
  const undo = () => undoAll(hands, calls, previews, outputs);
  if (calls.length === 0 || isHeld) return { calls, previews, outputs, holds: false, after: {}, undo };
  await meanwhile?.();
  for (const [index, call] of calls.entries())
    outputs.push(await hands.call(call, witnessOf(previews[index])));
  const done = calls.map(({ action, input }, index) => ({ action, input, output: outputs[index] }));
  return { calls, previews, outputs, undo, ...(await pollVerify(hands, remedy, seen, context, done)) };
}

async function pollVerify(
  hands: Hands,
  { verify }: AnyExecutable,
  seen: AnySeen,
  context: RunContext,
  done: readonly { action: string; input: Json; output: unknown }[],
): Promise<{ holds: boolean; after: AnySeen }> {
  const end = performance.now() + (hands.patienceMs ?? parseDuration(verify.within) ?? 0);
  for (;;) {
    const after = await see(hands, verify.check(seen, context));
    const holds = (await areSettled(hands, done)) && verify.holds(after, done, context);
    if (holds || performance.now() > end) return { holds, after };
    await delay(100);
  }
}

/** What the actions promise of themselves. */
async function areSettled(
  hands: Hands,
  done: readonly { action: string; input: Json; output: unknown }[],
): Promise<boolean> {
  for (const one of done) {
    const { settled } = asWrite(hands.resolve(one).action);
    if (settled === undefined) continue;
    const after = Object.entries(await see(hands, settled.check(one.input)));
    if (!after.every(([, seen]) => seen.ok)) return false;
    const values = Object.fromEntries(after.map(([name, seen]) => [name, seen.ok ? seen.value : undefined]));
    if (!settled.holds(values, one.input, one.output)) return false;
  }
  return true;
}

async function undoAll(
  hands: Hands,
  calls: readonly Call[],
  previews: readonly Preview[],
  outputs: readonly unknown[],
): Promise<void> {
  for (const [index, call] of [...calls.entries()].reverse()) {
    const action = asWrite(hands.resolve(call).action);
    const taken = undoCall(action, call.input, witnessOf(previews[index]), outputs[index]);
    if (taken === undefined) throw new Error(`${call.action} has no undo`);
    await hands.call(call.on === undefined ? taken : { ...taken, on: call.on });
  }
}

const witnessOf = (preview: Preview | undefined): Json => plain(preview?.witness ?? null);

function asWrite(action: Action): WriteAction {
  if (action.effect === "write") return action;
  throw new Error(`${action.name} is not a write`);
}

const serves = ({ needs }: Action, { kind, face }: Connection): boolean =>
  needs === "endpoint" ? face.endpoint !== undefined : needs === kind;

// As the store does it: only what JSON can hold survives between steps.
const plain = <T>(value: T): T & Json => JSON.parse(JSON.stringify(value ?? null)) as T & Json;
