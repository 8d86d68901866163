import { freePort } from "../../../helpers/ports.ts";
import { type PastSeries, startPrometheus } from "../../../helpers/prometheus-server.ts";
import type { Keep } from "../../words.ts";

const INSTANCE = "app:8000";
/** Seconds of the hour before which all was well. */
const WELL_UNTIL = 3_000;

/** So many a second all the hour; with `only` nothing before the last ten minutes. */
const steady =
  (perSecond: number, only = false): PastSeries["value"] =>
  (seconds) =>
    perSecond * Math.max(0, seconds - (only ? WELL_UNTIL : 0));

/** The job is scraped. */
const up = (job: string): PastSeries => ({ name: "up", labels: { job, instance: INSTANCE }, value: () => 1 });

/** Requests of a route by status; `late`: only in the last ten minutes. */
export const requests = (
  job: string,
  route: string,
  status: string,
  perSecond: number,
  late = false,
): PastSeries => ({
  name: "http_requests_total",
  labels: { job, instance: INSTANCE, route, status },
  value: steady(perSecond, late),
});

/** Durations of a route: which share is below which bound. */
export const durations = (
  job: string,
  route: string,
  perSecond: number,
  shares: Readonly<Record<string, number>>,
): PastSeries[] => {
  const name = "http_request_duration_seconds";
  const labels = { job, instance: INSTANCE, route };
  return [
    ...Object.entries(shares).map(([le, share]) => ({
      name: `${name}_bucket`,
      labels: { ...labels, le },
      value: steady(perSecond * share),
    })),
    { name: `${name}_count`, labels, value: steady(perSecond) },
  ];
};

/** A real Prometheus that is started with an hour of history for each situation, at one address. */
export async function historyOf(job: string) {
  const port = await freePort();
  return {
    connection: { kind: "prometheus", url: `http://127.0.0.1:${port}`, labels: { job } },
    show: async (
      series: readonly PastSeries[],
      keep: Keep,
      targets: Record<string, readonly string[]> = {},
    ): Promise<string> => {
      const server = await startPrometheus([up(job), ...series], targets, [], port);
      keep(server.stop);
      return server.url;
    },
  };
}
