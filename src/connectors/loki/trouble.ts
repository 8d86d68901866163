import type { TroubleOf } from "../../core/words/trouble.ts";

const ADVICE: Readonly<Record<string, string>> = {
  "401":
    "The credentials of the connection's `url:` or `headers:`; a Loki with tenants wants `headers: { X-Scope-OrgID: … }`.",
  "403": "The credentials of the connection, and whether they may read this tenant.",
  "404": "`url:` wants the address before /loki/api/v1; behind a gateway that may be a path.",
  "429": "Loki limits this tenant's questions: ask for fewer minutes, or raise its limits (`limits_config`).",
};

/** Loki cannot be asked: of the logs it keeps nothing is known. */
export const lokiTrouble: TroubleOf = (seen) => {
  const error = Object.values(seen).flatMap((one) => (one.ok ? [] : [one.error]))[0];
  if (error === undefined) return [];
  return [
    {
      id: "loki-unreachable",
      severity: "warning",
      title:
        error.code === "target_auth" ? "Loki does not accept diagbot's credentials" : "Loki gave no answer",
      because: `${error.message}. Of the logs it keeps nothing is known.`,
      remedy: {
        key: "reachLoki",
        title: "Get Loki to answer",
        risk: "low",
        advice:
          ADVICE[error.detail ?? ""] ??
          "`GET /ready` of it, its own log, and whether its ring and store are well; a question over many streams may be too slow for it.",
      },
    },
  ];
};
