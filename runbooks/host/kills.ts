import { type Finding, type host, type OutputOf, rows, sayBytes, saySeconds } from "../../src/sdk/index.ts";

type Kills = OutputOf<typeof host.oomKills>["kills"];

/** Seconds an OOM kill is news. What is over for longer is worth mending, not waking anybody. */
const RECENT = 3600;

/** Who was killed for memory, when, and by whose limit. */
export function killFinding(kills: Kills, now: Date): Finding<"addMemory" | "raiseLimit"> | undefined {
  const last = kills.at(-1);
  if (last === undefined) return undefined;
  const byMachine = kills.some(({ byLimit }) => !byLimit);
  const names = [...new Set(kills.map(({ process }) => process))].slice(0, 5).join(", ");
  const said = `(last: ${last.process}, ${sayBytes(last.memory)})`;
  const seconds = last.at === null ? undefined : Math.max(0, now.getTime() / 1000 - last.at);
  const when = seconds === undefined ? "" : `, last ${saySeconds(seconds)} ago`;
  return {
    id: "oom-kills",
    severity: byMachine && (seconds ?? 0) < RECENT ? "critical" : "warning",
    title: `The kernel killed ${kills.length === 1 ? "a process" : `${kills.length} processes`} for memory: ${names}${when}`,
    because: byMachine
      ? `The machine itself ran out of memory ${said}.`
      : `The limit of the container or unit was reached ${said}; the machine had memory left.`,
    evidence: [
      rows("", kills.slice(-8), {
        process: (one) => one.process,
        pid: (one) => one.pid,
        memory: (one) => sayBytes(one.memory),
        "when (UTC)": (one) => sayTime(one.at),
        by: (one) => (one.byLimit ? "its limit" : "the machine"),
        group: (one) => one.group,
      }),
    ],
    remedies: byMachine ? ["addMemory"] : ["raiseLimit"],
  };
}

const sayTime = (at: number | null) =>
  at === null ? "unknown" : new Date(at * 1000).toISOString().slice(5, 16).replace("T", " ");
