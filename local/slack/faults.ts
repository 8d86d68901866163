/**
 * What goes wrong with the next `times` calls (default 1) of a method (`*`: any):
 * `error` answers `{ ok: false, error }`; `status` an HTTP status; `rateLimited` 429 with Retry-After (seconds);
 * `lostReply` does the work and then drops the connection; `delay` waits before the work (milliseconds).
 */
export type Fault = {
  readonly method: string;
  readonly times?: number;
  /** Only calls whose arguments this holds for. */
  readonly when?: (args: Readonly<Record<string, unknown>>) => boolean;
} & (
  | { readonly kind: "error"; readonly error: string }
  | { readonly kind: "status"; readonly status: number }
  | { readonly kind: "rateLimited"; readonly retryAfterSeconds: number }
  | { readonly kind: "lostReply" }
  | { readonly kind: "delay"; readonly delayMs: number }
);

/** The faults that are still to happen. */
export class Faults {
  private waiting: { readonly fault: Fault; left: number }[] = [];

  add(fault: Fault): void {
    this.waiting.push({ fault, left: fault.times ?? 1 });
  }

  clear(): void {
    this.waiting = [];
  }

  /** The fault that hits this call, if any; the first that was added goes first. */
  take(method: string, args: Readonly<Record<string, unknown>>): Fault | undefined {
    const hit = this.waiting.find(
      ({ fault, left }) =>
        left > 0 && (fault.method === "*" || fault.method === method) && (fault.when?.(args) ?? true),
    );
    if (hit === undefined) return undefined;
    hit.left -= 1;
    this.waiting = this.waiting.filter((each) => each.left > 0);
    return hit.fault;
  }
}
