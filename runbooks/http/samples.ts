import { type Evidence, type http, rows } from "../../src/sdk/index.ts";

/** The phases of a request in their order: in words, and what a person does where one of them is slow. */
const PHASES = [
  {
    field: "dnsMs",
    words: "looking up the name",
    advice:
      "The name servers are slow, not the provider: run tcp-dependency for this connection, and keep connections open (keep-alive) so that names are looked up rarely.",
  },
  {
    field: "connectMs",
    words: "opening the TCP connection",
    advice:
      "The network path is slow or loses packets: reuse connections (keep-alive pool), check NAT or proxy limits, and compare from another host.",
  },
  {
    field: "tlsMs",
    words: "the TLS handshake",
    advice:
      "The TLS handshake is slow: reuse connections and TLS sessions; an overloaded provider edge looks the same.",
  },
  {
    field: "waitMs",
    words: "waiting for the first byte",
    advice:
      "The provider itself takes this long: open a ticket with the table above, cache answers that may be old (TTL), set the client's timeout just above the provider's usual p99 and put calls behind a circuit breaker. Raising the timeout keeps more of your own workers waiting.",
  },
  {
    field: "downloadMs",
    words: "downloading the answer",
    advice: "The answer is large or the line is slow: ask for less (paging, fields, compression).",
  },
] as const;

/** Longest phase of the slowest answer; undefined where nothing was answered. */
export function slowPhase(samples: readonly http.Sample[]) {
  const slowest = answered(samples).sort((a, b) => b.totalMs - a.totalMs)[0]?.timings;
  if (slowest === undefined) return undefined;
  return PHASES.map((phase) => ({ ...phase, ms: slowest[phase.field] ?? 0 })).sort((a, b) => b.ms - a.ms)[0];
}

/** Samples that were answered, whatever the answer. */
export const answered = (samples: readonly http.Sample[]) =>
  samples.filter(({ timings }) => timings !== undefined);

/** The lower one of the two in the middle; 0 of none. */
export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;

/** `503 (3x), 500`. */
export function distribution(statuses: readonly number[]): string {
  const counts = new Map<number, number>();
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, times]) => `${status}${times > 1 ? ` (${times}x)` : ""}`).join(", ");
}

/** One row per sample, one column per phase. */
export const shown = (samples: readonly http.Sample[], title: string): Evidence =>
  rows(title, [...samples.entries()], {
    "#": ([index]) => index + 1,
    answer: ([, { answer, error }]) => (error === undefined ? answer?.status : (error.detail ?? error.code)),
    "total ms": ([, { totalMs }]) => totalMs,
    DNS: ([, { timings }]) => timings?.dnsMs,
    connect: ([, { timings }]) => timings?.connectMs,
    TLS: ([, { timings }]) => timings?.tlsMs,
    "first byte": ([, { timings }]) => timings?.waitMs,
    download: ([, { timings }]) => timings?.downloadMs,
  });
