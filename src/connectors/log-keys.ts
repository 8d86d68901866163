import { isIP } from "node:net";
import { clip } from "../core/words/format.ts";
import type { LogLine } from "./log-line.ts";

/** Fields under which programs say who asked, the nearest to the client first. */
const ADDRESS_FIELDS = [
  "client_ip",
  "clientip",
  "remote_addr",
  "remote_ip",
  "remoteaddr",
  "ip",
  "client",
  "source_ip",
  "src",
  "client.ip",
  "source.ip",
];
const PATH_FIELDS = [
  "path",
  "url",
  "uri",
  "route",
  "endpoint",
  "request_path",
  "http.path",
  "url.path",
  "request",
];

/** What may be an address, perhaps with a port behind it. */
const CANDIDATE = /[0-9a-f][0-9a-f:.]{2,50}|::1/gi;
/** `"GET /orders/17?x=1 HTTP/1.1"` of an access log, or the method and path alone. */
const REQUEST = /\b(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (\/[^\s"?#]{0,300})/;

/** HAProxy: a line at each change of what a check comes to (`option log-health-checks`), and at each change of a server (always). */
const CHECKED =
  /^(?:Health check for (?:backup )?server|(?:Backup )?Server) ([^\s]{1,200}) (?:failed|succeeded|conditionally|is )/;

/**
 * What keeps a line apart from others, as `by` says: `address` (who asked), `path` (of a request, without its numbers and query),
 * `server` (that a load balancer has checked), or the value of a field. Undefined: the line has none. Pure, in linear time.
 */
export function keyOf(line: LogLine, by: string): string | undefined {
  const first = (names: readonly string[]) => names.map((name) => line.fields[name]).find((value) => value);
  if (by === "address") return addressIn(first(ADDRESS_FIELDS)) ?? addressIn(line.message);
  if (by === "path") {
    const said = first(PATH_FIELDS);
    const path = (said === undefined ? undefined : pathIn(said)) ?? REQUEST.exec(line.message)?.[1];
    return path === undefined ? undefined : clip(withoutIds(path), 200);
  }
  // One word for what balancers call it; a field of that name is for programs that have one.
  if (by === "server") {
    const checked = CHECKED.exec(line.message)?.[1];
    if (checked !== undefined) return clip(checked, 120);
  }
  const value = line.fields[by.toLowerCase()];
  return value === undefined || value === "" ? undefined : clip(value, 120);
}

/** The first word that is an IPv4 or IPv6 address, without its port. */
function addressIn(text: string | undefined): string | undefined {
  for (const [word] of (text ?? "").slice(0, 1_000).matchAll(CANDIDATE)) {
    const bare = word.replace(/[.:]$/, "");
    const address = bare.includes(".") ? bare.replace(/:\d{1,5}$/, "") : bare;
    if (isIP(address) !== 0) return address.toLowerCase();
  }
  return undefined;
}

/** `/a/b` of a path, of an address of the web, or of `GET /a/b HTTP/1.1`. */
function pathIn(text: string): string | undefined {
  const asked = REQUEST.exec(text)?.[1];
  if (asked !== undefined) return asked;
  return /^(?:https?:\/\/[^/\s]{1,253})?(\/[^\s?#]{0,300})/.exec(text)?.[1];
}

/** Numbers and ids of a path differ from one request to the next. */
const withoutIds = (path: string): string =>
  path
    .split("/")
    .map((part) =>
      /^\d+$/.test(part)
        ? "<n>"
        : /^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(part) || /^(?=.*\d)[0-9a-f]{12,64}$/i.test(part)
          ? "<id>"
          : part,
    )
    .join("/");
