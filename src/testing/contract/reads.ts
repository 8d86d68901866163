import assert from "node:assert/strict";
import type { ConnectionKind } from "../../core/words/kind.ts";
import { inTime } from "../../lib/deadline.ts";
import { redactDeep, redactor } from "../../lib/redact.ts";
import { assertCode, notEnded } from "./ended.ts";
import { flood } from "./flood.ts";
import { type Case, MARK, NAMES, storableJson } from "./hands.ts";
import { printedFromNow } from "./printed.ts";

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
        assertCode(await hands.fail(call, settings), code, `failure \`${what}\``);
    },
  },
  ...ends,
  flood,
  ...Object.entries(NAMES).map(
    ([what, name]): Case => ({
      title: `lives with names of others: ${what}`,
      holds: async ({ target: { foreign }, hands, skip }) => {
        if (typeof foreign !== "function") return skip(foreign.none);
        const output = await foreign(name, (call) => hands.run(call));
        // As the engine does it before anything is kept.
        const kept = storableJson(redactDeep(output, redactor([])));
        assert.ok(kept.includes(MARK), notNamed(kept));
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

const notNamed = (kept: string): string =>
  `the name is not in what was read: ${kept.slice(0, 500)}. Where no read shows what anybody else has named: foreign: { none: "why" }`;

const ends: readonly Case[] = [
  {
    title: "ends at the deadline",
    holds: async ({ target, hands }) => {
      const { settings, call = target.read } = target.hang;
      const error = await hands.fail(call, settings, { timeoutMs: 400 });
      assertCode(error, "timeout", "at its deadline");
    },
  },
  {
    title: "ends when it is stopped",
    holds: async ({ target, hands }) => {
      const { settings, call = target.read, begun } = target.hang;
      const stop = new AbortController();
      const isBegun = begun?.();
      const failing = hands.fail(call, settings, { signal: stop.signal, timeoutMs: 600_000 });
      // What ends before it is under way says why; what neither begins nor ends is stopped, too.
      await inTime(Promise.race([failing, isBegun]), { ms: hands.patienceMs });
      stop.abort();
      const stopped = await inTime(failing, { ms: hands.patienceMs });
      if (stopped.state === "failed") throw stopped.error;
      if (stopped.state === "late") throw notEnded(call.action, hands.patienceMs, "its stop");
      assertCode(stopped.value, "aborted", "when it is stopped");
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
