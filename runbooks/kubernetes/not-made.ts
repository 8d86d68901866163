import type { Sight, Workload } from "./case.ts";

interface Why {
  readonly what: string;
  readonly advice: string;
}

/** Why the API server makes no pods of a template, in its own words; most specific first. */
const ROWS: readonly (readonly [words: RegExp, what: string, advice: string])[] = [
  [
    /exceeded quota/,
    "the quota is used up",
    "`kubectl -n NAMESPACE describe resourcequota` shows what is used and allowed: raise it, lower requests and limits, or scale down what needs them less. Pods are made by themselves once there is room.",
  ],
  [
    /LimitRange|maximum .* per Container|minimum .* per Container|must specify/,
    "the namespace's limits do not allow them",
    "`kubectl -n NAMESPACE describe limitrange,resourcequota` shows what a container may ask for, and what it has to name.",
  ],
  [
    /fail(?:ed|ure) (?:to call|calling) webhook[\s\S]{0,600}(?:x509|certificate)/,
    "an admission webhook cannot be called: its certificate is not accepted",
    "Every pod that it is asked about waits, in all namespaces of its rules, not this one alone. `kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations`: renew the certificate of its service, and the `caBundle` that it is checked with (cert-manager: the cainjector). Nothing of this workload's template helps.",
  ],
  [
    /fail(?:ed|ure) (?:to call|calling) webhook/,
    "an admission webhook cannot be called",
    "Every pod that it is asked about waits, in all namespaces of its rules, not this one alone. The refusal names its service: has that endpoints, and may the API server reach it (network policy, firewall to the nodes)? Only who answers for what it guards sets `failurePolicy: Ignore`.",
  ],
  [
    /violates PodSecurity|PodSecurityPolicy|pod security/i,
    "the namespace's security level forbids them",
    "The refusal names the settings: correct `securityContext` of the template; the level is the label pod-security.kubernetes.io/enforce of the namespace.",
  ],
  [
    /denied the request|webhook/,
    "an admission webhook refuses them",
    "Its own words say which rule: correct the template by it.",
  ],
  [
    /serviceaccount/i,
    "their service account is missing",
    "Create the service account in that namespace, or correct `serviceAccountName`; pods are made by themselves then.",
  ],
];

const OTHER: Why = {
  what: "the API server refuses them",
  advice: "The refusal says why; `kubectl -n NAMESPACE get events --field-selector reason=FailedCreate`.",
};

/** What a refusal means. Pure. */
export function whyNotMade(refusal: string): Why {
  const [, what, advice] = ROWS.find(([words]) => words.test(refusal)) ?? [];
  return what === undefined || advice === undefined ? OTHER : { what, advice };
}

/** Why its pods could not be made: its own condition, or what its controller was told within the last hour. Empty: they could. */
export function refusalOf(one: Workload, { events }: Pick<Sight, "events">): string {
  if (one.replicaFailure !== "") return one.replicaFailure;
  if (one.current >= one.desired) return "";
  const said = events?.events.find(
    ({ reason, kind, namespace, name }) =>
      reason === "FailedCreate" &&
      namespace === one.namespace &&
      (kind === one.kind
        ? name === one.name
        : kind === "ReplicaSet" && name.replace(/-[a-z0-9]{6,11}$/, "") === one.name),
  );
  return said?.message ?? "";
}

/** What helps against each refusal that was seen. */
export const sayNotMade = (seen: Pick<Sight, "workloads" | "events">): string =>
  [
    ...new Set(
      (seen.workloads?.workloads ?? [])
        .map((one) => refusalOf(one, seen))
        .filter((refusal) => refusal !== "")
        .map((refusal) => whyNotMade(refusal).advice),
    ),
  ].join("\n") || OTHER.advice;
