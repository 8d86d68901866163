import {
  type Evidence,
  type Finding,
  facts,
  type RunContext,
  shellWord,
  type systemd,
} from "../../src/sdk/index.ts";
import type { Unit, Units } from "./unit.ts";

export interface Wanted {
  readonly unit?: string | undefined;
  readonly level?: string | undefined;
  readonly variable: string;
  readonly cpuPercent?: number | undefined;
  readonly restart: boolean;
  readonly nightly?: string | undefined;
}
type Remedy = "setLevel" | "restart" | "limitCpu" | "changeFile" | "nightly" | "say";
interface Seen {
  readonly units: Units;
  readonly variable?: systemd.VariableOf | undefined;
}

/** The unit that is meant: by name, with or without its ending; without a name the only service there is. */
export function sharesOf({ units }: Units, { unit }: Pick<Wanted, "unit">): Unit | undefined {
  const loaded = units.filter(({ load, name }) => load === "loaded" && name.endsWith(".service"));
  if (unit === undefined) return loaded.length === 1 ? loaded[0] : undefined;
  return loaded.find(({ name }) => name === unit || name === `${unit}.service`);
}

/** As the variable has it. */
export const wantedLevel = ({ level }: Pick<Wanted, "level">): string => level ?? "";

/** What was asked for, and why it is not done where it is not. */
export function changeFindings(
  { units, variable }: Seen,
  { params }: Pick<RunContext<Wanted>, "params">,
): Finding<Remedy>[] {
  const { level, cpuPercent, nightly, restart } = params;
  const isAsked = level !== undefined || cpuPercent !== undefined || nightly !== undefined || restart;
  const unit = sharesOf(units, params);
  if (!isAsked && params.unit === undefined) return [];
  if (unit === undefined || !isAsked)
    return [
      {
        id: "not-said",
        severity: "info",
        title:
          unit === undefined
            ? `No service ${params.unit ?? ""} is meant by the connection, or several are`
            : `Of ${unit.name} nothing is to be changed`,
        because: `Known are ${
          units.units
            .map(({ name }) => name)
            .slice(0, 10)
            .join(", ") || "none"
        }.`,
        remedies: ["say"],
      },
    ];
  return [
    ...(level === undefined ? [] : [levelFinding(unit, level, params.variable, variable)]),
    ...(cpuPercent === undefined ? [] : [cpuFinding(unit, cpuPercent)]),
    ...(restart ? [restartFinding(unit)] : []),
    ...(nightly === undefined ? [] : [nightlyFinding(unit, nightly)]),
  ];
}

/** A restart reads files of the environment anew; a unit file that was changed only after a daemon-reload, which is said. */
function restartFinding(unit: Unit): Finding<Remedy> {
  const stale = unit.fileChanged
    ? " Its unit file was changed and not read: `sudo systemctl daemon-reload` first, or it starts as it was."
    : "";
  return {
    id: "restart-asked",
    severity: "warning",
    title: `${unit.name} shall be started anew`,
    because: `It is ${unit.active} (${unit.sub}). Files of its environment are read anew; what it serves is away until it is up again.${stale} Where a pool or a limit was raised, see first that its server has the room (pg-pool-exhausted).`,
    remedies: ["restart"],
  };
}

function levelFinding(
  unit: Unit,
  level: string,
  name: string,
  seen: systemd.VariableOf | undefined,
): Finding<Remedy> {
  const inFile = seen?.files.find(({ is }) => is === "sets");
  const unread = seen?.files.find(({ is }) => is === "closed");
  const id = "level-asked";
  const evidence = [stateOf(unit, name, seen)];
  if (seen?.running === level)
    return {
      id,
      severity: "info",
      title: `${unit.name} has ${name}=${level} already`,
      because: "Its process was started with it.",
      evidence,
    };
  if (inFile !== undefined)
    return {
      id,
      severity: "info",
      title: `${unit.name} has ${name} from ${inFile.path}, which wins over what diagbot could write`,
      because: "Of EnvironmentFile= and Environment= the file is taken: a drop-in would change nothing.",
      evidence,
      remedies: ["changeFile"],
    };
  return {
    id,
    severity: "warning",
    title: `${unit.name} is to have ${name}=${level} for a time: it is started anew now, and again when the time is over`,
    because: `A person asked for it. A process reads its environment at its start only.${unread === undefined ? "" : ` Whether ${unread.path} sets it cannot be seen: that would win.`} More lines may be thrown away by the journal's own limit (by default 10,000 in 30 s of a unit), and whether the program heeds ${name} is its own.`,
    evidence,
    remedies: unit.active === "active" ? ["setLevel"] : ["changeFile"],
  };
}

const cpuFinding = (unit: Unit, percent: number): Finding<Remedy> => ({
  id: "cpu-asked",
  severity: "warning",
  title: `${unit.name} is to have ${percent / 100} CPUs at most for a time`,
  because:
    "A person asked for it. All its processes together are held back within each tenth of a second: it answers more slowly from then on, and what waits for it does, too.",
  evidence: [stateOf(unit)],
  remedies: ["limitCpu"],
});

