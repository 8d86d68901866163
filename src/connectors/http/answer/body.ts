import { clip } from "../../../core/words/format.ts";
import {
  ENVELOPE,
  FAILURES,
  isBadIfTrue,
  isDependency,
  isRole,
  mayBePart,
  OWN_WORD,
  PARTS,
  plainKey,
  STATUS_NUMBER,
} from "./keys.ts";
import { type Component, MOST_TEXT, type Verdict } from "./shape.ts";
import { verdictOf } from "./words.ts";

/** What the JSON of a health endpoint says: read by key, lists and nested objects included. */
export interface BodyRead {
  readonly verdict: Verdict;
  /** The service's own word, e.g. `degraded`; undefined where the body names none. */
  readonly says?: string;
  readonly components: readonly Component[];
  /** Its explanation, where it gives one beside its word. */
  readonly reason?: string;
}

const MOST_COMPONENTS = 30;
const MOST_KEYS = 200;
/** Objects within objects that are looked into; a hostile body nests thousands. */
const DEPTH = 4;
const RANK: readonly Verdict[] = ["healthy", "unknown", "degraded", "unhealthy"];
const REASONS = [
  "reason",
  "message",
  "error",
  "detail",
  "output",
  "error_message",
  "resource_error",
  "description",
];
const NAMES = ["name", "component", "service", "checker", "check", "service_id", "id", "key"];

type Fields = ReadonlyMap<string, { readonly name: string; readonly value: unknown }>;
interface Word {
  readonly word: string;
  readonly verdict: Verdict;
}

export const parseJson = (body: string): unknown => {
  try {
    return JSON.parse(body.slice(0, MOST_TEXT));
  } catch {
    return undefined;
  }
};
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Pure, never throws. */
export function readJson(value: unknown, depth = DEPTH): BodyRead {
  if (typeof value === "string" || typeof value === "boolean") return readWord(String(value));
  if (Array.isArray(value)) return ofParts(partsOfList("part", value, depth));
  return isRecord(value) && depth > 0 ? readRecord(fieldsOf(value), depth) : ofParts([]);
}

function readRecord(fields: Fields, depth: number): BodyRead {
  const own = ownWord(fields);
  const inner = own === undefined || own.verdict === "healthy" ? innerOf(fields, depth) : undefined;
  if (inner !== undefined) return inner;
  const components = unique(partsOf(fields, own, depth)).slice(0, MOST_COMPONENTS);
  const word = own ?? (components.length === 0 ? failureOf(fields) : undefined);
  if (word === undefined) return ofParts(components);
  const reason = word.verdict === "healthy" ? undefined : reasonIn(fields);
  const explained = reason === undefined || reason === word.word ? {} : { reason };
  return { verdict: word.verdict, says: word.word, components, ...explained };
}

export const readWord = (word: string): BodyRead => {
  const verdict = verdictOf(word);
  return { verdict, ...(verdict === "unknown" ? {} : { says: clip(word.trim(), 60) }), components: [] };
};

const ofParts = (components: readonly Component[]): BodyRead => ({ verdict: worst(components), components });

export const worst = (components: readonly Component[]): Verdict =>
  components.length === 0
    ? "unknown"
    : (RANK[Math.max(...components.map(({ verdict }) => RANK.indexOf(verdict)))] ?? "unknown");

const fieldsOf = (record: Record<string, unknown>): Fields =>
  new Map(
    Object.entries(record)
      .slice(0, MOST_KEYS)
      .map(([name, value]) => [plainKey(name), { name: clip(name, 60), value }]),
  );

/** The first key whose word we know, or else the first that holds a word at all. */
function ownWord(fields: Fields): Word | undefined {
  const found = OWN_WORD.flatMap((key) => wordOf(key, fields.get(key)?.value) ?? []);
  return (
    found.find(({ verdict }) => verdict !== "unknown") ??
    found[0] ??
    wordOf("status_code", fields.get("status_code")?.value)
  );
}

