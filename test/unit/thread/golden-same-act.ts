import { IncidentId, RunId } from "../../../src/core/words/ids.ts";
import type { RemedyStatus } from "../../../src/core/words/outcome.ts";
import type { RemedyView, ThreadView } from "../../../src/core/words/view.ts";
import { approval, EXHAUSTED, incident, remedy, run, thread } from "../../make/views.ts";

const ALERTED = {
  caller: { via: "alert" as const, name: "PostgresTooManyConnections" },
  alert: { labels: { alertname: "PostgresTooManyConnections" }, annotations: {} },
  findings: [{ ...EXHAUSTED, evidence: [] }],
};

/** It was never planned: another run asks. */
function following(status: RemedyStatus): RemedyView {
  const { plan: _plan, planSha256: _sha256, approval: _approval, ...rest } = remedy({ status: "skipped" });
  return {
    ...rest,
    note: "Run #17 of another alert asks for the same already",
    sameAs: { run: RunId.parse(17), status, at: { channel: "C0OTHER", ts: "1795316400.000100" } },
  };
}

const alerted = (...remedies: readonly RemedyView[]): ThreadView =>
  thread([run({ ...ALERTED, remedies })], { incident: incident() });

/** Alerts with one cause, of which one asks; each is a file under test/fixtures/golden/thread. */
export const SAME_ACT: Readonly<Record<string, ThreadView>> = {
  "same-act-waiting": alerted(following("waiting")),
  "same-act-applied": alerted(following("succeeded")),
  "same-act-denied": alerted(following("denied")),
  "same-act-asking": thread(
    [
      run({
        ...ALERTED,
        status: "waiting",
        remedies: [
          remedy({
            approval: approval(),
            askedFor: [
              { run: RunId.parse(18), incident: IncidentId.parse(5), title: "QueueBacklog <!here> orders" },
              { run: RunId.parse(19), incident: IncidentId.parse(6), title: "HighErrorRate shop" },
            ],
          }),
        ],
      }),
    ],
    { incident: incident() },
  ),
};
