import { ServiceMetrics } from "./metrics.ts";
import type { Answer, Patch, ServiceSpec, State } from "./spec.ts";
import { firstOf, inverse, patched } from "./state.ts";

const now = (): number => Date.now() / 1000;

/** What a service knows while it runs, and the figures that grow with it. */
export class ServiceCore {
  readonly spec: ServiceSpec;
  readonly #metrics: ServiceMetrics;
  /** By what they hold; `back` is how it was before the first of them. */
  readonly #leases = new Map<string, { readonly timer: NodeJS.Timeout; readonly back: Patch }>();
  #state: State;

  constructor(spec: ServiceSpec) {
    this.spec = spec;
    this.#state = spec.state;
    this.#metrics = new ServiceMetrics(spec.metrics, spec.state, now());
  }

  get state(): State {
    return this.#state;
  }

  /** Puts a patch in; with `seconds` it is taken back after that time. Whatever held the same before holds no longer. */
  set(patch: Patch, seconds?: number): void {
    const { path } = firstOf(patch);
    const held = this.#leases.get(path.join("/"));
    clearTimeout(held?.timer);
    this.#leases.delete(path.join("/"));
    const back = held?.back ?? inverse(this.#state, patch);
    // The time until here was spent in the state as it was.
    this.#metrics.advance(this.#state, now());
    this.#state = patched(this.#state, patch);
    if (seconds === undefined) return;
    const timer = setTimeout(() => this.set(back), seconds * 1000);
    timer.unref();
    this.#leases.set(path.join("/"), { timer, back });
  }

  /** Does what an answer says becomes of the state, and gives the rest. */
  carryOut({ set, seconds, ...answer }: Answer): Answer {
    if (set !== undefined) this.set(set, seconds);
    return answer;
  }

  /** The page of metrics now, or at an earlier time in seconds. */
  page(at?: number): string {
    return at === undefined ? this.#metrics.page(this.#state, now()) : this.#metrics.past(at);
  }

  stop(): void {
    for (const { timer } of this.#leases.values()) clearTimeout(timer);
  }
}
