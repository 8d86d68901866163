import type { GuideAsked } from "../../../src/core/words/guide.ts";
import { RunId } from "../../../src/core/words/ids.ts";
import type { RunView, ThreadView } from "../../../src/core/words/view.ts";
import { EXHAUSTED, remedy, run, step, thread } from "../../make/views.ts";

const ASKED: GuideAsked = {
  item: "sergas-agents.pool-exhausted",
  title: "Connection pool exhausted",
  system: "sergas-agents",
  offers: [
    {
      title: "Resize the pool <!channel>",
      type: "/diag sergas-agents resize-pool size=<size>",
      why: "it needs to be told more",
    },
  ],
  gaps: [{ title: "PgBouncer pools", why: "pgbouncer-pools needs a pgbouncer connection" }],
};
const health = (more: Partial<RunView> = {}): RunView =>
  run({ id: RunId.parse(41), runbook: "service-health", title: "Health of the whole system", ...more });
const locks = (more: Partial<RunView> = {}): RunView =>
  run({ id: RunId.parse(43), runbook: "pg-locks", title: "Locks", ...more });

/** Threads of guide items, by the name of their file under test/fixtures/golden/thread. */
export const GUIDE: Readonly<Record<string, ThreadView>> = {
  "guide-under-way": thread(
    [
      health(),
      run({ status: "running", diagnosed: false }),
      locks({ status: "queued", diagnosed: false, steps: [] }),
    ],
    { guide: ASKED },
  ),
  "guide-found": thread(
    [
      health({
        findings: [{ ...EXHAUSTED, id: "unwell", title: "postgres is unwell", evidence: [], remedies: [] }],
      }),
      run({ status: "waiting", findings: [EXHAUSTED], remedies: [remedy()] }),
      locks({
        steps: [
          step("idle", "idle sessions", {
            state: "errored",
            error: { code: "timeout", message: "no answer in 5 s" },
          }),
        ],
      }),
    ],
    { guide: ASKED },
  ),
  "guide-healthy": thread([health(), run(), locks()], { guide: { ...ASKED, offers: [], gaps: [] } }),
};
