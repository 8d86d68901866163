import type { HealthTrouble } from "../../../core/words/health.ts";
import { isBad } from "./body.ts";
import type { AnswerCause, AnswerRead } from "./shape.ts";

/** What kind of help an answer wants, and under which name runbooks tell it. */
export type Help = "wait" | "slowDown" | "quota" | "correct";
export interface AnswerTrouble extends HealthTrouble {
  /** Answers of one id are told as one. */
  readonly id: string;
  readonly help: Help;
}
type Say = (answer: AnswerRead) => AnswerTrouble;

/** What is wrong with an answer, and what a person does about exactly that. Undefined: it is fine. Pure. */
export function answerTrouble(answer: AnswerRead): AnswerTrouble | undefined {
  if (answer.cause === "fine") return undefined;
  const said = SAY[answer.cause](answer);
  return answer.next === undefined ? said : { ...said, next: answer.next };
}

/** A good answer in a few words, with what is worth a note: `200`, `429, standby`. */
export function goodAnswer({ status, says, reason, verdict }: AnswerRead): string {
  if (reason !== undefined) return `${status}, ${says === undefined ? "" : `${says}: `}${reason}`;
  return says === undefined || (status < 300 && verdict !== "unknown")
    ? String(status)
    : `${status}, ${says}`;
}

const asked = ({ path, status }: AnswerRead): string => `GET ${path} was answered ${status}`;
const why = ({ reason }: AnswerRead): string => (reason === undefined ? "" : `: ${reason}`);
const whoSays = ({ by }: AnswerRead): string => by ?? "a proxy or the edge";

/** Bad parts by name: `redis (down), queue (stopped)`. */
export function badParts({ components }: Pick<AnswerRead, "components">): string {
  const bad = components.filter(({ verdict }) => isBad(verdict));
  const words = bad.slice(0, 5).map(({ name, status }) => `${name} (${status})`);
  return (bad.length > 5 ? [...words, `${bad.length - 5} more`] : words).join(", ");
}