/** A word, a truth, or a number that is an HTTP status (`status: 200`). */
function wordOf(key: string, value: unknown): Word | undefined {
  if (typeof value === "string" && value !== "") return { word: clip(value, 60), verdict: verdictOf(value) };
  if (typeof value === "boolean") return { word: `${key}: ${value}`, verdict: goodIf(value) };
  return typeof value === "number" ? numberWord(key, value) : undefined;
}

function numberWord(key: string, value: number): Word | undefined {
  if (STATUS_NUMBER.has(key))
    return value >= 200 && value < 600 ? { word: String(value), verdict: goodIf(value < 400) } : undefined;
  return value === 0 || value === 1 ? { word: `${key}: ${value}`, verdict: goodIf(value === 1) } : undefined;
}

const goodIf = (isGood: boolean): Verdict => (isGood ? "healthy" : "unhealthy");

/** The word within an envelope (`{ "status": "success", "data": { "status": "down" } }`) counts before the envelope's. */
function innerOf(fields: Fields, depth: number): BodyRead | undefined {
  for (const key of ENVELOPE) {
    const value = fields.get(key)?.value;
    if (!isRecord(value)) continue;
    const inner = readJson(value, depth - 1);
    if (inner.says !== undefined || inner.components.length > 0) return inner;
  }
  return undefined;
}

/** A body that tells an error and nothing else. GraphQL answers so with a 200. */
function failureOf(fields: Fields): Word | undefined {
  const error = fields.get("error")?.value;
  if (typeof error === "string" && error !== "") return { word: clip(error, 60), verdict: "unhealthy" };
  const errors = fields.get("errors")?.value;
  const hasData = fields.get("data")?.value != null;
  if (!Array.isArray(errors) || errors.length === 0 || hasData) return undefined;
  const said = clip(messageOf(errors[0]) ?? "", 120);
  return { word: said === "" ? "errors" : said, verdict: "unhealthy" };
}

function reasonIn(fields: Fields): string | undefined {
  for (const key of REASONS) {
    const value = fields.get(key)?.value;
    if (typeof value === "string" && value.trim() !== "") return clip(value.replace(/\s+/g, " ").trim(), 200);
  }
  return causesIn(fields.get("causes")?.value);
}

/** Several at once: `"causes": [{ "message": "Elasticsearch status is RED" }]`. */
function causesIn(value: unknown): string | undefined {
  if (!Array.isArray(value)) return undefined;
  const said = value.slice(0, 3).flatMap((one: unknown) => messageOf(one) ?? []);
  return said.length === 0 ? undefined : clip(said.join("; "), 200);
}

function messageOf(value: unknown): string | undefined {
  const message = isRecord(value) ? fieldsOf(value).get("message")?.value : value;
  return typeof message === "string" && message.trim() !== ""
    ? message.replace(/\s+/g, " ").trim()
    : undefined;
}

/** Parts stand in a list of their own, or beside the status: `{ "status": "ok", "zoho": "authenticated" }`. */
function partsOf(fields: Fields, own: Word | undefined, depth: number): Component[] {
  const isNews = (key: string): boolean => !isRole(key) || own?.verdict !== "healthy";
  const isSetting = (key: string): boolean =>
    own !== undefined || (isDescription(fields) && !isDependency(key));
  return [...fields].flatMap(([key, { name, value }]) => {
    if (FAILURES.has(key)) return failuresIn(value);
    if (isBadIfTrue(key)) return isNews(key) ? badNews(name, value, depth) : [];
    if (PARTS.has(key) || (OWN_WORD.includes(key) && typeof value === "object"))
      return listParts(name, value, depth);
    // Beside a word of its own a `false` is a setting, and a word we do not know a version or a name.
    if (!mayBePart(key) || (typeof value === "boolean" && isSetting(key))) return [];
    return partOf(name, value, depth).filter(({ verdict }) => verdict !== "unknown");
  });
}

