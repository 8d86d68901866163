import type { StepError } from "../../core/words/outcome.ts";

/** What Prometheus, or what speaks its API, means by not answering. */
export interface Refusal {
  readonly id:
    | "too-big"
    | "too-slow"
    | "too-many"
    | "tenant"
    | "signature"
    | "credentials"
    | "path"
    | "page"
    | "redirected"
    | "starting"
    | "cluster"
    | "proxy"
    | "disk"
    | "query";
  /** A few words that end "Prometheus cannot be asked: …". */
  readonly word: string;
  readonly why: string;
  /** Prometheus itself is well: it is the question, or the way to it, that has to change. */
  readonly isUp: boolean;
  readonly remedy: { readonly key: string; readonly title: string; readonly advice: string };
}

/** Where a cause is told: in the error's text (English, of the product named), its HTTP status, or both. */
interface Sign {
  readonly is: Refusal["id"];
  readonly status?: RegExp;
  readonly text?: RegExp;
}

/**
 * Most specific first. The texts are those of: Prometheus (promql/engine.go, web/api/v1), Thanos (store limits), Cortex and Mimir
 * (err-mimir-…), VictoriaMetrics (-search.…), Amazon Managed Prometheus (SigV4), Grafana Cloud's gateway.
 */
const SIGNS: readonly Sign[] = [
  {
    is: "too-big",
    text: /too many samples|maximum resolution|-search\.max(?:Samples|Unique|Points|Memory|Series|QueryLen|Tag)|number of matching timeseries exceeds|err-mimir-(?:max|query)[\w-]*(?:chunks|series|bytes|length|memory|samples|exemplars)|(?:exceeded|hit|violated|exceeds) .{0,60}limit|limit \d+ violated|exceeds the limit|query sample limit|max(?:imum)? (?:number of )?(?:series|chunks|samples)|larger than \d+ bytes/i,
  },
  {
    is: "too-many",
    text: /too many outstanding requests|-search\.maxConcurrentRequests|concurren\w+ (?:queries|requests)|rate limit|ThrottlingException|throttl/i,
  },
  { is: "too-many", status: /^429$/ },
  {
    is: "too-slow",
    text: /timed out in|query timed out|context deadline exceeded|-search\.maxQueryDuration|query was canceled/i,
  },
  {
    is: "disk",
    text: /no space left on device|corrupt\w* (?:block|chunk|segment|WAL)|opening storage failed/i,
  },
  { is: "tenant", text: /no org id|X-Scope-OrgID|multiple org ids|invalid tenant|tenant id/i },
  {
    is: "signature",
    text: /Missing Authentication Token|SignatureDoesNotMatch|security token included in the request|request signature|AccessDeniedException/i,
  },
  {
    is: "cluster",
    text: /empty ring|live replicas|unhealthy instances|no healthy (?:store|querier|upstream)|couldn't reach|all the vmstorage/i,
  },
  { is: "credentials", status: /^40[13]$/ },
  { is: "redirected", status: /^30\d$/ },
  { is: "path", text: /unsupported (?:URL format|path requested)/i },
  { is: "path", status: /^404$/ },
  { is: "proxy", status: /^50[24]$/ },
  { is: "starting", status: /^503$/ },
  { is: "page", status: /^2\d\d$/ },
  { is: "query", text: /bad_data|execution|parse error|unknown function|^\d*:? ?422/i },
  { is: "query", status: /^(400|422|execution|bad_data)$/ },
];

/** For a Prometheus that is not there, or not well. */
export const REPAIR = {
  key: "repairPrometheus",
  title: "Bring Prometheus back",
  advice:
    'Look at Prometheus itself: is the process up, is its disk full (the usual reason), is it still replaying its WAL (log: "Replaying WAL"), are URL and credentials in diagbot.yaml right? Then run this runbook again.',
};
const CORRECT = (advice: string): Refusal["remedy"] => ({
  key: "correctConnection",
  title: "Correct the prometheus connection",
  advice,
});

