import type { Figure, Metric, State } from "./spec.ts";
import { mapOf } from "./state.ts";

/** So long, in seconds, the service says to have run: what is asked of the last week has an answer. */
export const AGE = 8 * 86_400;

const BUCKETS = ["0.1", "0.5", "1", "2.5", "5", "10", "+Inf"];

/** One line of the page: a gauge, or a total that grows. */
interface Line {
  readonly metric: Metric;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Growth per second, or the value of a gauge. */
  now(state: State): number;
}

const figureOf = (figure: Figure, state: State): number =>
  typeof figure === "number" ? figure : figure(state);

const inBucket = (takes: number, le: string): boolean => le === "+Inf" || takes <= Number(le);

function linesOf(metric: Metric): Line[] {
  const { name, labels = {} } = metric;
  if (metric.type === "gauge")
    return [{ metric, name, labels, now: (state) => figureOf(metric.value, state) }];
  const rate = (state: State): number => figureOf(metric.perSecond, state);
  if (metric.type === "counter") return [{ metric, name, labels, now: rate }];
  const takes = (state: State): number => figureOf(metric.takes, state);
  return [
    ...BUCKETS.map((le) => ({
      metric,
      name: `${name}_bucket`,
      labels: { ...labels, le },
      now: (state: State) => (inBucket(takes(state), le) ? rate(state) : 0),
    })),
    { metric, name: `${name}_sum`, labels, now: (state) => rate(state) * takes(state) },
    { metric, name: `${name}_count`, labels, now: rate },
  ];
}

/** The page of metrics of a service: totals grow with the time that passes between two looks. */
export class ServiceMetrics {
  readonly #lines: readonly Line[];
  readonly #totals: Map<Line, number>;
  readonly #begun: number;
  readonly #first: State;
  #at: number;

  /** `now` in seconds. */
  constructor(metrics: readonly Metric[], state: State, now: number) {
    this.#lines = metrics.flatMap(linesOf);
    this.#totals = new Map(this.#lines.map((line) => [line, line.now(state) * AGE]));
    this.#begun = now;
    this.#at = now;
    this.#first = state;
  }

  /** The page now. What the state has `hidden` is not on it. */
  page(state: State, now: number): string {
    this.advance(state, now);
    const hidden = mapOf(state, "hidden");
    return this.#write((line) => {
      if (hidden[line.metric.name] === true) return undefined;
      return line.metric.type === "gauge" ? line.now(state) : this.#totals.get(line);
    });
  }

  /** Lets time pass in this state: to be called before it changes. */
  advance(state: State, now: number): void {
    for (const [line, total] of this.#totals)
      this.#totals.set(line, total + line.now(state) * (now - this.#at));
    this.#at = now;
  }

  /** The page as it was at a time before the start. */
  past(t: number): string {
    return this.#write((line) => {
      const rate = line.now(this.#first);
      return line.metric.type === "gauge" ? rate : Math.max(0, rate * (AGE - (this.#begun - t)));
    });
  }

  #write(value: (line: Line) => number | undefined): string {
    const said = new Set<string>();
    return this.#lines
      .flatMap((line) => {
        const { metric, name, labels } = line;
        const is = value(line);
        if (is === undefined || Number.isNaN(is)) return [];
        const type = said.has(metric.name)
          ? []
          : [`# HELP ${metric.name} Of the sample service.`, `# TYPE ${metric.name} ${metric.type}`];
        said.add(metric.name);
        const written = Object.entries(labels).map(([key, text]) => `${key}=${JSON.stringify(text)}`);
        return [...type, `${name}${written.length === 0 ? "" : `{${written.join(",")}}`} ${is}`];
      })
      .map((line) => `${line}\n`)
      .join("");
  }
}
