import type { PastSeries } from "../../helpers/prometheus-server.ts";

type Labels = Record<string, string>;
const steady = (perSecond: number) => (seconds: number) => Math.round(perSecond * seconds * 1000) / 1000;
/** Nothing for fifty minutes, then so much per second. */
const rising = (perSecond: number) => (seconds: number) => Math.max(0, perSecond * (seconds - 3000));
export const up = (job: string, instance = "app:8000"): PastSeries => ({
  name: "up",
  labels: { job, instance },
  value: () => 1,
});
export const requests = (
  job: string,
  labels: Labels,
  value: PastSeries["value"],
  name = "http_requests_total",
): PastSeries => ({ name, labels: { job, instance: "app:8000", ...labels }, value });

/** A histogram where `share[i]` of the requests fall below `bounds[i]`. */
export function histogram(
  job: string,
  route: string,
  perSecond: number,
  buckets: Record<string, number>,
  mean?: number,
): PastSeries[] {
  const name = "http_request_duration_seconds";
  const labels = { job, instance: "app:8000", route };
  return [
    ...Object.entries(buckets).map(([le, share]) => ({
      name: `${name}_bucket`,
      labels: { ...labels, le },
      value: steady(perSecond * share),
    })),
    { name: `${name}_count`, labels, value: steady(perSecond) },
    ...(mean === undefined
      ? []
      : [{ name: `${name}_sum`, labels, value: (seconds: number) => perSecond * seconds * mean }]),
  ];
}

export const ODD = 'odd"job\\with\nnewline';
export const PAST: PastSeries[] = [
  ...[
    "healthy",
    "failing",
    "shared",
    "instance",
    "quiet",
    "few",
    "renamed",
    "nostatus",
    "slow",
    "capped",
    "hidden",
    "workers",
    "deployed",
    "coarse",
    "words",
    "burst",
    "nonumber",
    "onlyinf",
    ODD,
  ].map((job) => up(job)),
  requests("healthy", { status: "200", route: "/" }, steady(100)),
  requests("healthy", { status: "404", route: "/" }, steady(20)),
  requests("healthy", { status: "500", route: "/" }, steady(0.1)),
  ...histogram("healthy", "/", 100, { "0.1": 0.98, "1": 0.999, "5": 1, "+Inf": 1 }),
  requests("failing", { status: "200", route: "/" }, steady(50)),
  requests("failing", { status: "200", route: "/pay" }, steady(40)),
  requests("failing", { status: "503", route: "/pay" }, rising(10)),
  requests("failing", { status: "500", route: "/" }, rising(0.2)),
  requests("shared", { status: "200", route: "/a" }, steady(10)),
  requests("shared", { status: "500", route: "/a" }, steady(2)),
  requests("shared", { status: "500", route: "/b" }, steady(2)),
  requests("instance", { status: "200" }, steady(10)),
  requests("instance", { status: "200", instance: "bad:8000" }, steady(2)),
  requests("instance", { status: "502", instance: "bad:8000" }, steady(5)),
  requests("quiet", { status: "200" }, () => 1000),
  ...histogram("quiet", "/", 0, { "1": 1, "+Inf": 1 }),
  requests("few", { status: "500" }, steady(0.02)),
  requests("stopped", { status: "200" }, (seconds) => (seconds < 2400 ? seconds : undefined)),
  requests("renamed", { code: "5xx" }, steady(5), "app_calls_total"),
  requests("renamed", { code: "2xx" }, steady(5), "app_calls_total"),
  requests("nostatus", { outcome: "ERROR", route: "/" }, steady(5)),
  ...histogram("slow", "/search", 10, { "0.1": 0.2, "1": 0.5, "5": 1, "+Inf": 1 }),
  ...histogram("slow", "/", 10, { "0.1": 0.99, "1": 1, "5": 1, "+Inf": 1 }),
  ...histogram("capped", "/", 10, { "0.1": 0.2, "1": 0.5, "+Inf": 1 }),
  requests("hidden", { status: "200", route: "/" }, steady(99)),
  requests("hidden", { status: "200", route: "/export" }, steady(0.1)),
  requests("hidden", { status: "500", route: "/export" }, steady(0.9)),
  requests("hidden", { status: "500", route: "/rare" }, steady(0.01)),
  ...histogram("hidden", "/", 99, { "0.1": 0.98, "1": 0.999, "5": 1, "+Inf": 1 }),
  ...histogram("hidden", "/report", 1, { "0.1": 0, "1": 0.1, "5": 1, "+Inf": 1 }),
  ...histogram("hidden", "/rare", 0.01, { "0.1": 0, "1": 0, "5": 1, "+Inf": 1 }),
  requests(ODD, { status: "500" }, steady(10)),
  // Four workers behind one address: each scrape meets another's counters. A deployment: one fall.
  requests("workers", { status: "200" }, (seconds) => Math.floor(seconds / 40) + ((seconds / 15) % 4) * 400),
  requests("deployed", { status: "200" }, (seconds) => (seconds < 3300 ? seconds : seconds - 3300)),
  ...histogram("coarse", "/", 50, { "5": 1, "+Inf": 1 }, 0.0003),
  // Once a client has observed what is no number, its sum is none for ever.
  ...histogram("nonumber", "/", 50, { "0.1": 0.2, "5": 1, "+Inf": 1 }, Number.NaN),
  ...histogram("onlyinf", "/", 50, { "+Inf": 1 }, 5),
  requests("words", { status: "success" }, steady(5)),
  requests("words", { status: "error" }, steady(5)),
  requests("burst", { status: "200" }, steady(1)),
  // Its first sample is the whole of it: a rate sees nothing.
  requests("burst", { status: "500" }, (seconds) => (seconds < 3540 ? undefined : 90)),
];
