import { clip } from "../../core/words/format.ts";

export type Verdict = "healthy" | "degraded" | "unhealthy" | "unknown";

/** What a health endpoint says about itself; trap `health-200-only`: a 200 may carry `"status": "degraded"`. */
export interface HealthBody {
  readonly verdict: Verdict;
  /** The service's own word, e.g. `degraded`; undefined where the body names none. */
  readonly status?: string;
  readonly components: readonly Component[];
  /** The body announces JSON but is not. */
  readonly isBroken: boolean;
  /** Title of a web page (maintenance, login, the application's own start page); undefined: the body is none. */
  readonly page?: string;
}

export interface Component {
  readonly name: string;
  readonly status: string;
  readonly verdict: Verdict;
}

const MOST_COMPONENTS = 30;
const HEALTHY = words(
  "ok okay healthy up pass passed passing alive ready green good online running serving operational available connected authenticated active success true",
);
const DEGRADED = words("degraded warn warning yellow partial slow limited unstable");
const UNHEALTHY = words(
  "unhealthy down fail failed failing failure error errored dead red bad offline stopped critical unavailable disconnected unauthenticated unreachable timeout expired out_of_service not_ready not_connected false",
);
/** Where the usual frameworks put the parts: Spring, terminus, health+json, ASP.NET, hand-made. */
const PARTS = ["components", "checks", "services", "dependencies", "details", "entries", "results"];
const OWN_WORD = ["status", "state", "health", "healthy", "ok"];
const RANK: readonly Verdict[] = ["healthy", "unknown", "degraded", "unhealthy"];

/** Longest body that is read, in characters. */
const MOST_TEXT = 65_536;

/** Reads the body of a health endpoint; pure, never throws. What is beyond 64 Ki characters is not looked at. */
export function readHealthBody(contentType: string, whole: string): HealthBody {
  const body = whole.slice(0, MOST_TEXT);
  const claimsJson = /[/+]json\b/i.test(contentType);
  const looksJson = /^\s*[{[]/.test(body);
  const page = pageTitle(contentType, body);
  if (page !== undefined) return { verdict: "unknown", components: [], isBroken: claimsJson, page };
  if (!claimsJson && !looksJson) return plainText(body);
  const parsed = parse(body);
  if (parsed === undefined) return { verdict: "unknown", components: [], isBroken: claimsJson };
  if (!isRecord(parsed)) return { ...plainText(scalarWord(parsed) ?? ""), isBroken: false };
  const status = ownWord(parsed);
  const components = partsOf(parsed);
  const own = status === undefined ? "unknown" : verdictOf(status);
  const verdict = status === undefined && components.length > 0 ? worst(components) : own;
  return { verdict, ...(status === undefined ? {} : { status }), components, isBroken: false };
}

/** One word of a health answer. */
export function verdictOf(word: string): Verdict {
  const normal = word
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, "_");
  if (HEALTHY.has(normal)) return "healthy";
  if (DEGRADED.has(normal)) return "degraded";
  return UNHEALTHY.has(normal) ? "unhealthy" : "unknown";
}

function pageTitle(contentType: string, body: string): string | undefined {
  if (!/^text\/html\b/i.test(contentType) && !/^\s*<(!doctype html|html)/i.test(body)) return undefined;
  // Some services say OK as text/html: that is no page.
  if (!/<(html|head|body|title)\b/i.test(body)) return undefined;
  const title =
    /<title[^<>]*>([^<]{0,200})/i.exec(body)?.[1] ?? /<h1[^<>]*>([^<]{0,200})/i.exec(body)?.[1] ?? "";
  return clip(title.replace(/\s+/g, " ").trim(), 80);
}

function plainText(body: string): HealthBody {
  const word = body.trim();
  const verdict = word.length <= 40 ? verdictOf(word) : "unknown";
  return { verdict, ...(verdict === "unknown" ? {} : { status: word }), components: [], isBroken: false };
}

function ownWord(record: Record<string, unknown>): string | undefined {
  for (const key of OWN_WORD) {
    const value = record[key];
    if (typeof value === "string") return clip(value, 60);
    if (typeof value === "boolean") return String(value);
  }
  return undefined;
}

function partsOf(record: Record<string, unknown>): Component[] {
  const nested = PARTS.flatMap((key) => listParts(record[key]));
  // Hand-made answers put the parts beside the status: {"status":"ok","zoho":"authenticated"}. Unknown words there are versions and names.
  const beside = Object.entries(record)
    .filter(([key]) => !OWN_WORD.includes(key) && !PARTS.includes(key))
    .flatMap(([key, value]) => componentOf(key, value))
    .filter(({ verdict }) => verdict !== "unknown");
  return [...nested, ...beside].slice(0, MOST_COMPONENTS);
}

function listParts(value: unknown): Component[] {
  if (Array.isArray(value))
    return value.flatMap((item: unknown, index) =>
      isRecord(item) ? componentOf(nameOf(item) ?? String(index), item) : [],
    );
  return isRecord(value) ? Object.entries(value).flatMap(([name, part]) => componentOf(name, part)) : [];
}

/** `deep`: lists within lists that are looked into; a hostile body nests thousands. */
function componentOf(name: string, value: unknown, deep = 3): Component[] {
  if (Array.isArray(value))
    return deep === 0 ? [] : value.slice(0, 5).flatMap((item: unknown) => componentOf(name, item, deep - 1));
  const word = isRecord(value) ? ownWord(value) : scalarWord(value);
  return word === undefined
    ? []
    : [{ name: clip(name, 60), status: clip(word, 60), verdict: verdictOf(word) }];
}

const nameOf = ({ name, component }: Record<string, unknown>): string | undefined =>
  [name, component].find((word) => typeof word === "string");
const scalarWord = (value: unknown): string | undefined =>
  typeof value === "string" || typeof value === "boolean" ? String(value) : undefined;
const worst = (components: readonly Component[]): Verdict =>
  RANK[Math.max(...components.map(({ verdict }) => RANK.indexOf(verdict)))] ?? "unknown";

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(" "));
}
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
