import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { toDiagError } from "../../core/words/errors.ts";
import { redactor } from "../../lib/redact.ts";
import type { DockerClient } from "./client.ts";
import { inTurns, Reference } from "./containers.ts";
import { findContainer, plainName } from "./find.ts";

const { read } = actionsOn<DockerClient>("docker");
const MAX_BYTES = 256_000;
const MAX_TEXT = 16_000;
const redact = redactor([]);

const Log = z.object({
  container: z.string(),
  name: z.string(),
  /** Last lines, oldest first, redacted; empty where there are none. */
  lines: z.array(z.string()),
  truncated: z.boolean(),
  /** Why the log could not be read; null where it could. */
  error: z.string().nullable(),
});

/**
 * Last log lines of up to eight containers: bounded by lines and bytes, never followed (traps `docker-logs-unbounded`,
 * `endless-commands`), stdout and stderr taken apart. resync.container-logs, resync.container-failure.
 */
export const logs = read({
  name: "docker.logs",
  title: "Last log lines of containers",
  input: z.object({
    containers: z.array(Reference).max(8),
    lines: z.int().min(1).max(500).default(30),
    sinceMinutes: z.int().min(1).max(10_080).optional(),
  }),
  output: z.object({ logs: z.array(Log) }),
  timeoutSeconds: 15,
  run: async (client, input, context) => ({
    // One unreadable log (driver "none", container removed) must not hide the others.
    logs: await inTurns(input.containers, 4, (container) =>
      logOf(client, container, input, context).catch((thrown) => {
        if (context.signal.aborted) throw thrown;
        const error = toDiagError(thrown, "target_error").message;
        return { container, name: container, lines: [], truncated: false, error };
      }),
    ),
  }),
});

async function logOf(
  client: DockerClient,
  container: string,
  { lines, sinceMinutes }: { lines: number; sinceMinutes?: number | undefined },
  context: ActionContext,
): Promise<z.output<typeof Log>> {
  const found = await findContainer(client, container, context);
  const since = sinceMinutes === undefined ? 0 : Math.floor(Date.now() / 1000) - sinceMinutes * 60;
  const query = { stdout: true, stderr: true, tail: lines, since, follow: false };
  const path = `/containers/${found.Id}/logs`;
  const raw = await client.request(
    { method: "GET", path, query, ok: [200], maxBytes: MAX_BYTES, cut: true },
    context,
  );
  const text = found.Config.Tty ? raw.toString("utf8") : demultiplex(raw);
  const kept = [...redact(text)].slice(-MAX_TEXT).join("");
  return {
    container: found.Id,
    name: plainName(found),
    lines: kept.split(/\r?\n/).filter((line) => line !== ""),
    truncated: raw.length >= MAX_BYTES || kept.length < text.length,
    error: null,
  };
}

/** Takes the 8-byte frame heads (stream, 0, 0, 0, length) out of a log; what is cut at the end is shown as far as it goes. */
export function demultiplex(raw: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= raw.length; ) {
    const length = raw.readUInt32BE(at + 4);
    parts.push(raw.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Buffer.concat(parts).toString("utf8");
}
