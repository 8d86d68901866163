import { z } from "zod";

/** What an answer means, status, headers and body read together. */
export const ANSWER_CAUSES = [
  "fine",
  // The service's own word.
  "says-ill",
  "says-degraded",
  "starting",
  "maintenance",
  "broken-json",
  "page",
  // A cache on the way answers with what it once heard.
  "copy",
  // Something in front of the service answers in its place.
  "behind",
  "no-route",
  "edge-fault",
  "gateway",
  // It will not serve us.
  "limited",
  "quota",
  "overloaded",
  "blocked",
  "credentials",
  "forbidden",
  "proxy-credentials",
  "client-certificate",
  // The request does not fit.
  "not-found",
  "bad-request",
  "to-https",
  "login",
  "moved",
  "circle",
  "server-error",
] as const;
export type AnswerCause = (typeof ANSWER_CAUSES)[number];

const VerdictShape = z.enum(["healthy", "degraded", "unhealthy", "unknown"]);
export type Verdict = z.infer<typeof VerdictShape>;

const ComponentShape = z.object({ name: z.string(), status: z.string(), verdict: VerdictShape });
export type Component = z.infer<typeof ComponentShape>;

/** One answer as it was read (`read.ts`); what is said of it is in `say.ts`. */
export const AnswerShape = z.object({
  path: z.string(),
  status: z.int(),
  cause: z.enum(ANSWER_CAUSES),
  /** The body's verdict on the service. */
  verdict: VerdictShape,
  /** The service's own word for its state. */
  says: z.string().optional(),
  components: z.array(ComponentShape),
  /** Who answers where it is not the service: `Cloudflare`, `nginx`. */
  by: z.string().optional(),
  /** What it says or what its code means: a whole sentence, or part of one. */
  reason: z.string().optional(),
  /** What helps against exactly this, where more is known than of the cause in general. */
  next: z.string().optional(),
  /** Title of the web page that came instead of a health answer; empty: it has none. */
  page: z.string().optional(),
  redirect: z.string().optional(),
  /** How long not to ask, where it is said. */
  retryAfterSeconds: z.number().optional(),
  /** The moment that is, ISO 8601. */
  until: z.string().optional(),
  /** Whether we gave credentials, where it refuses. */
  sentCredentials: z.boolean().optional(),
  /** Beginning of the body, only where the answer is not fine. */
  excerpt: z.string().optional(),
});
export type AnswerRead = z.infer<typeof AnswerShape>;

/** An answer as it came, with what was asked. */
export interface Heard {
  readonly path: string;
  readonly origin: string;
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** Without our own secrets. */
  readonly body: string;
  readonly isCut: boolean;
  /** Where it leads and was not followed. */
  readonly redirect?: string | undefined;
  /** Whether the connection sent credentials at all. */
  readonly sentCredentials: boolean;
}

/** What a table knows of an answer. */
export type Known = Pick<AnswerRead, "cause"> &
  Partial<Pick<AnswerRead, "by" | "reason" | "next" | "retryAfterSeconds">>;

/** Longest body that is read, in characters. */
export const MOST_TEXT = 65_536;
