import { readFileSync } from "node:fs";
import { Agent } from "node:http";
import { hostname } from "node:os";
import { addAbortSignal, type Readable } from "node:stream";
import type Docker from "dockerode";
import type { z } from "zod";
import type { ActionContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import type { Json } from "../../core/words/json.ts";
import { underSignal } from "../../lib/deadline.ts";
import { classify } from "./classify.ts";
import type { DockerSettings } from "./settings.ts";

/** One Docker engine behind its unix socket, seen through one compose project where one is configured. */
export interface DockerClient {
  readonly socket: string;
  readonly project: string | undefined;
  /** How many containers of a service diagbot may bring about, and what the database has for them. */
  readonly scale: DockerSettings["scale"];
  readonly databaseBudget: DockerSettings["databaseBudget"];
  /** Ids (or prefixes of ids) of the container diagbot itself runs in: never touched. */
  readonly self: readonly string[];
  request(call: EngineCall, context: ActionContext): Promise<Buffer>;
  close(): void;
}

/** One call of the Engine API. `maxBytes`: beyond it the answer is `output_too_large`, or cut where `cut` is set. */
export interface EngineCall {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  /** Of a POST, as JSON. */
  readonly body?: Json;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly ok: readonly number[];
  readonly maxBytes?: number;
  readonly cut?: boolean;
}

interface Modem {
  dial(
    options: Record<string, unknown>,
    done: (error: Error | null, answer: Readable | null | undefined) => void,
  ): void;
}

const DEFAULT_BYTES = 2_000_000;

/** Opens lazily: the socket is dialled at the first call, one short connection per call. */
export function openDocker(connection: DockerSettings): DockerClient {
  // No keep-alive: a pooled socket would outlive close() and hide a restarted engine.
  const agent = new Agent({ keepAlive: false });
  let modem: Promise<Modem> | undefined;
  return {
    socket: connection.socket,
    project: connection.project,
    scale: connection.scale,
    databaseBudget: connection.databaseBudget,
    self: ownContainer(),
    request: async (call, context) => {
      modem ??= openModem({ socketPath: connection.socket, agent });
      return dial(await modem, connection.socket, call, context);
    },
    close: () => agent.destroy(),
  };
}

/** Only where an engine is asked: the client brings gRPC along, a seventh of what all of diagbot takes to load. */
async function openModem(options: { socketPath: string; agent: Agent }): Promise<Modem> {
  const { default: Client } = await import("dockerode");
  return new Client(options as Docker.DockerOptions).modem as unknown as Modem;
}

async function dial(modem: Modem, socket: string, call: EngineCall, context: ActionContext): Promise<Buffer> {
  return underSignal({ until: [context.signal], ms: context.timeoutMs }, (signal) =>
    dialUnder(modem, socket, call, signal),
  );
}

async function dialUnder(
  modem: Modem,
  socket: string,
  call: EngineCall,
  signal: AbortSignal,
): Promise<Buffer> {
  try {
    const answer = await new Promise<Readable>((resolve, reject) => {
      modem.dial(
        {
          method: call.method,
          path: `${call.path}${call.query === undefined ? "" : "?"}`,
          options:
            call.body === undefined ? { ...call.query } : { _query: { ...call.query }, _body: call.body },
          statusCodes: Object.fromEntries(call.ok.map((code) => [code, true])),
          // A stream, because docker-modem would otherwise gather an answer of any size.
          isStream: true,
          abortSignal: signal,
        },
        (error, stream) => (stream ? resolve(stream) : reject(error ?? new Error("no answer"))),
      );
    });
    return await gather(addAbortSignal(signal, answer), call);
  } catch (thrown) {
    throw classify(thrown, signal, socket);
  }
}

async function gather(stream: Readable, call: EngineCall): Promise<Buffer> {
  const limit = call.maxBytes ?? DEFAULT_BYTES;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit && call.cut !== true)
      throw new DiagError("output_too_large", `the engine answered with more than ${limit} bytes`);
    chunks.push(chunk);
    if (size >= limit) break;
  }
  return Buffer.concat(chunks).subarray(0, limit);
}

/** A JSON answer of the promised shape; `bad_output` otherwise. */
export async function getJson<S extends z.ZodType>(
  client: DockerClient,
  shape: S,
  call: Omit<EngineCall, "method" | "ok">,
  context: ActionContext,
): Promise<z.output<S>> {
  const body = await client.request({ method: "GET", ok: [200], ...call }, context);
  return parseAs(shape, body.toString("utf8"));
}

/** Parses one JSON text of the engine. */
export function parseAs<S extends z.ZodType>(shape: S, json: string): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new DiagError("bad_output", "the engine's answer is not JSON", { cause });
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues[0];
  throw new DiagError("bad_output", `the engine's answer: ${first?.path.join(".")} ${first?.message}`);
}

/** A container's host name is its short id unless it was set; the mounts name the full id. Empty outside containers. */
function ownContainer(): string[] {
  const ids = new Set<string>();
  for (const file of ["/proc/self/mountinfo", "/proc/self/cgroup"]) {
    try {
      for (const match of readFileSync(file, "utf8").matchAll(/(?:containers|docker)[/-]([0-9a-f]{64})/g))
        if (match[1] !== undefined) ids.add(match[1]);
    } catch {
      // Not Linux, or not readable: the host name below is what is left.
    }
  }
  if (/^[0-9a-f]{12}$/.test(hostname())) ids.add(hostname());
  return [...ids];
}