const REFUSALS: Readonly<Record<Refusal["id"], Omit<Refusal, "id">>> = {
  "too-big": {
    word: "the question is too big for its limits",
    why: "It is up and answers; it refuses to load as much as this question needs, to protect itself.",
    isUp: true,
    remedy: {
      key: "narrowQuestion",
      title: "Ask for less",
      advice:
        "Give the connection `labels:` that select only this system (without any, everything is summed up), lower `windowMinutes`, or point `metrics:` at recording rules that are summed up already. Only then raise the limit it names (Prometheus `--query.max-samples`, VictoriaMetrics `-search.max…`, Mimir and Cortex limits of the tenant, Thanos store limits): it protects the server from running out of memory.",
    },
  },
  "too-slow": {
    word: "the question took too long",
    why: "It is up, but did not finish in time: the question reads too much, or the server is overloaded.",
    isUp: true,
    remedy: {
      key: "narrowQuestion",
      title: "Ask for less",
      advice:
        "Select less with `labels:` or a smaller `windowMinutes`; look at what else it computes (`prometheus_engine_queries`, the active query log, dashboards and rules that read days of raw series).",
    },
  },
  "too-many": {
    word: "it has too many questions already",
    why: "It is up and turns questions away: its queue or the rate limit of this user is full.",
    isUp: true,
    remedy: {
      key: "askLater",
      title: "Find who asks so much",
      advice:
        "Find dashboards that refresh every few seconds and rules that overrun their interval; ask again in a minute. Raise the limit only where the server has room.",
    },
  },
  tenant: {
    word: "no tenant was named",
    why: "It keeps several tenants apart and wants to know which one is asked; that is a header, not a password.",
    isUp: true,
    remedy: CORRECT("Set `headers: { X-Scope-OrgID: <tenant> }` of the connection in diagbot.yaml."),
  },
  signature: {
    word: "the request is not signed",
    why: "Amazon's managed service takes signed requests (SigV4) only.",
    isUp: true,
    remedy: CORRECT(
      "Point the connection at a signing proxy beside diagbot (aws-sigv4-proxy) whose role may `aps:QueryMetrics`, `aps:GetLabels`, `aps:GetSeries`.",
    ),
  },
  credentials: {
    word: "credentials refused",
    why: "The service is there but does not accept the credentials diagbot has.",
    isUp: true,
    remedy: CORRECT(
      "Compare `headers:` of the connection with what the gateway in front of it wants (`Authorization: Bearer …`, Basic with the instance id as user for Grafana Cloud); a token may have expired or lack the right to read metrics.",
    ),
  },
  path: {
    word: "there is no such API under this URL",
    why: "Something answers there, but not Prometheus' API: the path before /api/v1 is missing or wrong.",
    isUp: true,
    remedy: CORRECT(
      "Give the URL with its path: what `--web.route-prefix` says for Prometheus and Thanos; `/prometheus` for Mimir and Cortex, `/api/prom` for Grafana Cloud, `/select/<account>/prometheus` for a VictoriaMetrics cluster, `/workspaces/<id>` for Amazon, `/api/datasources/proxy/uid/<uid>` for a data source of Grafana.",
    ),
  },
  page: {
    word: "something else answers under this URL",
    why: "The answer is not of the Prometheus API: a login page, a user interface or another service took the address.",
    isUp: true,
    remedy: CORRECT(
      "Open the URL of the connection and add `/api/v1/query?query=1`: that must answer JSON with `status: success`. A page to log in means that a proxy wants `headers:`; the page of Grafana means `/api/datasources/proxy/uid/<uid>`.",
    ),
  },
  redirected: {
    word: "it sends elsewhere",
    why: "It answers with a redirection, which diagbot does not follow: to its path prefix, to https, or to a login.",
    isUp: true,
    remedy: CORRECT(
      "Set `url:` to where it redirects to; where that is a login, give the connection the `headers:` that spare it.",
    ),
  },
  starting: {
    word: "not ready",
    why: "It is starting (replaying its write-ahead log) or shutting down; a proxy in front with nothing behind it says the same.",
    isUp: false,
    remedy: REPAIR,
  },
  cluster: {
    word: "a part of its cluster is away",
    why: "The part that was asked works, but those that hold the data do not answer.",
    isUp: false,
    remedy: {
      key: "repairPrometheus",
      title: "Bring Prometheus back",
      advice:
        "Look at the ring and the stores (Mimir and Cortex `/ring`, Thanos `/stores`, VictoriaMetrics vmstorage): which instance is away, since when, and is its disk full?",
    },
  },
  proxy: {
    word: "the proxy in front of it has no answer from it",
    why: "A proxy answers, and Prometheus behind it does not.",
    isUp: false,
    remedy: REPAIR,
  },
  disk: {
    word: "its storage fails",
    why: "It says itself that its disk is full or its data is damaged.",
    isUp: false,
    remedy: {
      key: "repairPrometheus",
      title: "Bring Prometheus back",
      advice:
        "Look at the disk of its data folder (`df -h`, `df -i`) and its log. Make room with `--storage.tsdb.retention.size`, never by deleting files of a running one; a damaged block may be moved aside while it is stopped (`promtool tsdb list` names them).",
    },
  },
  query: {
    word: "query refused",
    why: "It is up, but does not take the question: a function or a name it does not know.",
    isUp: true,
    remedy: CORRECT(
      "Compare the names under `metrics:` with its own; what speaks the API only in part may lack a function (see the text of the refusal).",
    ),
  },
};

/** The cause behind an error of Prometheus; undefined: it is one of the way there. Pure. */
export function refusalOf({ message, detail = "", said = {}, code }: StepError): Refusal | undefined {
  const { status = detail, body = "", replay } = said;
  const text = `${message}\n${body}`.slice(0, 2_000);
  // Of the way there: refused, no name, a time-out without an answer.
  if (code === "target_unreachable" || (code === "timeout" && detail !== "timeout")) return undefined;
  const sign = SIGNS.find((one) => (one.status?.test(status) ?? true) && (one.text?.test(text) ?? true));
  if (sign === undefined) return undefined;
  const refusal = { id: sign.is, ...REFUSALS[sign.is] };
  if (sign.is !== "starting" || replay === undefined) return refusal;
  return {
    ...refusal,
    word: `it is starting, ${replay} of its log are read`,
    why: "It reads its write-ahead log into memory before it answers. That ends by itself; a restart begins it anew.",
    remedy: {
      key: "awaitStart",
      title: "Let it start",
      advice:
        "Ask again in some minutes: `curl <prometheus>/api/v1/status/walreplay` shows how it goes on. Where it never ends (it is killed for memory meanwhile, or by a probe), it needs more memory or a longer `startupProbe`; do not delete its log.",
    },
  };
}
