/** What diagbot reads of one line of /proc/PID/stat (proc(5)). */
export interface ProcStat {
  readonly pid: number;
  readonly name: string;
  readonly state: string;
  readonly parent: number;
  /** Clock ticks of CPU used, user and system. */
  readonly ticks: number;
  readonly nice: number;
  readonly threads: number;
  /** Clock ticks after boot: with the pid it names a process for good. */
  readonly startTicks: number;
  readonly residentPages: number;
}

/** The name stands in brackets and may hold blanks and brackets itself: the last `)` ends it. */
export function parseStat(line: string): ProcStat | undefined {
  const open = line.indexOf("(");
  const close = line.lastIndexOf(")");
  if (open < 0 || close < open) return undefined;
  const rest = line.slice(close + 2).split(" ");
  const numberAt = (field: number) => Number(rest[field - 3] ?? 0);
  return {
    pid: Number(line.slice(0, open)),
    name: line.slice(open + 1, close),
    state: rest[0] ?? "?",
    parent: numberAt(4),
    ticks: numberAt(14) + numberAt(15),
    nice: numberAt(19),
    threads: numberAt(20),
    startTicks: numberAt(22),
    residentPages: Math.max(0, numberAt(24)),
  };
}
