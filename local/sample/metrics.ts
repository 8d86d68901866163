/** Upper bounds of the duration histogram, in seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Request counters of the sample system in Prometheus' text format. Routes and statuses are its own few. */
export class RequestMetrics {
  readonly #series = new Map<string, { count: number; seconds: number; buckets: number[] }>();

  count(route: string, status: number, seconds: number): void {
    const labels = `route="${route}",status="${status}"`;
    const series = this.#series.get(labels) ?? { count: 0, seconds: 0, buckets: BUCKETS.map(() => 0) };
    this.#series.set(labels, series);
    series.count += 1;
    series.seconds += seconds;
    for (const [at, bound] of BUCKETS.entries())
      if (seconds <= bound) series.buckets[at] = (series.buckets[at] ?? 0) + 1;
  }

  text(): string {
    const lines = ["# TYPE http_requests_total counter", "# TYPE http_request_duration_seconds histogram"];
    for (const [labels, { count, seconds, buckets }] of this.#series) {
      lines.push(`http_requests_total{${labels}} ${count}`);
      for (const [at, bound] of BUCKETS.entries())
        lines.push(`http_request_duration_seconds_bucket{${labels},le="${bound}"} ${buckets[at]}`);
      lines.push(`http_request_duration_seconds_bucket{${labels},le="+Inf"} ${count}`);
      lines.push(`http_request_duration_seconds_sum{${labels}} ${seconds}`);
      lines.push(`http_request_duration_seconds_count{${labels}} ${count}`);
    }
    lines.push("# TYPE process_resident_memory_bytes gauge");
    lines.push(`process_resident_memory_bytes ${process.memoryUsage().rss}`);
    return `${lines.join("\n")}\n`;
  }
}
