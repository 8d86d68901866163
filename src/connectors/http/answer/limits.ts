import type { Heard, Known } from "./shape.ts";

/** Statuses that say "too many requests" without another word. 420 and 430 are Twitter's and Shopify's, 509 is of web hosts. */
const LIMIT_STATUS = new Set([420, 429, 430, 509]);
/** Under these a limit may come in disguise: GitHub (403), AWS (400), Salesforce (403), S3 (503), Azure (403). */
const MAYBE = new Set([400, 401, 402, 403, 500, 503, 529]);

/** Waiting does not help: what was bought is used up. In bodies of OpenAI, Anthropic, Google, Azure, AWS and of payment walls. */
const QUOTA =
  /insufficient_quota|exceeded your current quota|billing_(hard_limit|not_active)|credit balance is too low|insufficient (funds|credits|balance)|payment (is )?required|(monthly|daily|call volume|subscription|plan) (quota|limit)|dailyLimitExceeded|quotaExceeded|QuotaExceeded\b|out of call volume quota|quota (has been )?exceeded|usage limit|upgrade your plan|account (is |has been )?(past due|suspended for non-?payment)/i;
/** The other side has no room, whatever we send. */
const OVERLOADED = /overloaded|over capacity|at capacity|server (is )?busy|ServerBusy|engine_overloaded/i;
/** Words for a limit in bodies of APIs. */
const LIMIT =
  /rate[ _-]?limit|ratelimited|too[ _]?many[ _]?requests|throttl|secondary limit|abuse detection|request[ _]?limit[ _]?exceeded|RequestLimitExceeded|REQUEST_LIMIT_EXCEEDED|SlowDown\b|slow down|BandwidthLimitExceeded|PriorRequestNotComplete|ProvisionedThroughputExceeded|TooManyRequestsException|TransactionInProgressException|userRateLimitExceeded|RESOURCE_EXHAUSTED|requests per (second|minute|hour|day)|concurrent requests|enhance your calm/i;

/** Where the answer says that we asked too often, is out of quota, or has no room. Undefined: it does not. */
export function limitIn(heard: Heard, now: Date): Known | undefined {
  const cause = heard.status < 400 ? undefined : causeOf(heard, heard.body.slice(0, 8192));
  if (cause === undefined) return undefined;
  const wait = waitOf(heard.headers, now);
  return { cause, ...(wait === undefined ? {} : { retryAfterSeconds: wait }) };
}

function causeOf({ status, headers }: Heard, body: string): "quota" | "overloaded" | "limited" | undefined {
  const isSure = LIMIT_STATUS.has(status);
  const isPossible = isSure || MAYBE.has(status);
  if (status === 402 || (isPossible && QUOTA.test(body))) return "quota";
  if (status === 529 || ((isSure || status === 503) && OVERLOADED.test(body))) return "overloaded";
  const isToldInHeaders = isUsedUp(headers) || (status === 403 && headers["retry-after"] !== undefined);
  return isSure || (isPossible && (isToldInHeaders || LIMIT.test(body))) ? "limited" : undefined;
}

/** Whether words speak of a limit. */
export const saysLimit = (text: string): boolean => LIMIT.test(text.slice(0, 8192));

const RETRY: readonly (readonly [string, number])[] = [
  ["retry-after-ms", 0.001],
  ["x-ms-retry-after-ms", 0.001],
  ["retry-after", 1],
  ["x-retry-after", 1],
  ["x-rate-limit-retry-after-seconds", 1],
  ["x-retry-in", 1],
];
const REMAINING = /^(x-)?(app-)?[a-z-]{0,40}(rate-?limit)[a-z-]{0,40}remaining[a-z-]{0,40}$/;
const RESET = /^(x-)?(app-)?[a-z-]{0,40}(rate-?limit)[a-z-]{0,40}reset[a-z-]{0,40}$/;
const YEAR = 365 * 86_400;

/** Seconds until it may be asked again; undefined where nothing sensible is said. */
export function waitOf(headers: Heard["headers"], now: Date): number | undefined {
  for (const [name, unit] of RETRY) {
    const seconds = secondsUntil(headers[name], now, unit);
    if (seconds !== undefined) return seconds;
  }
  const resets = Object.entries(headers)
    .filter(([name]) => RESET.test(name))
    // Of several limits the one that is used up tells; the others would say too long or too short.
    .sort(([a], [b]) => Number(leftFor(b, headers) === 0) - Number(leftFor(a, headers) === 0))
    .map(([, value]) => secondsUntil(value, now, 1));
  return resets.find((seconds) => seconds !== undefined) ?? structuredWait(headers.ratelimit);
}

const leftFor = (reset: string, headers: Heard["headers"]): number =>
  Number(headers[reset.replace("reset", "remaining")] ?? Number.NaN);

/** A count, a moment (RFC 9110 date, ISO 8601, Unix seconds or milliseconds) or a span (`6m0s`). */
export function secondsUntil(value: string | undefined, now: Date, unit: number): number | undefined {
  const text = value?.split(",", 1)[0]?.trim() ?? "";
  const whole = value?.trim() ?? "";
  if (whole === "" || whole.length > 60) return undefined;
  if (/^\d{1,15}(\.\d{1,6})?$/.test(text)) {
    const number = Number(text);
    const from = now.getTime() / 1000;
    const seconds = number > 1e12 ? number / 1000 - from : number > 1e9 ? number - from : number * unit;
    return sensible(seconds);
  }
  const span = /^(?:(\d{1,4})h)?(?:(\d{1,4})m(?!s))?(?:(\d{1,6}(?:\.\d{1,6})?)s)?(?:(\d{1,8})ms)?$/.exec(
    text,
  );
  if (span !== null && text !== "") {
    const [, hours = 0, minutes = 0, seconds = 0, milliseconds = 0] = span.map((part) => Number(part ?? 0));
    return sensible(hours * 3600 + minutes * 60 + seconds + milliseconds / 1000);
  }
  const date = /[a-z]{3}|\d{4}-\d\d-\d\d/i.test(whole) ? Date.parse(whole) : Number.NaN;
  return Number.isNaN(date) ? undefined : sensible(Math.max(0, (date - now.getTime()) / 1000));
}

const sensible = (seconds: number): number | undefined =>
  seconds >= 0 && seconds <= YEAR ? Math.ceil(seconds) : undefined;

/** `limit=100, remaining=0, reset=50`, and the newer `"default";r=0;t=50` (IETF draft). */
function structuredWait(header: string | undefined): number | undefined {
  const found = /\b(?:reset|t) ?= ?(\d{1,9})\b/.exec(header?.slice(0, 200) ?? "");
  return found === null ? undefined : sensible(Number(found[1]));
}

function isUsedUp(headers: Heard["headers"]): boolean {
  const told = Object.entries(headers).some(([name, value]) => REMAINING.test(name) && /^0\b/.test(value));
  return told || /\b(?:remaining|r) ?= ?0\b/.test(headers.ratelimit?.slice(0, 200) ?? "");
}