/** It describes itself (an edition, a product's name) rather than listing checks: then a `false` in it is a property. */
const isDescription = (fields: Fields): boolean =>
  [...fields].some(
    ([key, { value }]) => typeof value === "string" && mayBePart(key) && verdictOf(value) === "unknown",
  );

const badNews = (name: string, value: unknown, depth: number): Component[] => {
  if (value === true) return [{ name, status: "true", verdict: "degraded" }];
  return isRecord(value) ? listParts(name, value, depth) : [];
};

function listParts(name: string, value: unknown, depth: number): Component[] {
  if (depth === 0) return [];
  if (Array.isArray(value)) return partsOfList(name, value, depth);
  return isRecord(value)
    ? Object.entries(value)
        .slice(0, MOST_KEYS)
        .flatMap(([part, inner]) => partOf(part, inner, depth - 1))
    : [];
}

const partsOfList = (list: string, items: readonly unknown[], depth: number): Component[] =>
  items
    .slice(0, MOST_KEYS)
    .flatMap((item, index) =>
      isRecord(item) ? partOf(nameOf(item) ?? `${list} ${index}`, item, depth - 1) : [],
    );

/** One part. Where parts of it are ill, they are told in its place. */
function partOf(name: string, value: unknown, depth: number): Component[] {
  const called = clip(name, 60);
  if (typeof value === "string")
    return value === "" ? [] : [{ name: called, status: clip(value, 60), verdict: verdictOf(value) }];
  if (typeof value === "boolean") {
    const isGood = value !== isBadIfTrue(plainKey(name));
    return [{ name: called, status: String(value), verdict: isGood ? "healthy" : "unhealthy" }];
  }
  if (depth <= 0) return [];
  // health+json: several readings of one part.
  if (Array.isArray(value))
    return value
      .slice(0, 5)
      .flatMap((item: unknown) => partOf(isRecord(item) ? called : "", item, depth - 1))
      .map((part) => ({ ...part, name: part.name === "" ? called : part.name }));
  if (!isRecord(value)) return [];
  const { verdict, says, components } = readJson(value, depth);
  const below = components.map((part) => ({ ...part, name: clip(`${called}/${part.name}`, 60) }));
  const bad = below.filter((part) => isBad(part.verdict));
  if (says === undefined) return below;
  return isBad(verdict) && bad.length > 0 ? bad : [{ name: called, status: says, verdict }, ...bad];
}

export const isBad = (verdict: Verdict): boolean => verdict === "degraded" || verdict === "unhealthy";

function failuresIn(value: unknown): Component[] {
  const bad = (name: string, said: unknown): Component => ({
    name: clip(name, 60),
    status: clip(typeof said === "string" && said !== "" ? said : "failed", 60),
    verdict: "unhealthy",
  });
  if (Array.isArray(value))
    return value
      .slice(0, MOST_COMPONENTS)
      .flatMap((item: unknown) =>
        typeof item === "string"
          ? [bad(item, "")]
          : isRecord(item)
            ? [bad(nameOf(item) ?? "part", messageOf(item))]
            : [],
      );
  return isRecord(value)
    ? Object.entries(value)
        .slice(0, MOST_COMPONENTS)
        .map(([name, said]) => bad(name, said))
    : [];
}

function nameOf(record: Record<string, unknown>): string | undefined {
  const fields = fieldsOf(record);
  const found = NAMES.map((key) => fields.get(key)?.value).find(
    (value) => typeof value === "string" && value !== "",
  );
  return typeof found === "string" ? found : undefined;
}

/** The same part told twice (terminus has it in `error` and in `details`) is one. */
function unique(components: readonly Component[]): Component[] {
  const seen = new Map(components.map((part) => [`${part.name}=${part.status}`, part]));
  return [...seen.values()];
}
