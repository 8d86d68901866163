/** One step of a request, whichever store it comes from. */
export interface Span {
  readonly id: string;
  /** Undefined: it begins the trace. */
  readonly parent: string | undefined;
  readonly service: string;
  readonly name: string;
  /** Microseconds since 1970. */
  readonly start: number;
  readonly end: number;
  readonly isError: boolean;
  /** What it asked of whom, without values: a statement, a route; empty: it does not say. */
  readonly asks: string;
}

export interface Trace {
  readonly id: string;
  readonly spans: readonly Span[];
}

/** Attributes of a span by name, as text. */
export type Attributes = ReadonlyMap<string, string>;

/** What names the thing that is asked for, the most telling first; old and new semantic conventions of OpenTelemetry. */
const ASKED = [
  ...[
    "db.query.summary",
    "db.query.text",
    "db.statement",
    "db.operation",
    "rpc.method",
    "http.route",
    "url.template",
  ],
  ...["url.full", "http.url", "http.target", "messaging.destination.name"],
];

/** Values of statements and addresses say what somebody asked for, and make equal ones differ: they are left out. */
export function asksOf(attributes: Attributes): string {
  const found = ASKED.map((name) => attributes.get(name)).find((text) => text !== undefined && text !== "");
  return found === undefined ? "" : withoutValues(found);
}

const withoutValues = (text: string): string =>
  text
    .slice(0, 500)
    .replace(/\?.*$/s, (query) => (/^\?\s|^\?[,)]|^\?$/.test(query) ? query : ""))
    .replace(/'(?:[^']|'')*'/g, "?")
    .replace(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/gi, "?")
    .replace(/\b0x[0-9a-f]+\b|\b\d+(?:\.\d+)?\b/gi, "?")
    .replace(/\(\s*\?(?:\s*,\s*\?)+\s*\)/g, "(?)")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 160);

/** Whether its attributes say that it failed (a status of HTTP of the server's fault, `error`). */
export const saysError = (attributes: Attributes): boolean =>
  attributes.get("error") === "true" ||
  attributes.get("otel.status_code") === "ERROR" ||
  /^5\d\d$/.test(attributes.get("http.response.status_code") ?? attributes.get("http.status_code") ?? "");
