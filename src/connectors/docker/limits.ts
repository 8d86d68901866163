import { z } from "zod";
import {
  type ActionContext,
  actionsOn,
  type Call,
  type Preview,
  type Probed,
} from "../../core/words/action.ts";
import { sayBytes } from "../../core/words/format.ts";
import type { Json } from "../../core/words/json.ts";
import { beforeEffect, refused } from "../before-effect.ts";
import { type DockerClient, getJson } from "./client.ts";
import { inspect } from "./containers.ts";
import { findIfThere } from "./find.ts";
import { sendWrite } from "./send-write.ts";
import { type Inspect, Stats } from "./shapes.ts";
import { asDecided, driftOf, moved, refusal, Target, witnessOf } from "./situation.ts";
import { stats, usageOf } from "./stats.ts";

const { write } = actionsOn<DockerClient>("docker");
/** Of the machine's memory at most so much for one container. */
const MOST = 0.8;
/** A limit below what it holds, and a tenth more, would kill it. */
const ROOM = 1.1;
const CPU = 1e9;

const Machine = z.object({ MemTotal: z.number(), NCPU: z.number() });

const Input = Target.extend({
  /** Bytes. */
  memory: z.int().min(6_291_456).optional(),
  /** 1 is one CPU. */
  cpus: z.number().min(0.01).max(1_024).optional(),
  /** Of a way back: the limits it takes back, 0 for none. Others than these were set by somebody since, and stay. */
  from: z.object({ memory: z.number(), cpus: z.number() }).optional(),
});
type Input = z.output<typeof Input>;

const Before = z.object({
  memory: z.number(),
  /** Memory and swap together, -1 without a limit, 0 where none is set. Absent in what was recorded before. */
  swap: z.number().optional(),
  cpus: z.number(),
  machineMemory: z.number(),
  machineCpus: z.number(),
});
const Witness = z.object({ before: Before });

const limitsOf = ({ HostConfig: host }: Inspect) => ({
  memory: host.Memory,
  swap: host.MemorySwap ?? 0,
  cpus: (host.NanoCpus ?? 0) / CPU,
});

/** Limits that are not those it was decided on; undefined: they are, or it is not known which they were. */
function changed({ from }: Pick<Input, "from">, found: Inspect, witness: Json): string | undefined {
  const then = from ?? Witness.safeParse(witness).data?.before;
  const now = limitsOf(found);
  if (then === undefined || (then.memory === now.memory && Math.abs(then.cpus - now.cpus) < 1e-6))
    return undefined;
  return `its limits were changed: it has ${sayMemory(now.memory)} of memory and ${sayCpus(now.cpus)} of CPUs now`;
}

/** Why the limit is not set so; undefined: it may be. */
async function why(
  client: DockerClient,
  input: Input,
  found: Inspect,
  machine: z.output<typeof Machine>,
  context: ActionContext,
): Promise<string | undefined> {
  const no = refusal(client, found) ?? moved(input, found);
  if (no !== undefined) return no;
  const { memory, cpus } = input;
  if (memory !== undefined && memory > machine.MemTotal * MOST)
    return `that is more than ${MOST * 100} % of the machine's ${sayBytes(machine.MemTotal)}`;
  if (cpus !== undefined && cpus > machine.NCPU) return `the machine has ${machine.NCPU} CPUs`;
  if (cpus !== undefined && (found.HostConfig.CpuQuota ?? 0) > 0)
    return "its CPU limit is a quota (cpu_quota): change that where it is written";
  if (memory === undefined || found.State.Status !== "running") return undefined;
  const call = { path: `/containers/${found.Id}/stats`, query: { stream: false } };
  const holds = usageOf(await getJson(client, Stats, call, context), found.HostConfig.Memory).memory;
  if (holds === null) return "what it holds in memory is not known";
  return memory < holds * ROOM ? `it holds ${sayBytes(holds)}: it would be killed` : undefined;
}

/** What may be swapped out stays as much as it is, or without a limit; where there was no limit, as much again (the engine's default). */
function withSwap(memory: number, { memory: now, swap }: ReturnType<typeof limitsOf>): number {
  if (swap === -1) return -1;
  return now > 0 && swap >= now ? memory + (swap - now) : memory * 2;
}

function bodyOf({ memory, cpus }: Input, found: Inspect): Json {
  return {
    ...(memory === undefined ? {} : { Memory: memory, MemorySwap: withSwap(memory, limitsOf(found)) }),
    ...(cpus === undefined ? {} : { NanoCpus: Math.round(cpus * CPU) }),
  };
}

const sayMemory = (bytes: number) => (bytes > 0 ? sayBytes(bytes) : "none");
const sayCpus = (cpus: number) => (cpus > 0 ? String(cpus) : "none");
const sayChange = ({ memory, cpus }: Input, was: { memory: number; cpus: number }): string =>
  [
    ...(memory === undefined ? [] : [`memory limit ${sayMemory(was.memory)} → ${sayBytes(memory)}`]),
    ...(cpus === undefined ? [] : [`CPU limit ${sayCpus(was.cpus)} → ${cpus}`]),
  ].join(", ");

