import { type Finding, type OutputOf, type redis, sayPercent, saySeconds } from "../../src/sdk/index.ts";

type Connection = OutputOf<typeof redis.checkConnection>;

const ms = (value: number) => saySeconds(value / 1000);

/** Below this share of one processor it is not its own commands that it is busy with. */
const BUSY = 0.5;

/** A PING that takes long: by the way to it, by other commands, or because Redis itself waits for something. Pure. */
export function slowAnswers<const R extends string>(
  { dnsMs, tcpMs, loginMs, pingMedianMs, pingWorstMs }: Connection,
  rates: Pick<redis.RedisRates, "cpuShare"> | undefined,
  latencyMs: number,
  remedies: { readonly path: R; readonly commands: R },
): Finding<R> | undefined {
  if (pingMedianMs < latencyMs) return undefined;
  const isPath = tcpMs >= latencyMs;
  const used = rates?.cpuShare ?? null;
  const isIdle = !isPath && used !== null && used < BUSY;
  return {
    id: "slow-answers",
    severity: "warning",
    title: `Redis answers slowly: a PING takes ${ms(pingMedianMs)}`,
    because: `Name ${ms(dnsMs)}, TCP ${ms(tcpMs)}, login ${ms(loginMs)}, PING ${ms(pingMedianMs)} (worst of twenty ${ms(pingWorstMs)}). ${
      isPath
        ? "TCP is slow too: the network or the machine."
        : isIdle
          ? `TCP is quick, and Redis used only ${sayPercent(used)} of a processor meanwhile: it is not its commands. It waits itself: for a processor that others have, for its disk (appendfsync), or for memory that was swapped out.`
          : "TCP is quick: other commands hold the server."
    }`,
    remedies: [isPath || isIdle ? remedies.path : remedies.commands],
  };
}

export const PATH_ADVICE =
  "`time redis-cli PING`, some times, on its own machine tells the two apart. Quick there: it is the way (another region, a VPN, a proxy, packets that are lost: `mtr -rwc 50 HOST`). Slow there, too: it is the machine (host-cpu with its steal, high-memory, host-stalls) or its disk (`appendfsync always`, a rewrite: INFO persistence, LATENCY LATEST); `redis-cli --intrinsic-latency 10` measures the machine alone. No command is the cause.";
