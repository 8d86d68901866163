import { clip } from "../../../core/words/format.ts";
import { type BodyRead, isBad, parseJson, readJson, readWord } from "./body.ts";
import { copyIn } from "./copies.ts";
import { grpcIn } from "./grpc.ts";
import { limitIn, saysLimit, waitOf as waitIn } from "./limits.ts";
import { errorWords, isOnItsWay, traceIn, wordsIn } from "./own-text.ts";
import { type PageRead, readPage } from "./page.ts";
import { type ProductRead, readProduct } from "./products.ts";
import { redirectIn } from "./redirects.ts";
import { refusalIn } from "./refusals.ts";
import { type AnswerRead, type Heard, type Known, MOST_TEXT } from "./shape.ts";
import { type Sign, signIn } from "./sign.ts";
import { CDN_SIGNS } from "./signs-cdn.ts";
import { CLOUD_SIGNS } from "./signs-cloud.ts";
import { ERROR_SIGNS, WRONG_PORTS } from "./signs-errors.ts";
import { PROXY_SIGNS } from "./signs-proxy.ts";
import { readText } from "./text.ts";
import { isMaintenance, isStarting, verdictOf } from "./words.ts";

const SIGNS: readonly Sign[] = [...CDN_SIGNS, ...CLOUD_SIGNS, ...PROXY_SIGNS];
/** A page that a bot check sends with a good status. */
const CHALLENGES = CDN_SIGNS.filter(({ cause, status }) => cause === "blocked" && status === undefined);
/** Those that a header tells, whatever else was sent. */
const TOLD_CHALLENGES = CHALLENGES.filter(({ header, body }) => header !== undefined && body === undefined);
const EXCERPT = 500;

/**
 * The one judgement of an HTTP answer: its status, headers and body together. A code is not a cause: first what the service says
 * in a form we know, then who answers in its place, then limits and refusals, then the status alone. Pure, never throws.
 */
export function readAnswer(heard: Heard, now: Date): AnswerRead {
  const body = readBody(heard);
  const { reason: bodyReason, next: bodyNext } = body;
  const known = decide(heard, body, now);
  const isFine = known.cause === "fine";
  const isOwn = OWN.has(known.cause);
  const reason = known.reason ?? (isOwn ? bodyReason : undefined);
  const next = known.next ?? (isOwn ? bodyNext : undefined);
  const excerpt = isFine ? "" : clip(heard.body.trim(), EXCERPT);
  return {
    path: heard.path,
    status: heard.status,
    cause: known.cause,
    verdict: body.verdict,
    ...(body.says === undefined ? {} : { says: body.says }),
    components: [...body.components],
    ...(known.by === undefined ? {} : { by: known.by }),
    ...(reason === undefined ? {} : { reason: clip(reason, 300) }),
    ...(next === undefined ? {} : { next }),
    ...(body.page === undefined ? {} : { page: body.page.title }),
    ...(heard.redirect === undefined ? {} : { redirect: clip(heard.redirect, 200) }),
    ...waitOf(known.retryAfterSeconds ?? askedToWait(heard, now), now),
    ...(known.cause === "credentials" ? { sentCredentials: heard.sentCredentials } : {}),
    ...(excerpt === "" ? {} : { excerpt }),
  };
}

function waitOf(seconds: number | undefined, now: Date): Pick<AnswerRead, "retryAfterSeconds" | "until"> {
  if (seconds === undefined) return {};
  return { retryAfterSeconds: seconds, until: new Date(now.getTime() + seconds * 1000).toISOString() };
}

/** A failing service may name a time, too. */
const askedToWait = ({ status, headers }: Heard, now: Date): number | undefined =>
  status >= 500 && headers["retry-after"] !== undefined ? waitIn(headers, now) : undefined;

/** Causes that are the service's own word: what the body explains belongs to them. */
const OWN: ReadonlySet<string> = new Set(["fine", "says-ill", "says-degraded", "starting", "maintenance"]);

interface Body extends BodyRead {
  readonly product?: string;
  readonly next?: string;
  readonly page?: PageRead;
  /** It announces JSON and is none. */
  readonly isBroken: boolean;
}