const nightlyFinding = (unit: Unit, at: string): Finding<Remedy> => ({
  id: "nightly-asked",
  severity: "info",
  title: `${unit.name} is to be restarted every night at ${at}`,
  because:
    "That hides a leak and costs the requests under way. diagbot starts no write by itself: systemd's own timer does, until a day by which the leak should be found.",
  evidence: [stateOf(unit)],
  remedies: ["nightly"],
});

const stateOf = (unit: Unit, name?: string, seen?: systemd.VariableOf): Evidence =>
  facts({
    unit: `${unit.name}, ${unit.active} (${unit.sub})`,
    ...(name === undefined || seen === undefined
      ? {}
      : {
          [`${name} of its process`]:
            seen.running === undefined ? "not to be seen" : (seen.running ?? "none"),
          [`${name} of the unit`]: seen.ofUnit ?? "none",
          files: seen.files.map(({ path, is }) => `${path} (${is})`).join(", ") || "none",
        }),
    memory: unit.memory.max === null ? "no limit" : `limit ${Math.round(unit.memory.max / 1_048_576)} MiB`,
  });

/** Every command to change a level that a file sets, and to bring back what was there. */
export function fileAdvice(
  units: Units | undefined,
  seen: systemd.VariableOf | undefined,
  params: Wanted,
): string {
  const name = (units === undefined ? undefined : sharesOf(units, params))?.name ?? params.unit ?? "UNIT";
  const file = seen?.files.find(({ is }) => is === "sets")?.path;
  if (file === undefined) return `Start it first: \`systemctl start ${shellWord(name)}\`; then ask again.`;
  const line = `s/^[[:space:]]*${params.variable}=.*/${params.variable}=${params.level ?? "DEBUG"}/`;
  return `\`sudo cp -p ${shellWord(file)} ${shellWord(`${file}.before`)} && sudo sed -i ${shellWord(line)} ${shellWord(file)} && sudo systemctl restart ${shellWord(name)}\`. Back, and not later than today: \`sudo mv ${shellWord(`${file}.before`)} ${shellWord(file)} && sudo systemctl restart ${shellWord(name)}\`. An \`export\` in a shell changes nothing of a service.`;
}

/** Service and timer as they are pasted: one restart a night, with a spread, a check afterwards, and an end. */
export function nightlyText(unit: Unit | undefined, at: string, now: Date): string {
  const name = unit?.name ?? "UNIT.service";
  const base = `restart-${name.replace(/\.service$/, "").replace(/[^\w@-]/g, "-")}`;
  const end = new Date(now.getTime() + 28 * 86_400_000);
  const months = now.getUTCMonth() === end.getUTCMonth() && now.getUTCFullYear() === end.getUTCFullYear();
  const days = (date: Date) => date.toISOString().slice(0, 10);
  const last = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 0)).getUTCDate();
  const two = (n: number) => String(n).padStart(2, "0");
  const calendar = months
    ? [`OnCalendar=${days(now)}..${two(end.getUTCDate())} ${at}:00`]
    : [
        `OnCalendar=${days(now)}..${two(last)} ${at}:00`,
        `OnCalendar=${days(end).slice(0, 8)}01..${two(end.getUTCDate())} ${at}:00`,
      ];
  const service = [
    "[Unit]",
    `Description=Restart ${name}`,
    "[Service]",
    "Type=oneshot",
    `ExecStart=/bin/systemctl try-restart ${name}`,
    "# its own health page: the restart counts as failed where it does not answer",
    "ExecStartPost=/usr/bin/curl -fsS --retry 30 --retry-delay 2 --retry-all-errors -o /dev/null http://127.0.0.1:PORT/health",
  ];
  const serviceFile = service.join("\n");
  const timerFile = [
    "[Unit]",
    `Description=Restart ${name} every night`,
    "[Timer]",
    ...calendar,
    "RandomizedDelaySec=10min",
    "[Install]",
    "WantedBy=timers.target",
  ].join("\n");
  const [serviceAt, timerAt, timer] = [
    `/etc/systemd/system/${base}.service`,
    `/etc/systemd/system/${base}.timer`,
    `${base}.timer`,
  ];
  return `\`${shellWord(serviceAt)}\`:\n\`\`\`\n${serviceFile}\n\`\`\`\n\`${shellWord(timerAt)}\` (ends by itself on ${days(end)}; by the machine's clock):\n\`\`\`\n${timerFile}\n\`\`\`\nThen \`systemd-analyze verify ${shellWord(timerAt)} && systemctl daemon-reload && systemctl enable --now ${shellWord(timer)}\`; \`systemctl list-timers ${shellWord(timer)}\`. With several machines another time on each. Away again: \`systemctl disable --now ${shellWord(timer)}\`. A process over its memory is better ended by its own limit: \`MemoryMax=\` with \`Restart=on-failure\`.`;
}
