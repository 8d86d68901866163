import { createServer } from "node:http";
import { listening } from "../../helpers/web-server.ts";

/** A notification that diagbot has taken. */
export interface Delivered {
  /** As Alertmanager sent it. */
  readonly body: unknown;
  /** When it came, by performance.now(). */
  readonly at: number;
  readonly incident: string;
  /** Runs it started. */
  readonly runs: readonly string[];
}

/** Stands between Alertmanager and diagbot, passes everything on and remembers what was answered. */
export interface Relay {
  readonly url: string;
  /** Resolves with the first firing notification whose group has this label, as soon as diagbot has taken it. */
  delivered(label: string, value: string, withinMs: number): Promise<Delivered>;
  close(): Promise<void>;
}

interface Body {
  readonly status?: string;
  readonly commonLabels?: Readonly<Record<string, string>>;
}

/** `target`: diagbot's webhook, which is sent `token`. */
export async function startRelay(target: string, token: string): Promise<Relay> {
  const all: Delivered[] = [];
  const waiting = new Set<() => void>();
  const server = await listening(
    createServer(async (request, response) => {
      const at = performance.now();
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks).toString("utf8");
      const answer = await fetch(target, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body,
      }).catch((error: Error) => new Response(error.message, { status: 502 }));
      const text = await answer.text();
      response.writeHead(answer.status, { "content-type": "application/json" }).end(text);
      if (answer.ok) {
        const { incident = "", runs = [] } = JSON.parse(text) as { incident?: unknown; runs?: unknown[] };
        all.push({ body: JSON.parse(body), at, incident: String(incident), runs: runs.map(String) });
        for (const look of waiting) look();
      }
    }),
  );
  return {
    url: `http://127.0.0.1:${server.port}/`,
    delivered: (label, value, withinMs) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = all.find(({ body }) => {
            const { status, commonLabels } = body as Body;
            return status === "firing" && commonLabels?.[label] === value;
          });
          if (found === undefined) return;
          clearTimeout(late);
          waiting.delete(look);
          resolve(found);
        };
        const late = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`no notification with ${label}="${value}" was taken within ${withinMs / 1000} s`));
        }, withinMs);
        waiting.add(look);
        look();
      }),
    close: server.close,
  };
}
