import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { inTurn } from "../../local/services/in-turn.ts";
import type { ConnectionKind } from "../../src/core/words/kind.ts";
import { redactDeep, redactor } from "../../src/lib/redact.ts";
import { expectStorable, Hands, MARK, NAMES } from "./connectors.ts";
import type { Harness, Target } from "./harness.ts";
import { printedFromNow } from "./printed.ts";

/** What a flood costs is seen in the memory of the whole process: one at a time. */
const floods = inTurn();

/** A target that lives as long as the tests around, and hands on it for each of them. */
export function trying(kind: ConnectionKind, harness: Harness): () => { target: Target; hands: Hands } {
  let target: Target | undefined;
  let hands: Hands | undefined;
  beforeAll(async () => {
    target = await harness.start();
  });
  afterEach(async () => {
    await hands?.close();
    hands = undefined;
  });
  afterAll(() => target?.stop());
  return () => {
    if (target === undefined) throw new Error("the target did not start");
    hands ??= new Hands(kind, target);
    return { target, hands };
  };
}

/** What holds of every connector, whatever it can do. Of one target: one test after the other. */
export function readContract(kind: ConnectionKind, now: ReturnType<typeof trying>): void {
  test.sequential("is itself described: names, inputs and the row of the health matrix", () => {
    const { hands } = now();
    const { actions } = hands.connector;
    const names = actions.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, title, needs, input, timeoutSeconds } of actions) {
      expect(name).toMatch(/^[a-z]+\.[a-z][a-z-]*$/);
      expect(title).not.toBe("");
      expect([kind.name, "endpoint"]).toContain(needs);
      expect(timeoutSeconds).toBeLessThanOrEqual(120);
      expect(input.safeParse("nonsense").success, `${name} takes nonsense`).toBe(false);
    }
    for (const { call } of kind.health ?? []) expect(names).toContain(call.action);
  });

  test.sequential("refuses settings it does not know", () => {
    const { target } = now();
    const { settings } = target;
    expect(kind.settings.safeParse({ ...settings, kind: kind.name }).success).toBe(true);
    expect(kind.settings.safeParse({ ...settings, kind: kind.name, surplus: 1 }).success).toBe(false);
  });

  test.sequential("answers", async () => {
    const { target, hands } = now();
    expectStorable(await hands.run(target.read));
  });

  test.sequential("says what is wrong in the words of the closed set", async () => {
    const { target, hands } = now();
    expect(Object.keys(target.failures)).toContain("unreachable");
    for (const [what, { settings, call = target.read, code }] of Object.entries(target.failures))
      expect([what, (await hands.fail(call, settings)).code]).toEqual([what, code]);
  });

  test.sequential("ends at the deadline", async () => {
    const { target, hands } = now();
    const { settings, call = target.read } = target.hang;
    expect((await hands.fail(call, settings, { timeoutMs: 400 })).code).toBe("timeout");
  });

  test.sequential("ends when it is stopped", async () => {
    const { target, hands } = now();
    const { settings, call = target.read, begun } = target.hang;
    const stop = new AbortController();
    const isBegun = begun?.();
    const failing = hands.fail(call, settings, { signal: stop.signal, timeoutMs: 600_000 });
    failing.catch(() => {});
    await isBegun;
    stop.abort();
    expect((await failing).code).toBe("aborted");
  });

  test.sequential("keeps no more of a flood than it needs", async () => {
    const { target, hands } = now();
    await floods(async () => {
      const before = process.memoryUsage.rss();
      const output = await target
        .flood(
          (settings) => hands.open(settings),
          hands.context(),
          (call, settings) => hands.run(call, settings),
        )
        .catch((error: { code?: string }) => error.code);
      expect(output).not.toBe("timeout");
      expectStorable(output);
      expect(process.memoryUsage.rss() - before).toBeLessThan(512 * 1024 * 1024);
    });
  });

  test.sequential.each(Object.entries(NAMES))("lives with names of others: %s", async (_what, name) => {
    const { target, hands } = now();
    const output = await target.foreign(name, (call) => hands.run(call));
    // As the engine does it before anything is kept.
    const kept = expectStorable(redactDeep(output, redactor([])));
    expect(kept).toContain(MARK);
    // A NUL itself; text that spells one is harmless.
    expect(kept).not.toMatch(/(?<!\\)(?:\\\\)*\\u0000|\u202E/);
  });

  test.sequential("never shows a secret of its connection", async () => {
    const { target, hands } = now();
    const { printed, stop } = printedFromNow();
    try {
      await hands.run(target.read);
      for (const { settings, call = target.read } of Object.values(target.failures))
        await hands.run(call, settings).catch(() => {});
      await hands.run(target.read, target.hang.settings, { timeoutMs: 300 }).catch(() => {});
      const checks = await hands.connector.check?.(hands.open(), hands.context());
      printed.push(JSON.stringify([checks, hands.connection().face]));
    } finally {
      stop();
    }
    const all = `${hands.shown()}\n${printed.join("\n")}`;
    for (const secret of target.secrets) expect(all).not.toContain(secret);
  });
}
