import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { fateOf } from "./random.ts";

const Write = z.object({
  item: z.string(),
  class: z.enum(["guarded", "keyed", "cas"]),
  key: z.string(),
  target: z.string(),
  plan: z.string(),
  /** The credential of the attempt: unix milliseconds after which the target refuses it. */
  expires: z.number(),
});
type Write = z.infer<typeof Write>;

export interface Receipt extends Write {
  readonly at: number;
}

/** What the target saw and did. */
export interface Ledger {
  readonly receipts: Receipt[];
  /** Effects per item: more than one is an effect applied twice. */
  readonly applied: Map<string, number>;
  /** Keyed and conditional repeats the target absorbed. */
  absorbed: number;
  /** Writes that came after their credential had expired. */
  late: number;
  /** Two different writes to one target at the same time. */
  overlaps: string[];
}

export interface Target {
  readonly url: string;
  readonly ledger: Ledger;
  /** Answers are not disturbed any more. */
  calm(): void;
  close(): Promise<void>;
}

/** The world outside: writes its receipt before it answers, and then loses replies, answers 500 or drops requests. */
export async function startTarget(
  seed: number,
  options: { disturb: boolean; answerMs?: number },
): Promise<Target> {
  const ledger: Ledger = { receipts: [], applied: new Map(), absorbed: 0, late: 0, overlaps: [] };
  const busy = new Map<string, string>();
  const deliveries = new Map<string, number>();
  let disturb = options.disturb;

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "/", "http://target");
    if (url.pathname === "/probe") return void response.end(JSON.stringify({ applied: isApplied(url) }));
    return write(request, response);
  };

  const isApplied = (url: URL): boolean => ledger.applied.has(url.searchParams.get("item") ?? "");

  const write = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked = Write.parse(JSON.parse(await text(request)));
    const nth = (deliveries.get(asked.item) ?? 0) + 1;
    deliveries.set(asked.item, nth);
    const fate = disturb ? pick(fateOf(seed, "delivery", asked.item, nth)) : "ok";
    if (fate === "lost-request") return void request.socket.destroy();
    const status = fate === "500-before" ? 500 : accept(asked);
    if (fate === "lost-reply") return void request.socket.destroy();
    if (status !== 200 || fate === "500-after")
      return void response.writeHead(status === 200 ? 500 : status).end();
    answerSlowly(asked, response);
  };

  const accept = (write: Write): number => {
    if (Date.now() > write.expires) {
      ledger.late += 1;
      return 403;
    }
    apply(write);
    return 200;
  };

  const answerSlowly = (write: Write, response: ServerResponse): void => {
    const other = busy.get(write.target);
    if (other !== undefined && other !== write.item)
      ledger.overlaps.push(`${write.target}: ${other} and ${write.item}`);
    busy.set(write.target, write.item);
    setTimeout(
      () => {
        busy.delete(write.target);
        response.end("{}");
      },
      options.answerMs ?? 2 + 15 * fateOf(seed, "answer", write.item),
    );
  };

  const apply = (write: Write): void => {
    const before = ledger.applied.get(write.item) ?? 0;
    if (write.class !== "guarded" && before > 0) {
      ledger.absorbed += 1;
      return;
    }
    ledger.receipts.push({ ...write, at: Date.now() });
    ledger.applied.set(write.item, before + 1);
  };

  const server = createServer(
    (request, response) => void handle(request, response).catch(() => response.destroy()),
  );
  // A frozen worker finds its connection as it left it: one that was closed meanwhile would keep its write from arriving.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ledger,
    calm: () => {
      disturb = false;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function pick(roll: number): "ok" | "lost-request" | "lost-reply" | "500-before" | "500-after" {
  if (roll < 0.02) return "lost-request";
  if (roll < 0.05) return "lost-reply";
  if (roll < 0.065) return "500-before";
  return roll < 0.08 ? "500-after" : "ok";
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
