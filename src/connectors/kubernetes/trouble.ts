import type { StepError } from "../../core/words/outcome.ts";
import type { TroubleOf } from "../../core/words/trouble.ts";
import { causeOf } from "../cause.ts";

/**
 * The API server cannot be asked, or lets this account ask nothing. Where one list came back, another that was refused is a
 * gap of that step only: its error says which verb on which resource, and the rule that gives it.
 */
export const kubernetesTrouble: TroubleOf = (seen) => {
  const all = Object.values(seen);
  const failed = all.flatMap((one) => (one.ok ? [] : [one.error]));
  const whole = failed.find(isOfAll);
  const error = whole ?? (failed.length === all.length ? failed[0] : undefined);
  if (error === undefined) return [];
  const { title, because, advice } = ROWS.find(({ is }) => is(error)) ?? other(error);
  return [
    {
      id: "cluster-unreachable",
      severity: "critical",
      title,
      because: because === "" ? error.message : `${because} (${error.message})`,
      remedy: {
        key: "reachCluster",
        title: "Get the API server to answer",
        risk: "high",
        advice: error.hint === undefined ? advice : `${error.hint} ${advice}`,
      },
    },
  ];
};

/** No other step would fare better: without a way or a credential nothing is answered. */
const isOfAll = ({ code, detail }: StepError): boolean =>
  code === "target_unreachable" || (code === "target_auth" && detail !== "forbidden");

interface Row {
  readonly is: (error: StepError) => boolean;
  readonly title: string;
  /** Empty: the error says it all. */
  readonly because: string;
  readonly advice: string;
}

const detailIs =
  (...details: string[]) =>
  ({ detail }: StepError): boolean =>
    details.includes(detail ?? "");
const DOCTOR = "`diagbot doctor` then says which rights are still missing, as a Role to paste.";

/** Why the cluster cannot be asked, most specific first. */
const ROWS: readonly Row[] = [
  {
    is: detailIs("no-kubeconfig"),
    title: "diagbot has no way into the cluster",
    because: "",
    advice: DOCTOR,
  },
  {
    is: detailIs("kubeconfig", "no-context"),
    title: "The kubeconfig names no way into the cluster",
    because: "",
    advice: "",
  },
  {
    is: detailIs("exec-missing"),
    title: "The kubeconfig's credential plugin is not installed where diagbot runs",
    because:
      "The kubeconfig names a program that makes the credential (aws, gke-gcloud-auth-plugin, kubelogin), and it is not there: nothing was asked of the cluster",
    advice: "An image with diagbot has none of them.",
  },
  {
    is: detailIs("credential"),
    title: "The kubeconfig's credential could not be made",
    because: "Nothing was asked of the cluster",
    advice: "A login of a person (SSO) expires; a service account's token is what a bot should have.",
  },
  {
    is: detailIs("401"),
    title: "The API server does not accept diagbot's credential",
    because:
      "Either the token has expired or was revoked, or it belongs to another cluster, or the clocks differ; to tell them apart: `kubectl auth whoami` with this kubeconfig, and compare the server's address",
    advice:
      "Make a new token for the service account (`kubectl create token`), or mount a projected one, which is renewed by itself.",
  },
  {
    is: ({ detail, said }) => detail === "forbidden" && said?.user === "system:anonymous",
    title: "diagbot asks the API server without a credential",
    because:
      "The server took the request for an anonymous one: the kubeconfig's user has neither token nor certificate, or a proxy in between takes it away",
    advice: `Put the service account's token or certificate into the kubeconfig. ${DOCTOR}`,
  },
  {
    is: detailIs("forbidden"),
    title: "diagbot's account may not look at the namespace",
    because: "The credential is accepted; RBAC does not allow what was asked",
    advice: DOCTOR,
  },
  {
    is: detailIs("no-namespace"),
    title: "The namespace does not exist",
    because: "",
    advice: "An empty list is what the API server answers for a misspelt namespace.",
  },
  {
    is: detailIs("429"),
    title: "The API server turns requests away (429)",
    because: "It is overloaded, or this account is beyond its share (API priority and fairness)",
    advice:
      "Ask again in a moment; look at who asks it so much (`apiserver_flowcontrol_rejected_requests_total`).",
  },
  {
    is: detailIs("503", "500", "504"),
    title: "The API server answers with an error of its own",
    because: "Behind it something fails: usually etcd, or what stands in front of the API server",
    advice:
      "Look at `kubectl get --raw '/readyz?verbose'`, etcd's health and disk, and the load balancer in front.",
  },
];

const other = (error: StepError): Omit<Row, "is"> => {
  const cause = causeOf(error);
  return {
    title: `The Kubernetes API server cannot be asked: ${cause.word}`,
    because: cause.because,
    advice: cause.next,
  };
};