/** `42 s`, `5 min`, `3 h`. */
function span(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
/** `, retry after 60 s (16:23 UTC)`. */
const retry = ({ retryAfterSeconds, until }: AnswerRead): string =>
  retryAfterSeconds === undefined
    ? ""
    : `, retry after ${span(retryAfterSeconds)}${moment(retryAfterSeconds, until)}`;

function moment(seconds: number, until: string | undefined): string {
  if (until === undefined || seconds < 30) return "";
  return seconds < 72_000
    ? ` (${until.slice(11, 16)} UTC)`
    : ` (${until.slice(0, 10)} ${until.slice(11, 16)} UTC)`;
}

/** What the service says of itself, in a clause. */
function ownWords({ says, reason, ...answer }: AnswerRead): string {
  const bad = badParts(answer);
  const said = [says === undefined ? [] : `says "${says}"`, bad === "" ? [] : `names ${bad}`].flat();
  const words = said.length === 0 ? "says that it is not well" : said.join(" and ");
  return reason === undefined ? words : `${words} (${reason})`;
}

const SEVERITIES = { unhealthy: "critical", degraded: "warning" } as const;

const ownTrouble =
  (state: "unhealthy" | "degraded"): Say =>
  (answer) => ({
    id: "says-ill",
    help: "wait",
    word: ownWord(answer, state),
    because: `${asked(answer)}, and the service itself ${ownWords(answer)}${answer.status < 300 ? ": a check of the status alone would call it healthy" : ""}.`,
    severity: SEVERITIES[state],
    next:
      badParts(answer) === ""
        ? "Read the service's log."
        : `Look at ${badParts(answer)} first: the service only reports it.`,
  });

/** `503: db (down)`, `degraded: redis (down)`, `answers 200 but says "Degraded"`. */
function ownWord(answer: AnswerRead, state: string): string {
  const { status, says } = answer;
  const bad = badParts(answer);
  if (bad !== "") return `${status < 300 ? state : status}: ${bad}`;
  const said = says === undefined ? "its health page says that it is not well" : `says "${says}"`;
  return status < 300 ? `answers ${status} but ${said}` : `${status}: ${said}`;
}

const SAY: Readonly<Record<Exclude<AnswerCause, "fine">, Say>> = {
  "says-ill": ownTrouble("unhealthy"),
  "says-degraded": ownTrouble("degraded"),
  starting: (answer) => ({
    id: "starting",
    help: "wait",
    word: `${answer.status}: still starting (${answer.says ?? "not ready"})`,
    because: `${asked(answer)}${answer.says === undefined ? "" : `: the service says "${answer.says}"`}${why(answer)}: it is on its way up.`,
    severity: "warning",
    next: "Wait and look again. If it stays so, its log says what it waits for (migration, cache warm-up, another service).",
  }),
  maintenance: (answer) => ({
    id: "maintenance",
    help: "wait",
    word: `${answer.status}: in maintenance${retry(answer)}`,
    because: `${asked(answer)}${answer.page ? ` with the page "${answer.page}"` : ""}: somebody switched it to maintenance on purpose${why(answer)}.`,
    severity: answer.status < 300 ? "warning" : "critical",
    next: "Ask who does the work and for how long, or switch maintenance off where it was forgotten.",
  }),
  "broken-json": (answer) => ({
    id: "page",
    help: "correct",
    word: "broken JSON",
    because: `${asked(answer)} and announces JSON, but the body cannot be parsed.`,
    severity: "warning",
    next: "Repair the health endpoint: nobody can tell from it whether the service is well.",
  }),
  page: (answer) => {
    const named = answer.page ? ` "${answer.page}"` : "";
    return {
      id: "page",
      help: "correct",
      word: `a web page${named} instead of a health answer`,
      because: `${asked(answer)} with an HTML page${named}: ${answer.reason ?? "nobody asked the service"}. A check of the status alone would call it healthy.`,
      severity: "warning",
      next: "See what answers at this path (proxy, the application's own catch-all route) and correct the route or `health:` in diagbot.yaml.",
    };
  },
  copy: (answer) => ({
    id: "copy",
    help: "correct",
    word: `${answer.status}, but from a cache: the service was not asked`,
    because: `${asked(answer)} by a cache on the way with a copy${answer.says === undefined ? "" : ` that says "${answer.says}"`}${why(answer)}. Whether the service is well now is not known.`,
    severity: "warning",
    next: "Let the health endpoint answer `Cache-Control: no-store` and take it out of the cache's rules, or ask the service past the cache.",
  }),
  behind: (answer) => ({
    id: "server-error",
    help: "wait",
    word: `${answer.status} from ${whoSays(answer)}, which does not get through to the service`,
    because: `${asked(answer)} by ${whoSays(answer)}, not by the service${why(answer)}.`,
    severity: "critical",
    next: "Look at the service behind it.",
  }),
  "edge-fault": (answer) => ({
    id: "server-error",
    help: "wait",
    word: `${answer.status}: ${whoSays(answer)} fails itself`,
    because: `${asked(answer)} by ${whoSays(answer)}, not by the service${why(answer)}.`,
    severity: "critical",
    next: `Read the log of ${whoSays(answer)}.`,
  }),
  gateway: (answer) => {
    const at503 = answer.status === 503;
    return {
      id: "server-error",
      help: "wait",
      word: `${answer.status}${answer.by === undefined ? "" : ` from ${answer.by}`}`,
      because: `${asked(answer)}${retry(answer)}${answer.reason === undefined ? ", without a word on why" : why(answer)}. ${at503 ? "Either a proxy has no healthy service behind it, or the service itself is overloaded, starting or in maintenance." : "Usually a proxy answers for a service behind it that is down, not ready or too slow."}`,
      severity: "critical",
      next: `To tell them apart: see whether the service's process runs and whether its log has this request at this moment; if not, the proxy answered, and its error log says why.`,
    };
  },
  "server-error": (answer) => ({
    id: "server-error",
    help: "wait",
    word: `${answer.status}${answer.page ? `: "${answer.page}"` : answer.status < 300 ? ", an error in place of an answer" : ""}`,
    because: `${asked(answer)}${why(answer)}. The request reached a service, and its own handling of it failed.`,
    severity: "critical",
    next: "Read the service's log at this moment: it has the error.",
  }),
  overloaded: (answer) => ({
    id: "overloaded",
    help: "wait",
    word: `${answer.status}: overloaded${answer.by === undefined ? "" : ` (${answer.by})`}${retry(answer)}`,
    because: `${asked(answer)}${why(answer)}: the other side has no room at the moment, whoever asks.`,
    severity: "critical",
    next: "Send less and wait: more tries make it worse.",
  }),
  limited: (answer) => ({
    id: "rate-limited",
    help: "slowDown",
    word: `limits us: ${answer.status}, too many requests${answer.by === undefined ? "" : ` (${answer.by})`}${retry(answer)}`,
    because: `${asked(answer)}, which here is a rate limit${why(answer)}: real calls are refused too.${answer.retryAfterSeconds === undefined ? " It does not say how long to wait." : ""}`,
    severity: "critical",
    next: `${answer.retryAfterSeconds === undefined ? "" : `Send nothing for ${span(answer.retryAfterSeconds)}. `}Lower the client's rate limit below the quota, cache and batch reads, and honour Retry-After with jittered backoff; more retries make it worse. If the quota is too small for the load, ask for more. Probes must not be counted against users.`,
  }),
  quota: (answer) => ({
    id: "quota",
    help: "quota",
    word: `${answer.status}: the quota or credit is used up`,
    because: `${asked(answer)}${why(answer)}: what was bought or granted is used up. That is no rate limit: waiting or sending less does not help${answer.retryAfterSeconds === undefined ? " before it is renewed" : `, unless it is renewed in ${span(answer.retryAfterSeconds)}`}.`,
    severity: "critical",
    next: "Raise the quota or settle the bill in the provider's console; see who used it up.",
  }),
  blocked: (answer) => ({
    id: "blocked",
    help: "correct",
    word: `${answer.status}: blocked by ${answer.by ?? "a firewall or an allow list"}`,
    because: `${asked(answer)} by ${answer.by ?? "something in front of the service"}${why(answer)}. The service was not asked; credentials have nothing to do with it.`,
    severity: "critical",
    next: "Allow this machine there, or ask the service by an address that is not behind it.",
  }),
  credentials: (answer) => ({
    id: "credentials",
    help: "correct",
    word: `${answer.status}: credentials refused`,
    because: `${asked(answer)}${why(answer)}: ${answer.sentCredentials ? "it does not accept the credentials of the connection" : "it wants credentials, and the connection gives none"}.`,
    severity: "critical",
    next: !answer.sentCredentials
      ? "Give the connection credentials (`headers:`), or set `health:` to a path that needs none."
      : "Renew the credentials (`headers:` or the URL's user of the connection) and compare them with the provider's console, or let the health endpoint answer without.",
  }),
  forbidden: (answer) => ({
    id: "credentials",
    help: "correct",
    word: `${answer.status}: not allowed`,
    because: `${asked(answer)}${answer.reason === undefined ? ". Either the credentials lack the right for this path, or a rule in front of the service refuses this client" : why(answer)}.`,
    severity: "critical",
    next: "To tell them apart: ask the same with the same credentials from another network; if it is let in, it is the address, otherwise the right (scope, role, plan) is missing. The body and the service's log may name it.",
  }),
  "proxy-credentials": (answer) => ({
    id: "credentials",
    help: "correct",
    word: "407: a proxy on the way wants credentials",
    because: `${asked(answer)}${why(answer)}: not the service but a proxy between asks who we are.`,
    severity: "critical",
    next: "Take the host out of the proxy's way (NO_PROXY, routes), or give the proxy its credentials.",
  }),
  "client-certificate": (answer) => ({
    id: "credentials",
    help: "correct",
    word: `${answer.status}: wants a client certificate`,
    because: `${asked(answer)}${why(answer)}: mutual TLS, which diagbot's HTTP connections do not do.`,
    severity: "critical",
    next: "Ask a health endpoint on a port without mutual TLS, or let a sidecar present the certificate.",
  }),
  "not-found": (answer) => ({
    id: "client-error",
    help: "correct",
    word: `${answer.status} for ${answer.path}`,
    because:
      answer.next !== undefined
        ? `${asked(answer)}${answer.by === undefined ? "" : ` by ${answer.by}`}${why(answer)}.`
        : `${asked(answer)}${why(answer)}: something answers, but not at ${answer.path}: the path is wrong or moved, or another service answers there.`,
    severity: "warning",
    next: `Correct \`url:\` or \`health:\` (now ${answer.path}) of the connection in diagbot.yaml, or the route in front of the service.`,
  }),
  "no-route": (answer) => ({
    id: "client-error",
    help: "correct",
    word: `${answer.status} for ${answer.path}: ${answer.by ?? "the server"} has no route to the service`,
    because: `${asked(answer)} by ${answer.by ?? "the server in front"}${why(answer)}. The service was not asked.`,
    severity: "warning",
    next: "Compare host name and path with the routes of what answers there.",
  }),
  "bad-request": (answer) => ({
    id: "client-error",
    help: "correct",
    word: `${answer.status} for ${answer.path}`,
    because: `${asked(answer)}${answer.by === undefined ? "" : ` by ${answer.by}`}${why(answer)}: the request does not suit it, which says nothing of whether it is well.`,
    severity: "warning",
    next: `Correct \`health:\` (now ${answer.path}) or \`headers:\` of the connection in diagbot.yaml.`,
  }),
  "to-https": (answer) => ({
    id: "redirected",
    help: "correct",
    word: `${answer.status}: wants https`,
    because: `${asked(answer)}${answer.redirect === undefined ? why(answer) : ` and leads to ${answer.redirect}`}: the service wants TLS, and the connection's URL begins with http://.`,
    severity: "warning",
    next: "Begin `url:` with https:// in diagbot.yaml (and its TLS port).",
  }),
  login: (answer) => ({
    id: "redirected",
    help: "correct",
    word:
      answer.redirect === undefined
        ? `a login page${answer.page ? ` "${answer.page}"` : ""} instead of a health answer`
        : `${answer.status}: redirects to a login`,
    because: `${asked(answer)}${answer.redirect === undefined ? " with a login page" : ` and leads to ${answer.redirect}`}: a login stands before the health endpoint, so the service was not asked.`,
    severity: "warning",
    next: "Let the health endpoint answer without a login, or give the connection `headers:` that are let through.",
  }),
  moved: (answer) => ({
    id: "redirected",
    help: "correct",
    word: `${answer.status}: redirects elsewhere`,
    because: `${asked(answer)} and ${answer.redirect === undefined ? "names no place to go to" : `leads to ${answer.redirect}, which diagbot does not follow (credentials would go with it to another host)`}${answer.reason === undefined ? ": the service moved" : why(answer)}.`,
    severity: "warning",
    next: "Set the connection's `url:` to where the service really is.",
  }),
  circle: (answer) => ({
    id: "redirected",
    help: "correct",
    word: `${answer.status}: redirects in a circle`,
    because: `${asked(answer)} and leads to ${answer.redirect} again and again: most often a proxy and the service disagree about HTTPS or the host name.`,
    severity: "warning",
    next: "Compare the proxy's redirects with the service's own; X-Forwarded-Proto and Host must reach the service.",
  }),
};
