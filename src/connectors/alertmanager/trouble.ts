import type { ActionContext } from "../../core/words/action.ts";
import type { ConnectionCheck } from "../../core/words/connector.ts";
import { count } from "../../core/words/format.ts";
import type { TroubleOf } from "../../core/words/trouble.ts";
import { causeOf } from "../cause.ts";
import type { AlertmanagerClient } from "./client.ts";
import { alertsNow } from "./shapes.ts";

const ADVICE: Readonly<Record<string, string>> = {
  "404":
    "`url:` wants Alertmanager's own address, with its `--web.route-prefix`; Prometheus (9090) is another.",
  "not-json": "What answers is a page, not the API: `url:` wants the address before /api/v2.",
  "not-alertmanager": "What answers is not Alertmanager's API v2 (0.16 and newer).",
};

/** Alertmanager cannot be asked. Whether it notifies, nobody knows then: alerts may fire and reach no one. */
export const alertmanagerTrouble: TroubleOf = (seen) => {
  const error = Object.values(seen).flatMap((one) => (one.ok ? [] : [one.error]))[0];
  if (error === undefined) return [];
  const cause = causeOf(error);
  const isRefused = error.code === "target_auth";
  return [
    {
      id: "alertmanager-unseen",
      severity: isRefused ? "warning" : "critical",
      title: isRefused
        ? "Alertmanager does not accept diagbot's credentials"
        : `Alertmanager gave no answer: ${cause.word}`,
      because: `${error.message}. Silences are unknown; where it does not run, nobody is told of any alert.`,
      remedy: {
        key: "reachAlertmanager",
        title: "Get Alertmanager to answer",
        risk: "low",
        advice:
          ADVICE[error.detail ?? ""] ??
          (isRefused ? "The credentials of the connection's `url:` or `headers:`." : cause.next),
      },
    },
  ];
};

/** Whether it answers, and whether the connection's labels are those of any alert. */
export async function checkAlertmanager(
  client: AlertmanagerClient,
  context: ActionContext,
): Promise<ConnectionCheck[]> {
  const { total } = await alertsNow(client, {}, context);
  return [{ name: "reach", state: "ok", detail: `answers, ${count(total, "alert")} of these labels now` }];
}
