import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { z } from "zod";
import { PersonSees } from "../errors.ts";
import { APP } from "../state/identity.ts";
import type { Ack } from "../types.ts";
import type { Post } from "./http.ts";

const PING_MS = 10_000;
const CLOSING_MS = 500;

// `envelope_id` answers an envelope; anything else a client says is not for us.
const answer = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue("not JSON");
      return z.NEVER;
    }
  })
  .pipe(z.object({ envelope_id: z.string(), payload: z.looseObject({}).optional() }));

interface Pending {
  readonly socket: WebSocket;
  readonly resolve: (ack: Ack) => void;
  readonly reject: (error: Error) => void;
}

/** The Socket Mode side: hands out tickets, keeps connections, sends envelopes to any one of them. */
export class Sockets {
  private readonly server = new WebSocketServer({ noServer: true });
  private readonly tickets = new Set<string>();
  private readonly open = new Set<WebSocket>();
  private readonly pending = new Map<string, Pending>();
  private readonly changed: () => void;
  private turn = 0;

  constructor(changed: () => void) {
    this.changed = changed;
  }

  get connected(): number {
    return this.open.size;
  }

  /** Good for one connection. */
  ticket(): string {
    const ticket = randomUUID();
    this.tickets.add(ticket);
    return ticket;
  }

  /** Takes over an upgrade of the HTTP server; a connection without a fresh ticket is dropped. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const ticket = new URL(request.url ?? "/", "http://local").searchParams.get("ticket") ?? "";
    if (!this.tickets.delete(ticket)) {
      socket.destroy();
      return;
    }
    this.server.handleUpgrade(request, socket, head, (connection) => this.accept(connection));
  }

  private accept(socket: WebSocket): void {
    this.open.add(socket);
    const ping = setInterval(() => socket.ping(), PING_MS);
    ping.unref();
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      clearInterval(ping);
      this.open.delete(socket);
      this.abandon(socket);
      this.changed();
    });
    socket.on("message", (data) => this.answered(String(data)));
    socket.send(
      JSON.stringify({
        type: "hello",
        num_connections: this.open.size,
        connection_info: { app_id: APP.id },
        debug_info: { host: "local", approximate_connection_time: 18_060 },
      }),
    );
    this.changed();
  }

  private answered(text: string): void {
    const parsed = answer.safeParse(text);
    if (!parsed.success) return;
    this.pending.get(parsed.data.envelope_id)?.resolve((parsed.data.payload ?? {}) as Ack);
  }

  // What went out over a connection that broke will not be answered over another one.
  private abandon(socket: WebSocket): void {
    for (const waiting of this.pending.values()) {
      if (waiting.socket === socket)
        waiting.reject(new PersonSees("operation_timeout", "the socket closed before an answer"));
    }
  }

  /** Sends one envelope over the next connection. Rejects with `operation_timeout` or, with no connection, `dispatch_failed`. */
  send(post: Post, timeoutMs: number): Promise<Ack> {
    const sockets = [...this.open].filter((socket) => socket.readyState === socket.OPEN);
    const socket = sockets[this.turn++ % Math.max(1, sockets.length)];
    if (socket === undefined)
      return Promise.reject(new PersonSees("dispatch_failed", "no socket is connected"));
    const envelope_id = randomUUID();
    const acknowledged = new Promise<Ack>((resolve, reject) => {
      const timeout = setTimeout(
        () => reject(new PersonSees("operation_timeout", `no answer within ${timeoutMs} ms`)),
        timeoutMs,
      );
      const settle =
        <T>(finish: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timeout);
          finish(value);
        };
      this.pending.set(envelope_id, { socket, resolve: settle(resolve), reject: settle(reject) });
    });
    const { type, payload, retry } = post;
    const retrying = retry === undefined ? {} : { retry_attempt: retry.number, retry_reason: retry.reason };
    socket.send(
      JSON.stringify({
        envelope_id,
        type,
        payload,
        accepts_response_payload: type !== "events_api",
        ...retrying,
      }),
    );
    return acknowledged.finally(() => this.pending.delete(envelope_id));
  }

  /** Asks every client to reconnect, as Slack does every few hours; `warning` announces it only. */
  disconnect(reason: string): void {
    for (const socket of this.open)
      socket.send(JSON.stringify({ type: "disconnect", reason, debug_info: { host: "local" } }));
  }

  /** Sends a text as it is over every connection, as no Slack would. */
  sendRaw(text: string): void {
    for (const socket of this.open) socket.send(text);
  }

  /** Drops every connection without a word, as a broken network does. */
  cut(): void {
    for (const socket of [...this.open]) socket.terminate();
  }

  /** Closes every connection; a client that does not answer the close is cut off. */
  async stop(): Promise<void> {
    const closing = [...this.open].map(
      (socket) =>
        new Promise<void>((resolve) => {
          const cut = setTimeout(() => socket.terminate(), CLOSING_MS);
          socket.once("close", () => {
            clearTimeout(cut);
            resolve();
          });
          socket.close(1001);
        }),
    );
    await Promise.all(closing);
    this.server.close();
  }
}
