/** Name, labels (their values may hold braces) and value; an exemplar behind the value does not count. */
const SAMPLE = /^([A-Za-z_:][A-Za-z0-9_:]*)(?:\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?[ \t]+([+-]?[\d.][^\s]*)/;

/**
 * The sum of all series of each name on a page of metrics (Prometheus text format and OpenMetrics). What is no finite number is
 * left out: a name with nothing but NaN has no value. Lines that are no samples (HELP, TYPE, EOF, foreign text) are passed over. Pure.
 */
export function metricsIn(page: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const line of page.split("\n")) {
    const [, name, written] = line.startsWith("#") ? [] : (SAMPLE.exec(line) ?? []);
    const value = Number(written ?? "none");
    if (name !== undefined && Number.isFinite(value)) sums.set(name, (sums.get(name) ?? 0) + value);
  }
  return sums;
}
