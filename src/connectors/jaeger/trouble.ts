import type { TroubleOf } from "../../core/words/trouble.ts";
import { causeOf } from "../cause.ts";

const ADVICE: Readonly<Record<string, string>> = {
  "401":
    "The credentials of the connection's `url:` or `headers:`; a Tempo with tenants wants `headers: { X-Scope-OrgID: … }`.",
  "403": "The credentials of the connection, and whether they may read this tenant.",
  "404":
    "`url:` wants the address before /api: of Jaeger's query service (16686), or of Tempo (3200) with `api: tempo`.",
  "not-json":
    "`url:` wants the address before /api; below another path the user interface answers with its page.",
  "not-jaeger": "What answers is not Jaeger's query API: for Tempo say `api: tempo`.",
  "not-tempo": "What answers is not Tempo's API: for Jaeger leave `api:` out.",
};

/** The store of traces cannot be asked: nothing is known of where time goes. */
export const traceTrouble: TroubleOf = (seen) => {
  const error = Object.values(seen).flatMap((one) => (one.ok ? [] : [one.error]))[0];
  if (error === undefined) return [];
  const cause = causeOf(error);
  return [
    {
      id: "traces-unseen",
      severity: "warning",
      title:
        error.code === "target_auth"
          ? "The store of traces does not accept diagbot's credentials"
          : "The store of traces gave no answer",
      because: `${error.message}. Where the time of requests goes is unknown; the service itself is not judged by it.`,
      remedy: {
        key: "reachTraces",
        title: "Get the store of traces to answer",
        risk: "low",
        advice: ADVICE[error.detail ?? ""] ?? cause.next,
      },
    },
  ];
};
