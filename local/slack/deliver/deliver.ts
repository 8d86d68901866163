import { PersonSees } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Settings } from "../options.ts";
import type { Ack, DeliveryType, LocalDelivery } from "../types.ts";
import { type Post, postSigned } from "./http.ts";
import type { Sockets } from "./sockets.ts";

type Payload = Readonly<Record<string, unknown>>;

/** Hands things to the app: over a socket while one is connected, else with a signed POST; every attempt is logged. */
export class Delivery {
  /** Where to POST while no socket is connected; may change while running. */
  requestUrl: string | undefined;
  private readonly settings: Settings;
  private readonly sockets: Sockets;
  private readonly log: Log<LocalDelivery>;

  constructor(settings: Settings, sockets: Sockets, log: Log<LocalDelivery>, requestUrl: string | undefined) {
    this.settings = settings;
    this.sockets = sockets;
    this.log = log;
    this.requestUrl = requestUrl;
  }

  /** Whether there is anybody to hand things to. */
  get reachable(): boolean {
    return this.sockets.connected > 0 || this.requestUrl !== undefined;
  }

  private send(post: Post): Promise<Ack> {
    const { ackTimeoutMs, signingSecret, now } = this.settings;
    if (this.sockets.connected > 0) return this.sockets.send(post, ackTimeoutMs);
    if (this.requestUrl === undefined) {
      return Promise.reject(
        new PersonSees("dispatch_failed", "no socket is connected and there is no request URL"),
      );
    }
    const nowSeconds = Math.floor(now() / 1000);
    return postSigned(post, { url: this.requestUrl, signingSecret, timeoutMs: ackTimeoutMs, nowSeconds });
  }

  /** One attempt. Resolves with the acknowledgement, rejects with `PersonSees`. */
  async deliver(type: DeliveryType, payload: Payload, retry?: Post["retry"]): Promise<Ack> {
    const started = performance.now();
    const begun = {
      via: this.sockets.connected > 0 ? ("socket" as const) : ("http" as const),
      type,
      payload,
      retry: retry?.number ?? 0,
      at: this.settings.now(),
    };
    const ms = () => Math.round(performance.now() - started);
    try {
      const ack = await this.send({ type, payload, retry });
      this.log.add({ ...begun, ms: ms(), ack });
      return ack;
    } catch (error) {
      this.log.add({ ...begun, ms: ms(), error: error instanceof PersonSees ? error.code : String(error) });
      throw error;
    }
  }
}
