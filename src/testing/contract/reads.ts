import assert from "node:assert/strict";
import type { ConnectionKind } from "../../core/words/kind.ts";
import { inTurn } from "../../lib/in-turn.ts";
import { redactDeep, redactor } from "../../lib/redact.ts";
import { type Case, MARK, NAMES, storableJson } from "./hands.ts";
import { printedFromNow } from "./printed.ts";

/** What a flood costs is seen in the memory of the whole process: one at a time. */
const floods = inTurn();
const MOST_MEMORY = 512 * 1024 * 1024;
const AGAIN = 3;

/** What holds of every connector, whatever it can do. Of one target: one case after the other. */
export const readCases = (kind: ConnectionKind): Case[] => [
  described(kind),
  {
    title: "refuses settings it does not know",
    holds: async ({ target: { settings } }) => {
      const takes = (more: object) =>
        kind.settings.safeParse({ ...settings, ...more, kind: kind.name }).success;
      assert.equal(takes({}), true, "the settings of the harness are not those of the kind");
      assert.equal(takes({ surplus: 1 }), false, "settings are z.strictObject({…})");
    },
  },
  { title: "answers", holds: async ({ target, hands }) => void storableJson(await hands.run(target.read)) },
  {
    title: "says what is wrong in the words of the closed set",
    holds: async ({ target, hands }) => {
      assert.ok("unreachable" in target.failures, "the harness has no failure `unreachable`");
      for (const [what, { settings, call = target.read, code }] of Object.entries(target.failures))
        assert.deepEqual([what, (await hands.fail(call, settings)).code], [what, code]);
    },
  },
  ...ends,
  {
    title: "keeps no more of a flood than it needs",
    holds: async ({ target, hands }) =>
      floods(async () => {
        const before = process.memoryUsage.rss();
        const ask = () =>
          target
            .flood(
              (settings) => hands.open(settings),
              hands.context(),
              (call, settings) => hands.run(call, settings),
            )
            .catch((error: { code?: string }) => error.code);
        let output = await ask();
        // On a busy machine a connector's own time limit may come before its limit of bytes: not each time.
        for (let again = 0; again < AGAIN && output === "timeout"; again += 1) output = await ask();
        assert.notEqual(output, "timeout", "the flood did not end");
        storableJson(output);
        const kept = process.memoryUsage.rss() - before;
        assert.ok(kept < MOST_MEMORY, `it took ${kept} bytes of memory`);
      }),
  },
  ...Object.entries(NAMES).map(
    ([what, name]): Case => ({
      title: `lives with names of others: ${what}`,
      holds: async ({ target, hands }) => {
        const output = await target.foreign(name, (call) => hands.run(call));
        // As the engine does it before anything is kept.
        const kept = storableJson(redactDeep(output, redactor([])));
        assert.ok(kept.includes(MARK), `the name is not in what was read: ${kept.slice(0, 500)}`);
        // A NUL itself; text that spells one is harmless.
        assert.doesNotMatch(kept, /(?<!\\)(?:\\\\)*\\u0000|\u202E/);
      },
    }),
  ),
  quiet,
];

const described = (kind: ConnectionKind): Case => ({
  title: "is itself described: names, inputs and the row of the health matrix",
  holds: async ({ hands }) => {
    const { actions } = hands.connector;
    const names = actions.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length, `two actions of one name: ${names.join(", ")}`);
    for (const { name, title, needs, input, timeoutSeconds } of actions) {
      assert.match(name, /^[a-z0-9]+\.[a-z][a-z-]*$/);
      assert.notEqual(title, "", `${name} has no title`);
      assert.ok([kind.name, "endpoint"].includes(needs), `${name} is made by actionsOn("${needs}")`);
      assert.ok(timeoutSeconds <= 120, `${name} may take ${timeoutSeconds} s`);
      assert.equal(input.safeParse("nonsense").success, false, `${name} takes nonsense`);
    }
    for (const { call } of kind.health ?? [])
      assert.ok(
        names.includes(call.action),
        `health asks ${call.action}, which is no action of the connector`,
      );
  },
});

const ends: readonly Case[] = [
  {
    title: "ends at the deadline",
    holds: async ({ target, hands }) => {
      const { settings, call = target.read } = target.hang;
      assert.equal((await hands.fail(call, settings, { timeoutMs: 400 })).code, "timeout");
    },
  },
  {
    title: "ends when it is stopped",
    holds: async ({ target, hands }) => {
      const { settings, call = target.read, begun } = target.hang;
      const stop = new AbortController();
      const isBegun = begun?.();
      const failing = hands.fail(call, settings, { signal: stop.signal, timeoutMs: 600_000 });
      failing.catch(() => {});
      await isBegun;
      stop.abort();
      assert.equal((await failing).code, "aborted");
    },
  },
];

const quiet: Case = {
  title: "never shows a secret of its connection",
  holds: async ({ target, hands }) => {
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
    for (const [index, secret] of target.secrets.entries())
      assert.ok(!all.includes(secret), `secret ${index + 1} of the harness is shown`);
  },
};