/** What the body says by itself. What is beyond 64 Ki characters, or was cut, is not looked at. */
export function readBody(heard: Heard): Body {
  const nothing = { verdict: "unknown", components: [], isBroken: false } as const;
  const contentType = heard.headers["content-type"] ?? "";
  const body = heard.isCut ? "" : heard.body.slice(0, MOST_TEXT);
  const claimsJson = /[/+]json\b/i.test(contentType);
  const page = readPage(contentType, body);
  if (page !== undefined) {
    const isWell = page.kind !== "health" ? "unknown" : page.isWell ? "healthy" : "unhealthy";
    return { ...nothing, verdict: isWell, isBroken: claimsJson, page };
  }
  const json = claimsJson || /^\s*[[{"]/.test(body) ? parseJson(body) : undefined;
  const product: ProductRead | undefined = readProduct(json, heard);
  if (product !== undefined) return { ...product, isBroken: false };
  if (json !== undefined) return { ...withoutEcho(readJson(json), heard.status), isBroken: false };
  const isBroken = claimsJson && !heard.isCut && body.trim() !== "" && readWord(body).verdict === "unknown";
  return isBroken ? { ...nothing, isBroken } : { ...readText(body), isBroken: false };
}

/** A body that repeats the status (`"status": 503`) has said nothing with it. */
const withoutEcho = (body: BodyRead, status: number): BodyRead =>
  status >= 400 && body.says === String(status) && !body.components.some(({ verdict }) => isBad(verdict))
    ? { verdict: "unknown", components: [] }
    : body;

function decide(heard: Heard, body: Body, now: Date): Known {
  const { status } = heard;
  if (body.product !== undefined && (status < 300 || status >= 400)) return ownWord(body);
  if (status < 300 || status === 304) return toldOtherwise(heard) ?? ofGoodStatus(heard, body, now);
  if (status < 400) return signIn(ERROR_SIGNS, heard) ?? redirectIn(heard) ?? { cause: "moved" };
  return inItsPlace(heard, now) ?? ofRefusal(heard, body, now) ?? ofStatus(heard, body);
}

/** Something in front of the service answers. */
function inItsPlace(heard: Heard, now: Date): Known | undefined {
  const sign = signIn(SIGNS, heard) ?? signIn(ERROR_SIGNS, heard);
  return sign?.cause === "limited" ? { ...limitIn(heard, now), ...sign } : sign;
}

function ofRefusal(heard: Heard, body: Body, now: Date): Known | undefined {
  if (body.says !== undefined && isMaintenance(body.says)) return { cause: "maintenance" };
  // A page to log in at is not a word on rights, whatever the status.
  if (body.page?.kind === "login" && isRefused(heard)) return { cause: "login", reason: "a login page" };
  const limit = limitIn(heard, now);
  if (heard.status === 429 && limit?.retryAfterSeconds === undefined && isHealthWord(heard, body))
    return ownWord(body);
  const refusal = limit ?? refusalIn(heard);
  return refusal?.cause === "forbidden" && refusal.reason === undefined
    ? { ...refusal, ...saidBy(heard) }
    : refusal;
}

const isRefused = ({ status, headers }: Heard): boolean =>
  (status === 401 || status === 403) && headers["www-authenticate"] === undefined;

/** Consul answers 429 for a warning: a health word, and nothing of a limit. */
const isHealthWord = ({ body: text }: Heard, { verdict, says = "", page }: Body): boolean =>
  isBad(verdict) &&
  isBad(verdictOf(says)) &&
  page === undefined &&
  !/^errors?$/i.test(says) &&
  !saysLimit(text);

const ofStatus = (heard: Heard, body: Body): Known =>
  heard.status >= 500 ? ofServerError(heard, body) : ofClientError(heard);

/** A good status below which a header, or the protocol of another port, says something else. */
const toldOtherwise = (heard: Heard): Known | undefined =>
  grpcIn(heard) ?? signIn(TOLD_CHALLENGES, heard) ?? signIn(WRONG_PORTS, heard);

/** Trap health-200-only: a 200 may say `"status": "degraded"`, or be a page nobody asked for. */
function ofGoodStatus(heard: Heard, body: Body, now: Date): Known {
  if (body.isBroken && (body.page === undefined || body.page.kind === "app")) return { cause: "broken-json" };
  const trace = heard.isCut ? undefined : traceIn(heard.body);
  if (trace !== undefined && (body.page === undefined || body.page.kind === "app"))
    return {
      cause: "server-error",
      reason: `an error of the program stands where the answer should: ${trace}`,
    };
  if (body.page !== undefined && body.page.kind !== "health") return ofPage(heard, body.page);
  const own = ownWord(body);
  if (own.cause === "says-ill") return saysNo(heard, body, now) ?? own;
  return own.cause === "fine" ? (copyIn(heard, body.says !== undefined) ?? own) : own;
}

/** Some say no with a 200: `{ "ok": false, "error": "ratelimited" }`, `{ "ok": false, "error": "invalid_auth" }`. */
function saysNo(heard: Heard, { says, reason }: Body, now: Date): Known | undefined {
  if (saysLimit(`${says} ${reason}`)) return limitIn({ ...heard, status: 429 }, now);
  return isErrorCode(reason) ? refusalIn({ ...heard, status: 400 }) : undefined;
}

/** A code is about the request; a sentence may be about a part (`database: invalid credentials`). */
const isErrorCode = (reason = ""): boolean => /^[A-Za-z]{2,20}(_[A-Za-z]{2,20}){0,4}$/.test(reason);

function ownWord({ verdict, says, components }: BodyRead): Known {
  if (says !== undefined && (isStarting(says) || isOnItsWay(says))) return { cause: "starting" };
  if (says !== undefined && isMaintenance(says)) return { cause: "maintenance" };
  if (verdict === "unhealthy") return { cause: "says-ill" };
  const bad = components.filter((part) => isBad(part.verdict));
  if (verdict !== "degraded" && bad.length === 0) return { cause: "fine" };
  // Nextcloud: { "installed": true, "maintenance": true }.
  const isMeant = bad.length > 0 && bad.every(({ name }) => /maintenance/i.test(name));
  return { cause: isMeant ? "maintenance" : "says-degraded" };
}

/** A page at the path of a health check: nobody asked the service. The start page elsewhere (`health: /`) is what was configured. */
function ofPage(heard: Heard, { kind }: PageRead): Known {
  const challenge = signIn(CHALLENGES, heard);
  if (challenge !== undefined) return challenge;
  if (kind === "maintenance") return { cause: "maintenance" };
  if (kind === "error") return { cause: "page", reason: "an error page with a good status" };
  if (kind === "default")
    return {
      cause: "page",
      reason: "the web server's own start page: it has no site for this host name, or nothing was deployed",
    };
  if (!/health|ready|live|ping|status|alive|up$|heartbeat|probe/i.test(heard.path)) return { cause: "fine" };
  if (kind === "login") return { cause: "login", reason: "a login page" };
  if (kind === "directory") return { cause: "page", reason: "a list of files" };
  return { cause: "page", reason: "the application's own page: a route that answers everything" };
}

const GATEWAY = new Set([502, 503, 504]);
const PROXIES =
  /^(nginx|openresty|tengine|angie|envoy|istio-envoy|haproxy|traefik|caddy|varnish|kong|cloudflare|akamaighost|cloudfront|apache traffic server|ats|squid)\b/i;

function ofServerError({ status, headers, ...heard }: Heard, body: Body): Known {
  if (body.page?.kind === "maintenance") return { cause: "maintenance" };
  const own = ownWord(body);
  if (own.cause !== "fine") return own;
  if (body.verdict === "healthy" && body.says !== undefined)
    return {
      cause: "server-error",
      reason: `the body says "${body.says}" all the same: status and body contradict each other`,
    };
  const words =
    wordsIn(heard.isCut ? "" : heard.body, body.page !== undefined) ??
    errorWords(heard.isCut ? "" : heard.body);
  const said = words === undefined ? {} : { reason: `it says "${words}"` };
  if (words !== undefined && status === 503 && isMaintenance(words)) return { cause: "maintenance", ...said };
  if (words !== undefined && status === 503 && isOnItsWay(words)) return { cause: "starting", ...said };
  if (!GATEWAY.has(status)) return { cause: "server-error", ...said };
  const by = PROXIES.exec(headers.server ?? "")?.[0];
  return { cause: "gateway", ...(by === undefined ? {} : { by }), ...said };
}

/** Plain HTTP to a TLS port, as Go, Apache and Tomcat word it. */
const WANTS_TLS =
  /sent an HTTP request to an HTTPS server|plain HTTP to an SSL-enabled server port|requires TLS\b/i;
const OF_STATUS: Readonly<Record<number, string>> = {
  405: "it does not take GET there",
  406: "it has no answer in a form we accept",
  408: "it waited too long for the request",
  410: "what was there is gone for good",
  411: "it wants a length",
  413: "the request is too large",
  414: "the path is too long",
  415: "it wants another kind of body",
  417: "it does not meet the request's expectation",
  422: "the path is there, but it wants parameters",
  426: "it wants another protocol version",
  431: "the headers are too large",
};

function ofClientError(heard: Heard): Known {
  const { status, body } = heard;
  if (status === 400 && WANTS_TLS.test(body.slice(0, 2000)))
    return { cause: "to-https", reason: "plain HTTP was sent to a TLS port" };
  if (status === 404 || status === 410 || status === 405)
    return { cause: "not-found", ...saidBy(heard), ...reasonOf(status) };
  return { cause: "bad-request", ...reasonOf(status), ...saidBy(heard) };
}

/** The words of an error in JSON or XML, where they are more than the status says. */
function saidBy({ body, isCut }: Heard): { reason?: string } {
  const words = isCut ? undefined : errorWords(body);
  return words === undefined ? {} : { reason: `it says "${words}"` };
}

const reasonOf = (status: number): { reason?: string } => {
  const reason = OF_STATUS[status];
  return reason === undefined ? {} : { reason };
};
