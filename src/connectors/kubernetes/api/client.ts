import type { z } from "zod";
import type { ActionContext } from "../../../core/words/action.ts";
import { DiagError } from "../../../core/words/errors.ts";
import type { Json } from "../../../core/words/json.ts";
import { underSignal, within } from "../../../lib/deadline.ts";
import { timeoutAt } from "../../reach.ts";
import { type KubernetesSettings, namespacesOf } from "../settings.ts";
import { credentialsOf } from "./credentials.ts";
import { refusedBy } from "./errors.ts";
import { send, type WireAnswer, type WireRequest } from "./wire.ts";

/** One cluster, seen through the namespaces and the selector of one connection. */
export interface KubernetesClient {
  readonly settings: KubernetesSettings;
  readonly namespaces: readonly string[];
  /** Throws DiagError, also for any status that is no success. */
  request(call: ApiCall, context: Bounds): Promise<WireAnswer>;
  close(): void;
}

export type Bounds = Pick<ActionContext, "signal" | "timeoutMs">;

/** One call of the API. `path` is made of `pathTo`, so that no name of others can leave its segment. */
export interface ApiCall {
  readonly method?: WireRequest["method"];
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: Json;
  /** The library's default for patches is JSON patch, whatever the body: here it is always said. */
  readonly contentType?: string;
  readonly accept?: string;
  readonly maxBytes?: number;
  readonly cut?: boolean;
}

const DEFAULT_BYTES = 16 * 1024 * 1024;

/** Opens without I/O: the kubeconfig is read at the first call, one short connection per call. */
export function openKubernetes(settings: KubernetesSettings): KubernetesClient {
  const closing = new AbortController();
  const credentials = credentialsOf(settings);
  const once = async (call: ApiCall, { signal, timeoutMs }: Bounds): Promise<WireAnswer> => {
    const end = performance.now() + timeoutMs;
    const until = [signal, closing.signal];
    const way = await underSignal({ until }, (stop) =>
      within(credentials.way(), {
        ms: timeoutMs,
        signal: stop,
        late: () =>
          stop.aborted && (stop.reason as Error | undefined)?.name !== "TimeoutError"
            ? new DiagError("aborted", "the call to the API server was stopped")
            : timeoutAt("answer", "the kubeconfig's credential plugin", timeoutMs),
      }),
    );
    return send(way, {
      method: call.method ?? "GET",
      target: targetOf(call),
      headers: {
        ...(call.accept === undefined ? {} : { accept: call.accept }),
        ...(call.body === undefined ? {} : { "content-type": call.contentType ?? "application/json" }),
      },
      body: call.body === undefined ? undefined : JSON.stringify(call.body),
      maxBytes: call.maxBytes ?? DEFAULT_BYTES,
      cut: call.cut === true,
      until,
      timeoutMs: end - performance.now(),
    });
  };
  const request: KubernetesClient["request"] = async (call, context) => {
    let answer = await once(call, context);
    if (answer.status === 401) {
      // Tokens are rotated below us, and 401 proves that nothing was done: once more with what stands there now.
      credentials.forget();
      answer = await once(call, context);
    }
    if (answer.status >= 200 && answer.status <= 299) return answer;
    throw refusedBy({ ...answer, method: call.method ?? "GET", path: call.path });
  };
  return {
    settings,
    namespaces: namespacesOf(settings),
    request,
    close: () => closing.abort(new Error("the client was closed")),
  };
}

function targetOf({ path, query = {} }: ApiCall): string {
  const words = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(String(value))}`],
  );
  return words.length === 0 ? path : `${path}?${words.join("&")}`;
}

/** A JSON answer of the promised shape; `bad_output` otherwise. */
export async function ask<S extends z.ZodType>(
  client: KubernetesClient,
  shape: S,
  call: ApiCall,
  context: Bounds,
): Promise<z.output<S>> {
  const { body } = await client.request(call, context);
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (cause) {
    throw new DiagError("bad_output", `${call.path}: the answer is not JSON`, { cause });
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues[0];
  throw new DiagError("bad_output", `${call.path}: ${first?.path.join(".")} ${first?.message}`);
}

/** As `ask`; undefined where there is no such object. */
export async function askIfThere<S extends z.ZodType>(
  client: KubernetesClient,
  shape: S,
  call: ApiCall,
  context: Bounds,
): Promise<z.output<S> | undefined> {
  try {
    return await ask(client, shape, call, context);
  } catch (thrown) {
    if (thrown instanceof DiagError && thrown.detail === "404") return undefined;
    throw thrown;
  }
}
