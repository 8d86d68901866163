import { type App, type Receiver, SocketModeReceiver } from "@slack/bolt";
import { waitFor } from "../../../lib/wait.ts";
import { slackLogger } from "../../../slack/log.ts";
import type { Logger } from "../../../telemetry/logger.ts";
import { slackErrorOf } from "../api.ts";
import { connectionsIn, isSlacksFrame } from "./frame.ts";

export interface SocketSide {
  readonly receiver: Receiver;
  /** Connections that are up. */
  connected(): number;
  /** Connections that Slack holds for the app, ours and others', as it said last; undefined: it has not yet. */
  ofApp(): number | undefined;
  /** Keeps the connections open until stopped; resolves when the first is up or has failed once. */
  open(): Promise<void>;
  close(): Promise<void>;
}

export interface SocketOptions {
  readonly appToken: string;
  readonly apiUrl?: string | undefined;
  readonly connections?: number;
  /** The app's id, once known: what is for another app is dropped. */
  readonly app: () => string | undefined;
}

/** Slack closes each connection every few hours: a second one bridges the gap. Slack allows ten. */
export const CONNECTIONS = 2;
const HELLO_MS = 15_000;
const MOST_WAIT_MS = 10_000;
const CLOSE_MS = 2_000;

/**
 * Socket Mode with reconnecting of our own: the library's waits 5 s after every refresh, grows without a cap and gives up for
 * good on a network error (socket-mode 3.1.0).
 */
export function createSocketSide(options: SocketOptions, logger: Logger): SocketSide {
  let ofApp: number | undefined;
  const hear = (connections: number | undefined) => {
    ofApp = connections ?? ofApp;
  };
  const links = Array.from({ length: options.connections ?? CONNECTIONS }, () => link(options, hear, logger));
  return {
    receiver: {
      init: (app: App) => {
        for (const { receiver } of links) receiver.init(app);
      },
      start: () => Promise.resolve(),
      stop: () => Promise.resolve(),
    },
    connected: () => links.filter(({ isUp }) => isUp()).length,
    ofApp: () => ofApp,
    open: async () => {
      await Promise.race(links.map((one) => one.keep()));
    },
    close: async () => {
      await Promise.all(links.map((one) => one.close()));
    },
  };
}

/** A receiver for one connection, which makes none again by itself. */
export const receiverOf = (
  { appToken, apiUrl }: Pick<SocketOptions, "appToken" | "apiUrl">,
  logger: Logger,
): SocketModeReceiver =>
  new SocketModeReceiver({
    appToken,
    autoReconnectEnabled: false,
    logger: slackLogger(logger),
    // Its own options object: the library changes it.
    installerOptions: {
      clientOptions: {
        ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
        retryConfig: { retries: 0 },
        timeout: 10_000,
      },
    },
  });

function link(options: SocketOptions, hear: (connections: number | undefined) => void, logger: Logger) {
  const receiver = receiverOf(options, logger);
  const { client } = receiver;
  // The library's own listener throws at frames that are not as it expects, where nobody can catch it.
  const listeners = client.listeners("ws_message") as ((data: unknown, isBinary: boolean) => void)[];
  client.removeAllListeners("ws_message");
  client.on("ws_message", (data: unknown, isBinary: boolean) => {
    hear(connectionsIn(data));
    if (isSlacksFrame(data, options.app())) for (const listen of listeners) listen(data, isBinary);
    else logger.warn("a frame that is not Slack's, or for another app, was dropped");
  });
  const stopping = new AbortController();
  let up = false;
  let loop: Promise<void> = Promise.resolve();
  client.on("connected", () => {
    up = true;
  });
  const connect = async (): Promise<void> => {
    const ended = new Promise<void>((resolve) => client.once("disconnected", () => resolve()));
    const late = AbortSignal.timeout(HELLO_MS);
    const timeout = new Promise<never>((_, reject) =>
      late.addEventListener("abort", () => reject(new Error(`no hello within ${HELLO_MS} ms`)), {
        once: true,
      }),
    );
    timeout.catch(() => {});
    try {
      await Promise.race([client.start(), timeout]);
    } catch (error) {
      // A socket still closing would end the next connection with its own end.
      await Promise.race([disconnect(), waitFor(CLOSE_MS)]);
      throw error ?? new Error("disconnected before hello");
    }
    firstDone();
    await ended;
  };
  const disconnect = (): Promise<void> => client.disconnect().catch(() => {});
  let firstDone = () => {};
  const run = async (): Promise<void> => {
    let failures = 0;
    while (!stopping.signal.aborted) {
      try {
        await connect();
        failures = 0;
      } catch (error) {
        failures += 1;
        logger.warn({ error: slackErrorOf(error), failures }, "no connection to Slack, trying again");
        firstDone();
      }
      up = false;
      if (failures > 0) await waitFor(Math.min(MOST_WAIT_MS, 500 * 2 ** (failures - 1)), stopping.signal);
    }
  };
  return {
    receiver,
    isUp: () => up,
    keep: () =>
      new Promise<void>((resolve) => {
        firstDone = resolve;
        loop = run();
      }),
    close: async () => {
      stopping.abort();
      void disconnect();
      const bound = new AbortController();
      await Promise.race([loop, waitFor(CLOSE_MS, bound.signal)]);
      bound.abort();
    },
  };
}
