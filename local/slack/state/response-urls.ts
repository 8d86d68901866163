import type { Clock } from "./clock.ts";

const USES = 5;
const LIFE_MS = 30 * 60_000;

/** Where a response_url leads: a conversation, and the message whose button was clicked. */
export interface ResponseTarget {
  readonly channel: string;
  readonly user: string;
  readonly ts?: string;
  readonly thread?: string;
}

/** response_urls: five uses within thirty minutes. */
export class ResponseUrls {
  private readonly all = new Map<
    string,
    { readonly target: ResponseTarget; readonly at: number; uses: number }
  >();
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** A path below the server's address. */
  issue(target: ResponseTarget): string {
    const key = this.clock.id("R");
    this.all.set(key, { target, at: this.clock.now(), uses: 0 });
    return `/response/${key}`;
  }

  /** One use of a key: its target, or the word Slack answers with. */
  use(key: string): { readonly target: ResponseTarget } | { readonly error: string } {
    const found = this.all.get(key);
    if (found === undefined) return { error: "invalid_url" };
    found.uses += 1;
    if (found.uses > USES) return { error: "used_url" };
    if (this.clock.now() - found.at > LIFE_MS) return { error: "expired_url" };
    return { target: found.target };
  }
}
