import { z } from "zod";
import type { ActionContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import type { Exchange } from "../exchange.ts";
import { isSuccess, openHttpApi } from "../http-api.ts";
import { headers, url } from "../settings.ts";

/** A `kind: rabbitmq` connection: the management API (HTTP), not AMQP. */
export const RabbitSettings = z.strictObject({
  url,
  headers,
  /** Only queues of this virtual host; default: of all that the user may see. */
  vhost: z.string().min(1).max(200).optional(),
});
export type RabbitSettings = z.output<typeof RabbitSettings>;

/** The management API of one broker. */
export interface RabbitClient {
  readonly vhost: string | undefined;
  /** JSON of a path below /api/. Throws `target_auth` for a user that may not, `target_error` with the broker's reason. */
  get(path: string, context: ActionContext): Promise<unknown>;
  /** A write; the status is all that comes back. */
  send(method: string, path: string, context: ActionContext): Promise<number>;
  close(): void;
}

const MOST_BYTES = 8 * 1024 * 1024;

/** Opens without I/O. API: rabbitmq.com/docs/management, its own page at /api/. */
export function openRabbit(settings: RabbitSettings): RabbitClient {
  const api = openHttpApi(settings, MOST_BYTES);
  const ask = async (method: string, path: string, context: ActionContext): Promise<Exchange> => {
    const [pathname = "", search = ""] = path.split("?", 2);
    const answer = await api.ask({ method, path: `api/${pathname}`, search }, context);
    if (!isSuccess(answer)) throw refusalOf(`${method} /api/${path}`, answer);
    return answer;
  };
  return {
    vhost: settings.vhost,
    get: async (path, context) => {
      const { body } = await ask("GET", path, context);
      try {
        return JSON.parse(body);
      } catch {
        throw new DiagError(
          "target_error",
          `GET /api/${path} was not answered with JSON: is this the management API?`,
        );
      }
    },
    send: async (method, path, context) => (await ask(method, path, context)).status,
    close: api.close,
  };
}

const Reason = z.object({ error: z.string().optional(), reason: z.string().optional() });

function refusalOf(request: string, { status, body }: Exchange): DiagError {
  const said = reasonIn(body);
  const detail = { detail: String(status) };
  const words = `${request.split("?")[0]}: ${status}${said === "" ? "" : `, ${said}`}`;
  return new DiagError(status === 401 || status === 403 ? "target_auth" : "target_error", words, detail);
}

function reasonIn(body: string): string {
  try {
    const { error = "", reason = "" } = Reason.parse(JSON.parse(body));
    return clip(reason || error, 160);
  } catch {
    return "";
  }
}
