import { type Evidence, type http, table } from "../../src/sdk.ts";

type Timing = "dnsMs" | "connectMs" | "tlsMs" | "waitMs" | "downloadMs";
export const PHASE_WORDS: Readonly<Record<Timing, string>> = {
  dnsMs: "looking up the name",
  connectMs: "opening the TCP connection",
  tlsMs: "the TLS handshake",
  waitMs: "waiting for the first byte",
  downloadMs: "downloading the answer",
};
export const PHASE_ADVICE: Readonly<Record<Timing, string>> = {
  dnsMs:
    "The name servers are slow, not the provider: run tcp-dependency for this connection, and keep connections open (keep-alive) so that names are looked up rarely.",
  connectMs:
    "The network path is slow or loses packets: reuse connections (keep-alive pool), check NAT or proxy limits, and compare from another host.",
  tlsMs:
    "The TLS handshake is slow: reuse connections and TLS sessions; an overloaded provider edge looks the same.",
  waitMs:
    "The provider itself takes this long: open a ticket with the table above, cache answers that may be old (TTL), set the client's timeout just above the provider's usual p99 and put calls behind a circuit breaker. Raising the timeout keeps more of your own workers waiting.",
  downloadMs: "The answer is large or the line is slow: ask for less (paging, fields, compression).",
};

/** Longest phase of the slowest answer. */
export function slowPhase(samples: readonly http.Sample[]): { phase: Timing; ms: number } | undefined {
  const slowest = answered(samples).sort((a, b) => b.totalMs - a.totalMs)[0]?.timings;
  if (slowest === undefined) return undefined;
  const phases: Timing[] = ["dnsMs", "connectMs", "tlsMs", "waitMs", "downloadMs"];
  return phases.map((phase) => ({ phase, ms: slowest[phase] ?? 0 })).sort((a, b) => b.ms - a.ms)[0];
}

/** Samples that were answered, whatever the answer. */
export const answered = (samples: readonly http.Sample[]) =>
  samples.filter(({ timings }) => timings !== undefined);

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;

/** `503 (3x), 500`. */
export function distribution(samples: readonly http.Sample[]): string {
  const counts = new Map<number, number>();
  for (const { status = 0 } of samples) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, times]) => `${status}${times > 1 ? ` (${times}x)` : ""}`).join(", ");
}

/** One row per sample, one column per phase. */
export const shown = (samples: readonly http.Sample[], title: string): Evidence =>
  table(
    ["#", "answer", "total ms", "DNS", "connect", "TLS", "first byte", "download"],
    samples.map(({ status, totalMs, timings, error }, index) => [
      index + 1,
      error === undefined ? status : (error.detail ?? error.code),
      totalMs,
      timings?.dnsMs,
      timings?.connectMs,
      timings?.tlsMs,
      timings?.waitMs,
      timings?.downloadMs,
    ]),
    title,
  );
