/** Labels of a series, `__name__` among them. */
export type Labels = Readonly<Record<string, string>>;

/** One value at a time in seconds; undefined: the series was gone then (Prometheus' staleness marker). */
export interface Point {
  readonly t: number;
  readonly v: number | undefined;
}

export interface Series {
  readonly labels: Labels;
  readonly points: Point[];
}

const KEEP_SECONDS = 75 * 60;

/** The last hour of every series, in memory, and what was told of the time before. */
export class Samples {
  readonly #series = new Map<string, Series>();
  /** Points up to here, in seconds, were told; they stay. */
  #past = Number.NEGATIVE_INFINITY;

  all(): Iterable<Series> {
    return this.#series.values();
  }

  /** Takes in a page of the past. Call it in order of time, and before the first scrape. */
  remember(t: number, samples: readonly { labels: Labels; value: number }[]): void {
    this.#past = t;
    this.put(t, samples);
  }

  /** Takes in one scrape of time `t` (seconds). Series it no longer holds are marked as gone. */
  put(t: number, samples: readonly { labels: Labels; value: number }[]): void {
    const seen = new Set<string>();
    for (const { labels, value } of samples) {
      const key = keyOf(labels);
      seen.add(key);
      const series = this.#series.get(key) ?? { labels, points: [] };
      this.#series.set(key, series);
      series.points.push({ t, v: value });
    }
    for (const [key, { points }] of this.#series) {
      if (!seen.has(key) && points.at(-1)?.v !== undefined) points.push({ t, v: undefined });
      const old = points.filter((point) => point.t > this.#past && point.t < t - KEEP_SECONDS).length;
      if (old > 0)
        points.splice(
          points.findIndex((point) => point.t > this.#past),
          old,
        );
      if (points.length === 0) this.#series.delete(key);
    }
  }
}

/** Equal labels, equal key. */
export const keyOf = (labels: Labels): string =>
  JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));

const LINE = /^(?<name>[a-zA-Z_:][\w:]*)(?:\{(?<labels>.*)\})? (?<value>\S+)/;
const LABEL = /(?<name>[a-zA-Z_]\w*)="(?<value>(?:[^"\\]|\\.)*)"/g;

/** The text format: one sample a line, comments skipped. `extra` labels are those of the scrape (job, instance). */
export function parseExposition(text: string, extra: Labels): { labels: Labels; value: number }[] {
  return text.split("\n").flatMap((line) => {
    const { name, labels = "", value } = LINE.exec(line)?.groups ?? {};
    if (name === undefined || value === undefined) return [];
    const own = Object.fromEntries(
      [...labels.matchAll(LABEL)].map(({ groups }) => [groups?.name ?? "", unescaped(groups?.value ?? "")]),
    );
    return [
      { labels: { ...own, ...extra, __name__: name }, value: Number(value.replace("Inf", "Infinity")) },
    ];
  });
}

const unescaped = (value: string): string =>
  value.replace(/\\(.)/g, (_all, char: string) => (char === "n" ? "\n" : char));
