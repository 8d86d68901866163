import { type Finding, type host, type OutputOf, rows, sayBytes, saySeconds } from "../../src/sdk/index.ts";

type Kills = OutputOf<typeof host.oomKills>["kills"];

/** Seconds an OOM kill is news. What is over for longer is worth mending, not waking anybody. */
const RECENT = 3600;

/** Who was killed for memory, when, and by whose limit. */
export function killFinding(kills: Kills, now: Date): Finding<"addMemory" | "raiseLimit"> | undefined {
  const last = kills.at(-1);
  if (last === undefined) return undefined;
  const byMachine = kills.some(({ byLimit, other }) => !byLimit && other !== "nodes" && other !== "pieces");
  const names = [...new Set(kills.map(({ process }) => process))].slice(0, 5).join(", ");
  const said = `(last: ${last.process}${last.memory === 0 ? "" : `, ${sayBytes(last.memory)}`})`;
  const seconds = last.at === null ? undefined : Math.max(0, now.getTime() / 1000 - last.at);
  const when = seconds === undefined ? "" : `, last ${saySeconds(seconds)} ago`;
  return {
    id: "oom-kills",
    severity: byMachine && (seconds ?? 0) < RECENT ? "critical" : "warning",
    title: `${last.other === "earlyoom" || last.other === "systemd-oomd" ? last.other : "The kernel"} killed ${kills.length === 1 ? "a process" : `${kills.length} processes`} for memory: ${names}${when}`,
    because: `${sayWhy(last, said)}${sayOthers(kills, last)}`,
    evidence: [
      rows("", kills.slice(-8), {
        process: (one) => one.process,
        pid: (one) => one.pid,
        memory: (one) => sayBytes(one.memory),
        "when (UTC)": (one) => sayTime(one.at),
        by: (one) => (one.byLimit ? (one.limitOf ?? "its limit") : (SHORT[one.other ?? "machine"] ?? "")),
        group: (one) => one.group,
      }),
    ],
    remedies: byMachine ? ["addMemory"] : last.byLimit ? ["raiseLimit"] : [],
  };
}

type Kill = Kills[number];
type Kind = NonNullable<Kill["other"]> | "limit" | "machine";
const kindOf = ({ byLimit, other }: Kill): Kind => (byLimit ? "limit" : (other ?? "machine"));

const SHORT: Readonly<Record<string, string>> = {
  machine: "the machine",
  nodes: "its memory nodes",
  pieces: "no large piece",
  "systemd-oomd": "systemd-oomd",
  earlyoom: "earlyoom",
};

/** Why the last one was killed: the machine had no memory, or it had, and something else was the reason. */
function sayWhy(last: Kill, said: string): string {
  switch (kindOf(last)) {
    case "limit":
      return `${last.limitOf === undefined ? "The limit of the container or unit" : `The limit of ${last.limitOf}, above its own group,`} was reached ${said}; the machine had memory left.`;
    case "nodes":
      return `The memory nodes it is bound to (cpuset.mems, numactl --membind) had none left ${said}; others may have. Widen what it is bound to: more memory for the machine helps only there.`;
    case "pieces":
      return `The kernel asked for several pages in one piece and found none ${said}, though memory may have been free in smaller ones: a driver's or the network's large buffers. See /proc/buddyinfo; a higher vm.min_free_kbytes keeps larger pieces.`;
    case "systemd-oomd":
      return `Not the kernel: systemd-oomd ended the group because the machine, or a slice above it, waited too long for memory ${said}.`;
    case "earlyoom":
      return `Not the kernel: earlyoom ended it because little memory and swap were left ${said}; it takes the largest, which may not be the one that grew.`;
    default:
      return `The machine itself ran out of memory ${said}.`;
  }
}

/** Others that were killed for another reason than the last one. */
function sayOthers(kills: Kills, last: Kill): string {
  const others = kills.filter((one) => kindOf(one) !== kindOf(last)).length;
  return others === 0 ? "" : ` ${others} of the ${kills.length} were for another reason, as the table says.`;
}

const sayTime = (at: number | null) =>
  at === null ? "unknown" : new Date(at * 1000).toISOString().slice(5, 16).replace("T", " ");
