import { z } from "zod";
import { DiagError, type ErrorCode } from "../../../core/words/errors.ts";
import { clip } from "../../../core/words/format.ts";

const text = z.string().nullish();
/** The API server's own error body. `details` is empty where the path itself is unknown. */
const Status = z.object({
  kind: z.literal("Status"),
  message: text,
  reason: text,
  metadata: z.object({ continue: text }).nullish(),
  details: z
    .object({ name: text, group: text, kind: text, retryAfterSeconds: z.number().nullish() })
    .nullish(),
});

/** What the server said with an error. */
export interface Refused {
  readonly status: number;
  readonly body: string;
  readonly method: string;
  readonly path: string;
  readonly retryAfter?: string | undefined;
}

/** The Status in a body; undefined: an aggregated API, a proxy or an unknown API group answered in plain text. */
export function statusIn(body: string): z.output<typeof Status> | undefined {
  try {
    const parsed = Status.safeParse(JSON.parse(body));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** `User "u" cannot list resource "pods" in API group "" in the namespace "n"`: authorization, not admission. */
const MAY_NOT =
  /User "([^"]{0,300})" cannot (\w{1,30}) resource "([^"]{1,100})" in API group "([^"]{0,200})"(?: in the namespace "([^"]{1,100})")?/;

/**
 * An error answer as a DiagError. `detail`: the HTTP status, or `no-api` (the group or version is not served), `forbidden`
 * (RBAC; `said` has user, verb, resource, group, namespace), `quota`. A 4xx proves that nothing was done.
 */
export function refusedBy(refused: Refused): DiagError {
  const { status, body, method, path } = refused;
  const said = statusIn(body);
  const words = clip((said?.message ?? body).replace(/\s+/g, " ").trim(), 400) || "no message";
  const { code, detail, hint, more } = meaningOf(refused, words, said);
  return new DiagError(code, `${method} ${clip(path, 160)}: ${status}: ${words}`, {
    detail,
    ...(hint === undefined ? {} : { hint }),
    said: {
      reason: said?.reason ?? "",
      // Of a list whose token expired: where to go on.
      ...(said?.metadata?.continue ? { continue: said.metadata.continue } : {}),
      ...more,
    },
  });
}

interface Meaning {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly hint?: string;
  readonly more?: Readonly<Record<string, string>>;
}

function meaningOf(
  { status, method, retryAfter }: Refused,
  words: string,
  said: ReturnType<typeof statusIn>,
): Meaning {
  const isRead = method === "GET";
  if (status === 401) return { code: isRead ? "target_auth" : "target_refused", detail: "401" };
  if (status === 403) return forbidden(words, isRead);
  // An unknown group is plain text; an unknown version or resource of a known one is a Status without details.
  if (status === 404 && !said?.details?.name) return { code: "target_refused", detail: "no-api" };
  if (status !== 429 && status < 500)
    return { code: status >= 400 ? "target_refused" : "target_error", detail: String(status) };
  const after = retryAfter ?? said?.details?.retryAfterSeconds ?? "";
  return {
    code: status === 429 && !isRead ? "target_refused" : "target_error",
    detail: String(status),
    ...(after === "" ? {} : { more: { retryAfter: String(after).slice(0, 20) } }),
  };
}

function forbidden(words: string, isRead: boolean): Meaning {
  const match = MAY_NOT.exec(words);
  if (match === null)
    return { code: "target_refused", detail: /exceeded quota/.test(words) ? "quota" : "403" };
  const [, user = "", verb = "", resource = "", group = "", namespace = ""] = match;
  const where = namespace === "" ? "in a ClusterRole" : `in a Role of namespace ${namespace}`;
  return {
    code: isRead ? "target_auth" : "target_refused",
    detail: "forbidden",
    hint: `Allow it: ${sayRule({ verbs: [verb], resource, group })} ${where}.`,
    more: { user, verb, resource, group, namespace },
  };
}

/** One rule of a Role as a line of YAML. The words are names the API server knows. */
export const sayRule = ({
  verbs,
  resource,
  group,
}: {
  readonly verbs: readonly string[];
  readonly resource: string;
  readonly group: string;
}): string =>
  `- { apiGroups: [${JSON.stringify(group)}], resources: [${JSON.stringify(resource)}], verbs: ${JSON.stringify(verbs).replaceAll(",", ", ")} }`;
