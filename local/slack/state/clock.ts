import { randomBytes } from "node:crypto";

/** Time and names: message timestamps that never repeat, ids that cannot be guessed. */
export class Clock {
  readonly now: () => number;
  private last = 0;

  constructor(now: () => number) {
    this.now = now;
  }

  /** A message timestamp, `seconds.micros`; always later than the one before. */
  timestamp(): string {
    this.last = Math.max(this.last + 1, this.now() * 1000);
    const digits = String(this.last);
    return `${digits.slice(0, -6)}.${digits.slice(-6)}`;
  }

  /** A fresh id with Slack's kind of prefix (`V`, `F`, `Ev` …). */
  id(prefix: string): string {
    return prefix + randomBytes(6).toString("hex").toUpperCase();
  }
}

/** The short names Slack gives to blocks and elements that came without one. */
export const shortId = (): string => randomBytes(4).toString("base64url").slice(0, 5);
