import type { Metric, Program, State } from "./spec.ts";
import { mapOf, numberOf } from "./state.ts";

const GIB = 1 << 30;

/** What node_exporter says of a machine with 16 GiB and two cores, `state.machine` deciding what is free. */
export const machineMetrics: readonly Metric[] = [
  { name: "node_memory_MemTotal_bytes", type: "gauge", value: 16 * GIB },
  {
    name: "node_memory_MemAvailable_bytes",
    type: "gauge",
    value: (state) => numberOf(state, "machine", "availableBytes"),
  },
  ...["0", "1"].flatMap((cpu): Metric[] => [
    {
      name: "node_cpu_seconds_total",
      labels: { cpu, mode: "idle" },
      type: "counter",
      perSecond: (state) => 1 - numberOf(state, "machine", "busy"),
    },
    {
      name: "node_cpu_seconds_total",
      labels: { cpu, mode: "user" },
      type: "counter",
      perSecond: (state) => numberOf(state, "machine", "busy"),
    },
  ]),
];

/** What `machineMetrics` reads. */
export const machineState = { machine: { availableBytes: 9 * GIB, busy: 0.2 } } satisfies State;

/** Requests of a service that are answered 200, and those that are answered 500, with their durations; `state.traffic` decides. */
export const requestMetrics = (requests: string, duration: string): Metric[] => [
  {
    name: requests,
    labels: { route: "/", method: "GET", status: "200" },
    type: "counter",
    perSecond: (state) =>
      numberOf(state, "traffic", "perSecond") * (1 - numberOf(state, "traffic", "failing")),
  },
  {
    name: requests,
    labels: { route: "/", method: "GET", status: "500" },
    type: "counter",
    perSecond: (state) => numberOf(state, "traffic", "perSecond") * numberOf(state, "traffic", "failing"),
  },
  {
    name: duration,
    labels: { route: "/", method: "GET" },
    type: "histogram",
    perSecond: (state) => numberOf(state, "traffic", "perSecond"),
    takes: (state) => numberOf(state, "traffic", "seconds"),
  },
];

/** What `requestMetrics` reads: requests per second, the share of them that fails, and how long one takes. */
export const trafficState = { traffic: { perSecond: 20, failing: 0, seconds: 0.2 } } satisfies State;

/** A program that answers one part of the state as JSON, whatever its words. */
export const showsPart =
  (...path: string[]): Program =>
  (_args, state) => ({ out: mapOf(state, ...path) });

/** The word behind `--name`, or within `--name=…`. */
export function wordOf(args: readonly string[], name: string): string | undefined {
  const at = args.indexOf(name);
  if (at >= 0) return args[at + 1];
  return args.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
}
