import { z } from "zod";
import { actionsOn, type Probed } from "../../src/core/words/action.ts";
import type { Connector } from "../../src/core/words/connector.ts";
import { DiagError } from "../../src/core/words/errors.ts";

/** A target at the network's edge that writes a receipt before it answers: the ground truth of what was done. */
export interface World {
  value: number;
  /** A setting beside it; absent: it has none. */
  mode?: string;
  receipts: { key: string; set: number }[];
  /** What happens to the next writes. */
  next: ("ok" | "lost-reply" | "refuse" | "never-arrives")[];
  probe: Probed | undefined;
  reads: number;
  /** Runs in the middle of a read, on the loop of the worker. */
  block: () => void;
}

export const newWorld = (): World => ({
  value: 10,
  receipts: [],
  next: [],
  probe: undefined,
  reads: 0,
  block: () => {},
});

const { read, write } = actionsOn<World>("http");

export const level = read({
  name: "world.level",
  title: "Level",
  input: z.object({}),
  output: z.object({ value: z.number(), mode: z.string().optional() }),
  run: async (world) => {
    world.reads += 1;
    return { value: world.value, ...(world.mode === undefined ? {} : { mode: world.mode }) };
  },
});

export const broken = read({
  name: "world.broken",
  title: "A check that fails",
  input: z.object({}),
  output: z.object({ value: z.number() }),
  run: async () => {
    throw new DiagError("target_unreachable", "connection refused", { detail: "ECONNREFUSED" });
  },
});

export const blocking = read({
  name: "world.blocking",
  title: "A check that keeps the loop busy",
  input: z.object({}),
  output: z.object({}),
  run: async (world) => {
    world.block();
    return {};
  },
});

export const slow = read({
  name: "world.slow",
  title: "A check that never ends",
  input: z.object({}),
  output: z.object({}),
  timeoutSeconds: 600,
  run: (_world, _input, { signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("stopped")))),
});

const set = (kind: "guarded" | "keyed") =>
  write({
    name: `world.set-${kind}`,
    title: "Set the level",
    class: kind,
    risk: "high",
    timeoutSeconds: 1,
    input: z.object({ to: z.number() }),
    output: z.object({ was: z.number() }),
    target: () => "level",
    preview: async (world, { to }) =>
      world.value === to
        ? { changes: [], witness: null, nothingToDo: "already there" }
        : { changes: [`level ${world.value} -> ${to}`], witness: { value: world.value } },
    run: async (world, { to }, { effectKey }) => {
      const fate = world.next.shift() ?? "ok";
      if (fate === "refuse") throw new DiagError("target_refused", "not today");
      if (fate === "never-arrives") throw new DiagError("timeout", "no answer");
      const was = world.value;
      const isRepeat = kind === "keyed" && world.receipts.some((receipt) => receipt.key === effectKey);
      if (!isRepeat) {
        world.receipts.push({ key: effectKey, set: to });
        world.value = to;
      }
      if (fate === "lost-reply") throw new DiagError("timeout", "no answer");
      return { was };
    },
    probe: async (world, { to }) =>
      world.probe ??
      (world.value === to
        ? { verdict: "done", evidence: `the level is ${to}` }
        : { verdict: "not-done", evidence: `the level is ${world.value}` }),
    undo: (_input, witness) => ({
      action: `world.set-${kind}`,
      input: { to: (witness as { value: number }).value },
    }),
    leaves: "the water that ran out",
    says: ({ to }, { was }) => `level ${was} → ${to}`,
    settled: {
      within: "1s",
      check: () => ({ level: level() }),
      holds: ({ level: now }, { to }) => now.value === to,
      figures: (after, _input, _output, before) => `level ${before.level?.value} → ${after.level.value}`,
    },
  });

export const setGuarded = set("guarded");
export const setKeyed = set("keyed");

/** Promises nothing of its effect: only a runbook can tell whether it helped. */
export const setUnseen = write({
  name: "world.set-unseen",
  title: "Set the level, and look no further",
  class: "guarded",
  risk: "high",
  timeoutSeconds: 1,
  input: z.object({ to: z.number() }),
  output: z.object({}),
  target: () => "level",
  preview: async (world, { to }) => ({
    changes: [`level ${world.value} -> ${to}`],
    witness: { value: world.value },
  }),
  run: async (world, { to }, { effectKey }) => {
    world.receipts.push({ key: effectKey, set: to });
    world.value = to;
    return {};
  },
  probe: async () => ({ verdict: "unknown", evidence: "" }),
  undo: "none: it only tests",
});

export const worldConnector = (world: World): Connector =>
  ({
    actions: [
      level.action,
      broken.action,
      blocking.action,
      slow.action,
      setGuarded.action,
      setKeyed.action,
      setUnseen.action,
    ],
    open: () => world,
    close: async () => {},
  }) as Connector;
