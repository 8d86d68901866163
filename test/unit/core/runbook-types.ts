import { z } from "zod";
import { actionsOn } from "../../../src/core/action.ts";
import { runbook, verify } from "../../../src/core/runbook.ts";

const { read, write } = actionsOn<{ query(): Promise<number> }>("postgres");
const usage = read({
  name: "postgres.usage",
  title: "u",
  input: z.object({}),
  output: z.object({ used: z.int(), ratio: z.number() }),
  run: async (c) => ({ used: await c.query(), ratio: 1 }),
});
const idle = read({
  name: "postgres.idle",
  title: "i",
  input: z.object({ m: z.int() }),
  output: z.object({ sessions: z.array(z.object({ pid: z.int() })) }),
  run: async () => ({ sessions: [] }),
});
const term = write({
  name: "postgres.term",
  title: "i",
  class: "guarded",
  risk: "high",
  input: z.object({ pids: z.array(z.int()) }),
  output: z.object({ n: z.int() }),
  target: () => "x",
  preview: async () => ({ changes: [], witness: null }),
  run: async (_c, i) => ({ n: i.pids.length }),
  probe: async () => ({ verdict: "unknown", evidence: "" }),
  undo: "none: x",
});
export const r = runbook({
  id: "x",
  title: "x",
  needs: ["postgres"],
  covers: [],
  params: z.object({ m: z.int().default(10) }),
})
  .diagnose(({ m }) => ({ usage: usage(), idle: idle({ m }) }))
  .andThen(({ idle: i }) => ({ more: idle({ m: i.ok ? i.value.sessions.length : 0 }) }))
  .findings(({ usage, more }, { thresholds }) => {
    if (!usage.ok)
      return [{ id: "a", severity: "critical", title: "", because: usage.error.message, remedies: ["kill"] }];
    if (usage.value.ratio < thresholds.connections || !more.ok) return [];
    return [{ id: "a", severity: "critical", title: "", because: "", remedies: ["kill", "raise"] }];
  })
  .remedies({
    kill: {
      title: "k",
      risk: "high",
      do: ({ idle }) => (idle.ok ? [term({ pids: idle.value.sessions.map((s) => s.pid) })] : []),
      verify: verify({
        check: { usage: usage() },
        holds: ({ usage }, { idle }) =>
          usage.ok && usage.value.ratio < 0.5 && idle.ok && idle.value.sessions.length > 0,
        within: "30s",
      }),
      undo: "none: x",
    },
    raise: { advice: "do", risk: "high" },
  });
// errors expected
runbook({ id: "x", title: "x", needs: [], covers: [], params: z.object({}) })
  .diagnose(() => ({ usage: usage() }))
  // @ts-expect-error no such field
  .findings(({ usage }) => (usage.ok && usage.value.nope ? [] : []));
runbook({ id: "x", title: "x", needs: [], covers: [], params: z.object({}) })
  .diagnose(() => ({ usage: usage() }))
  .findings(() => [{ id: "a", severity: "info", title: "", because: "", remedies: ["missing"] }])
  // @ts-expect-error missing
  .remedies({});
runbook({ id: "x", title: "x", needs: [], covers: [], params: z.object({}) })
  .diagnose(() => ({ usage: usage() }))
  .findings(() => [{ id: "a", severity: "info", title: "", because: "", remedies: ["k"] }])
  .remedies({
    k: {
      title: "k",
      risk: "high",
      do: () => [],
      undo: "none: x",
      // @ts-expect-error no such check
      verify: verify({ check: { usage: usage() }, holds: ({ usagex }) => usagex, within: "30s" }),
    },
  });
runbook({ id: "x", title: "x", needs: [], covers: [], params: z.object({}) })
  .diagnose(() => ({ usage: usage() }))
  .findings(() => [])
  .remedies({});
