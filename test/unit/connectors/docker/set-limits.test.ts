import { expect, it } from "vitest";
import { setLimits } from "../../../../src/connectors/docker/limits.ts";
import { undoCall } from "../../../../src/core/words/action.ts";
import type { Json } from "../../../../src/core/words/json.ts";

const { settled } = setLimits.action;
type Holds = NonNullable<typeof settled>["holds"];
const holds = (now: object, wanted: object): boolean =>
  settled?.holds(
    { now: { state: "running", memoryLimit: 64e6, cpus: 1, ...now } } as unknown as Parameters<Holds>[0],
    {
      container: "c",
      name: "api",
      state: "running",
      startedAt: "",
      ...wanted,
    } as unknown as Parameters<Holds>[1],
    {} as unknown as Parameters<Holds>[2],
  ) === true;

it("is verified by the limits that are in force, not by a container that goes on running", () => {
  expect(holds({}, { cpus: 1 })).toBe(true);
  expect(holds({ cpus: 2 }, { cpus: 1 })).toBe(false);
  expect(holds({ cpus: null }, { cpus: 1 })).toBe(false);
  expect(holds({}, { memory: 64e6 })).toBe(true);
  expect(holds({ memoryLimit: 0 }, { memory: 64e6 })).toBe(false);
  expect(holds({ state: "exited" }, { cpus: 1 })).toBe(false);
});

const MIB = 2 ** 20;
const TARGET = { container: "c1", name: "api", state: "running", startedAt: "2026-11-30T12:00:00Z" };

/** An engine with one container, whose limits somebody else may change; `sent`: what it was told. */
function engine(memory: number, more: { swap?: number; meanwhile?: () => void } = {}) {
  const host = { Memory: memory, MemorySwap: more.swap ?? memory * 2, NanoCpus: 0 };
  const sent: unknown[] = [];
  const answers: Record<string, () => unknown> = {
    "/info": () => ({ MemTotal: 8_192 * MIB, NCPU: 4 }),
    // What it holds is asked last before the request, and takes a second.
    "/containers/c1/stats": () => {
      more.meanwhile?.();
      return { memory_stats: { usage: MIB, limit: memory, stats: { anon: MIB, inactive_file: 0 } } };
    },
    "/containers/c1/json": () => ({
      ...{ Id: "c1", Name: "/api", Created: TARGET.startedAt, Image: "img" },
      State: { Status: "running", ExitCode: 0, StartedAt: TARGET.startedAt, FinishedAt: "" },
      Config: { Image: "img", Labels: {} },
      HostConfig: host,
    }),
  };
  const client = {
    ...{ socket: "", project: undefined, self: [], close: () => undefined },
    request: async ({ path, body }: { path: string; body?: { Memory?: number; MemorySwap?: number } }) => {
      if (path.endsWith("/update")) {
        sent.push(body);
        Object.assign(host, body);
      }
      return Buffer.from(JSON.stringify(answers[path]?.() ?? {}));
    },
  };
  const context = {
    ...{ signal: new AbortController().signal, timeoutMs: 60_000, effectKey: "k", remainingMs: () => 60_000 },
    connection: { name: "engine", kind: "docker" },
  };
  return { host, sent, client, context };
}
const { action } = setLimits;
type Engine = ReturnType<typeof engine>;
const preview = ({ client, context }: Engine, input: object) => action.preview(client, input, context);
const run = ({ client, context }: Engine, input: object, witness: Json = null) =>
  action.run(client, input, { ...context, witness });
const undo = (input: object, output: unknown) => undoCall(action, input, null, output)?.input as object;

it("does not write over limits that somebody has set between the approval and the request", async () => {
  const input = { ...TARGET, memory: 64 * MIB };
  const before = engine(32 * MIB);
  const { witness } = await preview(before, input);
  before.host.Memory = 128 * MIB;
  await expect(run(before, input, witness)).rejects.toThrow(/its limits were changed: it has 128 MiB/);
  // Within the run itself, while what it holds is measured.
  const within = engine(32 * MIB, { meanwhile: () => Object.assign(within.host, { Memory: 256 * MIB }) });
  await expect(run(within, input, witness)).rejects.toThrow(/its limits were changed: it has 256 MiB/);
  expect([...before.sent, ...within.sent]).toEqual([]);
  expect(await run(engine(32 * MIB), input, witness)).toMatchObject({ before: { memory: 32 * MIB } });
});

it("takes back what it has set, swap too, and nothing that somebody has set since", async () => {
  const input = { ...TARGET, memory: 64 * MIB };
  const one = engine(32 * MIB, { swap: 96 * MIB });
  const back = undo(input, await run(one, input));
  expect(one.sent).toEqual([{ Memory: 64 * MIB, MemorySwap: 128 * MIB }]);
  await run(one, back);
  expect(one.sent.at(-1)).toEqual({ Memory: 32 * MIB, MemorySwap: 96 * MIB });
  const other = engine(32 * MIB);
  const way = undo(input, await run(other, input));
  other.host.Memory = 512 * MIB;
  expect((await preview(other, way)).refused).toContain("its limits were changed");
  await expect(run(other, way)).rejects.toThrow(/its limits were changed/);
});

it("after a crash limits of neither kind are somebody else's: nobody knows what came first", async () => {
  const one = engine(32 * MIB);
  const input = { ...TARGET, memory: 64 * MIB };
  const { witness } = await preview(one, input);
  const probe = async () => (await action.probe(one.client, input, witness, one.context)).verdict;
  expect(await probe()).toBe("not-done");
  one.host.Memory = 48 * MIB;
  expect(await probe()).toBe("unknown");
  one.host.Memory = 64 * MIB;
  expect(await probe()).toBe("done");
});
