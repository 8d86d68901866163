import {
  type Evidence,
  type Finding,
  type host,
  type OutputOf,
  type postgres,
  rows,
  saySeconds,
} from "../../src/sdk/index.ts";

type Bounds = OutputOf<typeof postgres.clock>;

/** The machine's clock against another one: ahead by at least and at most so many seconds. */
export interface Compared {
  readonly with: string;
  readonly low: number;
  readonly high: number;
}

/** Each is known against diagbot's clock, so against each other: no closer than both round trips together. Pure. */
export function comparedWith(seen: {
  readonly clock: host.Clock;
  readonly database?: Bounds | undefined;
  readonly service?: Bounds | undefined;
}): Compared[] {
  const against = (name: string, other: Bounds | undefined): Compared[] =>
    other === undefined
      ? []
      : [
          {
            with: name,
            low: (seen.clock.ours.low - other.high) / 1000,
            high: (seen.clock.ours.high - other.low) / 1000,
          },
        ];
  return [
    ...against("the Postgres server", seen.database),
    ...against("the HTTP service (Date header)", seen.service),
    ...against("diagbot's own machine", { low: 0, high: 0 }),
  ];
}

/** What is proven: the least it can be off; 0: it may be right. */
const least = ({ low, high }: Compared): number => (low > 0 ? low : high < 0 ? -high : 0);

/** Beyond this tokens and tickets are refused everywhere. */
const GRAVE = 30;

const EFFECTS =
  "Tokens, one-time passwords and certificates are refused, logs of several machines are out of order, leases and caches end too early or too late.";

/** Off by more than the limit: as its own service says, or as another clock proves, bounds and all. */
export function skewFinding(
  clock: host.Clock,
  compared: readonly Compared[],
  limit: number,
): Finding<"correctClock" | "keepTime"> | undefined {
  const offset = clock.offsetSeconds ?? 0;
  const far = compared.filter((one) => least(one) > limit);
  if (offset <= limit && far.length === 0) return undefined;
  const [first] = far;
  const seconds = Math.max(offset, ...far.map(least));
  const agree = compared.filter((one) => !far.includes(one)).map((one) => one.with);
  const side = first !== undefined && first.low > 0 ? "ahead of" : "behind";
  return {
    id: "clock-skew",
    severity: seconds >= GRAVE ? "critical" : "warning",
    title:
      first === undefined
        ? `The clock is ${saySeconds(offset)} off, as ${clock.by ?? "its service"} says`
        : `The clock is at least ${sayLeast(far)} ${side} ${far.map((one) => one.with).join(" and ")}`,
    because:
      offset > limit
        ? `Its own time service knows of it and corrects it slowly, or cannot. ${EFFECTS}`
        : `${far.length > 1 ? "Several clocks say so: this machine's is the likely one to be wrong." : `Either this clock is wrong or the other one; to tell them apart, compare a third.${agree.length > 0 ? ` With ${agree.join(" and ")} it may agree.` : ""}`} ${EFFECTS}`,
    evidence: [boundsOf(compared)],
    remedies: ["correctClock", "keepTime"],
  };
}

/** Nobody keeps it: right today, by chance. */
export function unsynchronisedFinding(
  clock: host.Clock,
  compared: readonly Compared[],
  limit: number,
  evidence: readonly Evidence[],
): Finding<"keepTime"> | undefined {
  if (clock.synchronised !== false) return undefined;
  const isOff = (clock.offsetSeconds ?? 0) > limit || compared.some((one) => least(one) > limit);
  const isGuest = /^(kvm|hyperv|xen|vmware|tsc_early)/.test(clock.clocksource);
  const who =
    clock.by === "chrony" || clock.by === "ntpd"
      ? `The time service (${clock.by}) runs and follows nobody: its servers do not answer, or it has just been started.`
      : `The kernel's clock is marked as not synchronised: no time service corrects it, or one that does not tell the kernel${isGuest ? " (this is a virtual machine: its hypervisor may keep the clock right without a word)" : ""}; to tell them apart: whether a time service runs on the machine itself, and whether the offset grows.`;
  return {
    id: "clock-unsynchronised",
    // What keeps a guest's clock from outside says nothing in it: as long as it is right, that is no more than a note.
    severity: isGuest && !isOff && clock.by !== "chrony" && clock.by !== "ntpd" ? "info" : "warning",
    title: "Nothing is known to keep the clock right",
    because: `${who} ${isOff ? "It is off already." : "Now it is not seen to be off; a clock left alone drifts by seconds a week."}`,
    evidence: [...evidence, boundsOf(compared)],
    remedies: ["keepTime"],
    explains: ["clock-skew"],
  };
}

/** What all of them prove, never rounded up: it is a bound. */
function sayLeast(far: readonly Compared[]): string {
  const seconds = Math.min(...far.map(least));
  return saySeconds(seconds < 10 ? Math.floor(seconds * 10) / 10 : Math.floor(seconds));
}

const sayBound = (seconds: number): string => `${seconds >= 0 ? "+" : "-"}${saySeconds(Math.abs(seconds))}`;

const boundsOf = (compared: readonly Compared[]): Evidence =>
  rows("This clock against others (it is between the two)", compared, {
    with: (one) => one.with,
    "at least": (one) => sayBound(one.low),
    "at most": (one) => sayBound(one.high),
  });