const isSet = ({ memory, cpus }: Pick<Input, "memory" | "cpus">, now: { memory: number; cpus: number }) =>
  (memory === undefined || now.memory === memory) && (cpus === undefined || Math.abs(now.cpus - cpus) < 1e-6);

/**
 * Sets the memory or CPU limit of one container without a restart (`docker update`). It holds until the container is made anew:
 * the compose file has to say it, too. tektra.cpu-optimization, sergas-accounts.memory-limits, resync.high-cpu-memory.
 */
export const setLimits = write({
  name: "docker.set-limits",
  title: "Set the limits of a container",
  class: "cas",
  risk: "high",
  input: Input,
  output: z.object({ container: z.string(), before: Before }),
  timeoutSeconds: 20,
  target: ({ container }) => container,
  preview: async (client, input, context): Promise<Preview> => {
    const found = await findIfThere(client, input.container, context);
    if (found === undefined)
      return { changes: [], witness: { gone: true }, nothingToDo: `${input.name} is gone` };
    const machine = await getJson(client, Machine, { path: "/info" }, context);
    const was = limitsOf(found);
    const before = { ...was, machineMemory: machine.MemTotal, machineCpus: machine.NCPU };
    const witness = { ...(witnessOf(found) as Record<string, Json>), before };
    if (isSet(input, was)) return { changes: [], witness, nothingToDo: `${input.name} has this limit` };
    const no = changed(input, found, null) ?? (await why(client, input, found, machine, context));
    const line = `container ${input.name}: ${sayChange(input, was)} (it goes on running; until it is made anew)`;
    return { changes: [line], witness, ...(no === undefined ? {} : { refused: no }) };
  },
  drift: (then, now) => {
    const [was, is] = [Witness.safeParse(then).data?.before, Witness.safeParse(now).data?.before];
    const moved = was === undefined || is === undefined || (was.memory === is.memory && was.cpus === is.cpus);
    return [...driftOf(then, now), ...(moved ? [] : ["its limits were changed"])];
  },
  run: async (client, input, context) => {
    const { found, machine } = await beforeEffect(async () => {
      const decided = await asDecided(client, input, context);
      const here = await getJson(client, Machine, { path: "/info" }, context);
      const no = await why(client, input, decided, here, context);
      if (no !== undefined) throw refused(no);
      // What it holds was measured since: its limits once more, right before they are set.
      const last = await asDecided(client, input, context);
      const other = changed(input, last, context.witness);
      if (other !== undefined) throw refused(other);
      return { found: last, machine: here };
    });
    const path = `/containers/${found.Id}/update`;
    await sendWrite(client, { method: "POST", path, body: bodyOf(input, found), ok: [200] }, context);
    return {
      container: found.Id,
      before: { ...limitsOf(found), machineMemory: machine.MemTotal, machineCpus: machine.NCPU },
    };
  },
  probe: async (client, input, witness, context): Promise<Probed> => {
    const found = await findIfThere(client, input.container, context);
    if (found === undefined) return { verdict: "unknown", evidence: `container ${input.name} is gone` };
    const now = limitsOf(found);
    const isOther = changed(input, found, witness) !== undefined;
    return {
      verdict: isSet(input, now) ? "done" : isOther ? "unknown" : "not-done",
      evidence: `${input.name}: memory limit ${sayMemory(now.memory)}, CPU limit ${sayCpus(now.cpus)}`,
    };
  },
  undo: (input, _witness, { before }): Call => {
    const { memory, cpus, from: _from, ...target } = input;
    // The engine takes no limit for "unchanged": where there was none, as much as the machine has is the same.
    const most = Math.floor(before.machineMemory * MOST);
    return setLimits({
      ...target,
      from: { memory: memory ?? before.memory, cpus: cpus ?? before.cpus },
      ...(memory === undefined ? {} : { memory: before.memory > 0 ? before.memory : most }),
      ...(cpus === undefined ? {} : { cpus: before.cpus > 0 ? before.cpus : before.machineCpus }),
    });
  },
  leaves: "where there was no limit, one near what the machine has",
  says: (input, { before }) => `${input.name}: ${sayChange(input, before)}`,
  settled: {
    within: "30s",
    check: ({ container }) => ({ now: inspect({ container }), usage: stats({ containers: [container] }) }),
    holds: ({ now }, input) =>
      now.state === input.state && isSet(input, { memory: now.memoryLimit, cpus: now.cpus ?? 0 }),
    figures: ({ usage }, { container }) => {
      const now = usage.usage.find((one) => one.container === container);
      return now?.memory == null ? "" : `${sayBytes(now.memory)} of ${sayBytes(now.memoryLimit)}`;
    },
  },
});
