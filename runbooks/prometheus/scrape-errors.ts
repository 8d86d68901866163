/** What the last error of a scrape says of the target. */
interface ScrapeError {
  /** A few words for a title. */
  readonly word: string;
  readonly because: string;
  readonly next: string;
  /** Something answers there: what cannot be had is the page, and nothing is known of how the program does. */
  readonly answers: boolean;
}

const LIMIT: ScrapeError = {
  word: "refused by Prometheus' own limits",
  because:
    "The target answers; Prometheus throws its whole page away, since it is beyond a limit of the scrape job. What was measured until then goes stale.",
  next: "Look at which metric or label grew (`curl <target>/metrics | grep -v '^#' | cut -d'{' -f1 | sort | uniq -c | sort -n | tail`): drop it in the application or by `metric_relabel_configs`, which counts before the limit; or raise the job's limit (`sample_limit`, `label_limit`, `body_size_limit`).",
  answers: true,
};
const CREDENTIALS: ScrapeError = {
  word: "credentials refused",
  because:
    "The target answers and does not let Prometheus in: its token, password or certificate is missing, expired or another's.",
  next: "Compare `authorization`, `basic_auth` or `tls_config` of the scrape job with what the target wants; a proxy in front may want its own.",
  answers: true,
};
const PATH: ScrapeError = {
  word: "no metrics at that path",
  because:
    "The target answers, but has no page there: `metrics_path` differs, or the application was deployed without its metrics.",
  next: "Ask for the page by hand (`curl -i <target>/metrics`) and compare `metrics_path` of the scrape job.",
  answers: true,
};
const FAILS: ScrapeError = {
  word: "its metrics page fails",
  because:
    "The target answers, and making the page fails: one collector in it, or what it asks (a database, a disk). Requests of users may be well.",
  next: "Read the target's log at this moment, or the text of the answer (`curl -i <target>/metrics`): it usually names the collector.",
  answers: true,
};
const ODD_STATUS: ScrapeError = {
  word: "its page is answered with an error",
  because:
    "The target answers, but not with metrics. A 400 is also what a server that wants TLS says to plain HTTP.",
  next: "Ask for the page by hand (`curl -i <target>/metrics`), with https:// too.",
  answers: true,
};
const NO_METRICS: ScrapeError = {
  word: "what it serves are no metrics",
  because:
    "The target answers with something Prometheus cannot read: a page of HTML (a login, a user interface, another program's port), or a metric that is written wrongly; one bad line costs the whole page.",
  next: "`curl -s <target>/metrics | promtool check metrics` names the line; a page that begins with `<` is another program's or a login.",
  answers: true,
};
const CERTIFICATE: ScrapeError = {
  word: "its certificate is not accepted",
  because:
    "The target answers with TLS, and Prometheus does not take its certificate (dates, name or authority); whoever else verifies does not either.",
  next: "Run tls-expiry on it, or give the scrape job `tls_config` with `ca_file` or `server_name`.",
  answers: true,
};
const NOT_TLS: ScrapeError = {
  word: "scraped with TLS, and speaks none",
  because: "The target answers with plain HTTP, and the scrape job has `scheme: https`.",
  next: "Set `scheme: http` of the scrape job, or let the target speak TLS.",
  answers: true,
};
const NO_NAME: ScrapeError = {
  word: "its name is not found",
  because:
    "The name of the target could not be looked up: it was removed, renamed, or the name server that Prometheus asks does not know or answer it. The target itself was not asked.",
  next: "Look it up where Prometheus runs (`getent hosts <name>` in its container); service discovery may list what is gone.",
  answers: false,
};
const REFUSED: ScrapeError = {
  word: "connection refused",
  because: "Nothing listens there: the process is down, still starting, or listens elsewhere.",
  next: "Run service-health for the process itself; compare its address and port with the scrape job.",
  answers: false,
};
const TIMES: ScrapeError = {
  word: "its samples are not taken for their times",
  because:
    "The target answers. What it serves bears times of its own that lie before what is stored, or too far from now: a clock that is wrong (its own, or that of Prometheus' machine), or an exporter that passes on old values.",
  next: "Compare both clocks (host-clock); leave the times of the exporter out (`honor_timestamps: false`), or let it not serve what is old.",
  answers: true,
};
const SLOW: ScrapeError = {
  word: "no answer in time",
  because:
    "No whole page came within `scrape_timeout`. Either the page takes longer than that to make (it grew, or one of its collectors waits), or the process hangs, or packets on the way are dropped.",
  next: "To tell them apart: `curl -o /dev/null -w '%{time_connect} %{time_total}\\n' <target>/metrics` from where Prometheus runs: no connection is the way, a late end is the page (raise `scrape_timeout`, or make it smaller), no byte at all is the process.",
  answers: false,
};
const CUT: ScrapeError = {
  word: "the connection was cut",
  because:
    "The connection was taken and cut before the page was whole: the process died or restarted at that moment, or a proxy in front has nothing behind it.",
  next: "Look at restarts of the process and at the proxy's log.",
  answers: false,
};
const NO_WAY: ScrapeError = {
  word: "no way to it",
  because:
    "The network says that there is no way to the target: its machine, its subnet or the route is gone.",
  next: "Check that the machine is up, then routes and security groups from where Prometheus runs.",
  answers: false,
};

/** Most specific first. The texts are those of Prometheus (scrape/scrape.go, model/textparse) and of Go's net, tls and x509. */
const SIGNS: readonly (readonly [RegExp, ScrapeError])[] = [
  [/out of bounds|out of order|too old or (are )?too far|too far into the future/i, TIMES],
  [/limit exceeded|exceeded .{0,20}limit|label_\w{0,20}limit|body size limit/i, LIMIT],
  [/HTTP status 40[13]\b/, CREDENTIALS],
  [/HTTP status 404\b/, PATH],
  [/HTTP status 5\d\d\b/, FAILS],
  [/HTTP status \d/, ODD_STATUS],
  [/server gave HTTP response to HTTPS client/, NOT_TLS],
  [/x509:|tls: failed to verify|certificate/i, CERTIFICATE],
  [
    /valid start token|strconv\.Parse|Content-Type|unexpected end of input|invalid metric|invalid UTF-8|text format|expected .{0,60}got|data does not end with/i,
    NO_METRICS,
  ],
  [/no such host|server misbehaving|dial tcp: lookup/, NO_NAME],
  [/connection refused/, REFUSED],
  [/no route to host|network is unreachable/, NO_WAY],
  [/deadline exceeded|i\/o timeout|Client\.Timeout/, SLOW],
  [/\bEOF\b|connection reset|broken pipe/, CUT],
];

/** The cause behind the error of a scrape; undefined: it is none that is known. Pure. */
export const scrapeErrorOf = (lastError: string | undefined): ScrapeError | undefined =>
  lastError === undefined ? undefined : SIGNS.find(([sign]) => sign.test(lastError))?.[1];
