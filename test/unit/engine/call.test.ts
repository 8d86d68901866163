import { expect, test } from "vitest";
import { z } from "zod";
import { actionsOn } from "../../../src/core/words/action.ts";
import { DiagError } from "../../../src/core/words/errors.ts";
import { callRead, callWrite, stepError } from "../../../src/engine/call.ts";
import { redactor } from "../../../src/lib/redact.ts";

const SECRET = "hunter2-of-the-database";
const redact = redactor([SECRET]);
const on = actionsOn<unknown>("http");
const output = z.object({ lines: z.array(z.string()) });
const said = { lines: [`password is ${SECRET}`] };
const reached = { client: {}, face: { name: "api", kind: "http" as const } };
const stop = new AbortController().signal;

test("step outputs: nothing that is kept holds a secret", async () => {
  const { action } = on.read({
    name: "http.say",
    title: "",
    input: z.object({}),
    output,
    run: async () => said,
  });
  expect(JSON.stringify(await callRead(action, {}, reached, { stop, redact }))).not.toContain(SECRET);
});

test("step outputs: those of writes, too", async () => {
  const { action } = on.write({
    ...{
      name: "http.do",
      title: "",
      input: z.object({}),
      output,
      class: "guarded",
      risk: "high",
      undo: "none: a test",
    },
    target: () => "x",
    preview: async () => ({ changes: [], witness: {} }),
    probe: async () => ({ verdict: "unknown", evidence: "" }),
    settled: { check: () => ({}), holds: () => true },
    run: async () => said,
  });
  const options = { stop, redact, effectKey: "k", witness: null, remainingMs: () => 1_000 };
  expect(JSON.stringify(await callWrite(action, {}, reached, options))).not.toContain(SECRET);
});

test("errors: their words hold no secret", () => {
  const said = { hint: `not ${SECRET}`, routine: "auth_failed" };
  const thrown = new DiagError("target_error", `login with ${SECRET} failed`, {
    said,
    hint: `GRANT ${SECRET}`,
  });
  expect(stepError(thrown, redact).hint).toBe("GRANT [redacted]");
  expect(stepError(thrown, redact).message).toBe("login with [redacted] failed");
  expect(stepError(thrown, redact).said).toEqual({ hint: "not [redacted]", routine: "auth_failed" });
});

test("errors: what the target said is bounded, and absent where it said nothing", () => {
  const many = Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`f${i}`, "x".repeat(9_999)]));
  const { said = {} } = stepError(new DiagError("target_error", "m", { said: many }), redact);
  expect(Object.keys(said)).toHaveLength(16);
  expect(said.f0).toHaveLength(500);
  expect(stepError(new DiagError("target_error", "m", { said: {} }), redact)).toEqual({
    code: "target_error",
    message: "m",
  });
});
