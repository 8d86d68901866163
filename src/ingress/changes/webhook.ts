import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { Change } from "../../core/words/change.ts";
import { DiagError } from "../../core/words/errors.ts";
import type { Redact } from "../../lib/redact.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { createLine } from "../line.ts";
import type { IngressMetrics } from "../metrics.ts";
import type { Door } from "../receive.ts";
import { type Answer, tokenDoor } from "../token-door.ts";

const BODY_BYTES = 262_144;
const HELD_BYTES = 16 * 1_048_576;
/** Most of the pool stays free for people and alerts. */
const LINE = { atOnce: 2, waiting: 200, waitMs: 8_000 };
/** Changes of one request. */
const MOST = 100;

/** One change, a list of them, or `{ "changes": […] }`. */
const Body = z.union([
  z.object({ changes: z.array(Change).min(1).max(MOST) }).transform(({ changes }) => changes),
  z.array(Change).min(1).max(MOST),
  Change.transform((change) => [change]),
]);

export interface ChangesOptions {
  /** Of at least 32 characters. */
  readonly token: string;
  readonly door: Pick<Door, "noteChanges">;
  readonly logger: Logger;
  readonly metrics?: IngressMetrics;
  readonly redact?: Redact;
}

/**
 * `POST /webhooks/changes`: what was deployed, switched or migrated, told by whatever did it. 200 only after the commit, with how many
 * were `noted` and how many of them are `new`; the same told again changes nothing.
 */
export const createChangesDoor = ({
  token,
  door,
  logger,
  metrics,
  redact,
}: ChangesOptions): ((request: IncomingMessage, response: ServerResponse) => Promise<void>) => {
  const line = createLine(LINE);
  return tokenDoor({
    ...{ what: "changes", tokens: [token], bodyBytes: BODY_BYTES, heldBytes: HELD_BYTES, logger },
    ...(redact === undefined ? {} : { redact }),
    store: async (body): Promise<Answer> => {
      const changes = parseChanges(body);
      const isNew = await line(() => door.noteChanges(changes));
      return { status: 200, outcome: "noted", body: { noted: changes.length, new: isNew } };
    },
    answered: ({ outcome }, seconds) => metrics?.received("changes", outcome, seconds),
  });
};

/** What a body says was changed. Throws `bad_change`, naming each place that is wrong. */
export function parseChanges(body: string): Change[] {
  let given: unknown;
  try {
    given = JSON.parse(body);
  } catch {
    throw new DiagError("bad_change", "the body is not JSON", { hint: EXAMPLE });
  }
  const parsed = Body.safeParse(given);
  if (parsed.success) return parsed.data;
  // Of the three forms the one that was meant: its complaints name places, a union's do not.
  const one = Array.isArray(given) ? z.array(Change).min(1).max(MOST) : isList(given) ? Listed : Change;
  const issues = one.safeParse(given).error?.issues ?? [];
  const said = issues.slice(0, 5).map(({ path, message }) => `${path.join(".") || "the body"}: ${message}`);
  throw new DiagError("bad_change", said.join("; ").slice(0, 1_000), { hint: EXAMPLE });
}

const Listed = z.object({ changes: z.array(Change).min(1).max(MOST) });
const isList = (given: unknown): boolean => typeof given === "object" && given !== null && "changes" in given;

const EXAMPLE =
  'send {"system": "shop", "kind": "deploy", "title": "shop 1.42.0", "by": "alice"} (docs/changes.md)';
