import { count, sayBytes, sayPercent } from "../../src/sdk/index.ts";
import { judge } from "./judged.ts";
import {
  enable,
  fill,
  idOf,
  isDown,
  isRestarting,
  type Logs,
  type Problem,
  type Unit,
  type Units,
  type Uses,
} from "./unit.ts";

/** What was seen, as far as it was. */
export interface Sight {
  readonly units?: Units | undefined;
  readonly needed?: Units | undefined;
  readonly logs?: Logs | undefined;
  readonly use?: Uses | undefined;
}

/** The kernel keeps a unit at its MemoryHigh, a little below or above. */
const HELD_BACK = 0.95;
/** Share of a limit from which it is said. */
const NEAR = 0.9;

/** All problems of the units, causes naming what follows from them. Pure. */
export function problemsOf(seen: Sight, asked: string | undefined): Problem[] {
  const { units, needed, logs } = seen;
  if (units === undefined) return [];
  const own = units.units.flatMap((unit) => {
    const log = logs?.logs.find((one) => one.unit === unit.name);
    const said = judge({ unit, log, asked: logs?.asked ?? [], isAsked: asked !== undefined, now: units.now });
    return said === undefined ? [] : [{ ...said, unit }];
  });
  const waiting = units.units.filter((one) => isDown(one) || isRestarting(one));
  const others = neededBy(waiting, needed).flatMap((unit) => {
    const log = logs?.logs.find((one) => one.unit === unit.name);
    const said = judge({ unit, log, asked: logs?.asked ?? [], isAsked: false, now: needed?.now ?? 0 });
    return said === undefined ? [] : [{ ...said, unit }];
  });
  const all = [...own, ...others];
  const blocked = blockedBy(units.units, logs, all);
  return [...all, ...blocked].map((one) => ({ ...one, explains: effectsOf(one.unit, [...all, ...blocked]) }));
}

type Told = Omit<Problem, "explains">;

/** Of the units that others need, those that are needed by one that is down. */
const neededBy = (down: readonly Unit[], needed: Units | undefined): Unit[] =>
  (needed?.units ?? []).filter(({ name }) => down.some(({ requires }) => requires.includes(name)));

/** Units that were not started because one they require has failed: they themselves have not. */
function blockedBy(units: readonly Unit[], logs: Logs | undefined, problems: readonly Told[]): Told[] {
  return units.flatMap((unit) => {
    if (unit.active !== "inactive" || problems.some((one) => one.unit.name === unit.name)) return [];
    const result = logs?.logs.find((one) => one.unit === unit.name)?.jobResult;
    const cause = problems.find((one) => unit.requires.includes(one.unit.name) && isFault(one));
    if (cause === undefined || (result !== "dependency" && !isLater(unit, cause.unit))) return [];
    return [
      {
        kind: "not-started",
        unit,
        severity: "critical",
        title: `${unit.name} is not running, because ${cause.unit.name} is not`,
        because: `It requires ${cause.unit.name}${unit.after.includes(cause.unit.name) ? " and waits for it at its start" : ""}. Once that one is up, it can be started.`,
        advice: [
          {
            key: "repairDependency",
            text: fill(`First ${cause.unit.name}; then \`systemctl start UNIT\`.`, unit),
          },
        ],
        acts: [],
      } satisfies Told,
    ];
  });
}

const isFault = ({ kind }: Told): boolean =>
  ["failed", "restarting", "not-found", "bad-unit-file"].includes(kind);

/** It went down with, or after, the one it needs: what an operator stopped long before has another reason. */
const isLater = (unit: Unit, cause: Unit): boolean =>
  unit.endedAgo !== null && cause.changedAgo !== null && unit.endedAgo <= cause.changedAgo + 5;

/** Problems of units that cannot do without this one; a timer's or socket's own where its service is the cause. */
const effectsOf = (unit: Unit, all: readonly Told[]): string[] =>
  all
    .filter(
      (one) =>
        one.unit.name !== unit.name && (one.unit.requires.includes(unit.name) || isTriggerOf(one.unit, unit)),
    )
    .filter((one) => isDown(one.unit) || isRestarting(one.unit))
    .map(idOf);

const isTriggerOf = (trigger: Unit, unit: Unit): boolean =>
  trigger.active === "failed" && unit.triggeredBy.includes(trigger.name);

/** What is well now and will not stay so, or is not as its file says. */
export function notices({ units, use }: Sight, asked: string | undefined): Problem[] {
  const all = (units?.units ?? []).filter(({ load }) => load === "loaded");
  return all
    .flatMap((unit) => [
      ...fileNotices(unit),
      ...stateNotices(unit, units?.now ?? 0),
      ...limitNotices(unit, use),
      ...bootNotice(unit, asked),
    ])
    .map((one) => ({ ...one, explains: [] }));
}

const fileNotices = (unit: Unit): Told[] =>
  !unit.fileChanged
    ? []
    : [
        {
          kind: "file-changed",
          unit,
          severity: "info",
          title: `The file of ${unit.name} has changed, and systemd has not read it`,
          because:
            "It was changed on disk since systemd read it (NeedDaemonReload): it starts as it was before. Its process is not touched by reading it; limits of memory and tasks take effect at once.",
          advice: [],
          acts: ["daemonReload"],
        },
      ];

function stateNotices(unit: Unit, now: number): Told[] {
  const notices: Told[] = [];
  if (unit.active === "active" && !["", "success"].includes(unit.reloadResult))
    notices.push({
      kind: "reload-failed",
      unit,
      severity: "warning",
      title: `The last reload of ${unit.name} failed (${unit.reloadResult})`,
      because:
        "It runs on with the settings it had before. Once they are right, a reload takes them; a restart with wrong ones would bring it down.",
      advice: [
        {
          key: "fixUnit",
          text: fill(
            "Check its settings first (`nginx -t`, `sshd -t`, …), `journalctl -u UNIT --since -1h`.",
            unit,
          ),
        },
      ],
      acts: ["reload"],
    });
  if (unit.timer !== null && unit.active === "active" && unit.sub === "elapsed")
    notices.push({
      kind: "timer-over",
      unit,
      severity: "warning",
      title: `${unit.name} has elapsed and will not start anything again`,
      because: "None of its times comes again (OnCalendar in the past, or only OnBootSec or OnActiveSec).",
      advice: [
        {
          key: "fixUnit",
          text: fill("`systemctl cat UNIT`; `systemd-analyze calendar '…'` says when a time comes.", unit),
        },
      ],
      acts: [],
    });
  if (
    unit.timer?.next !== null &&
    unit.timer !== null &&
    unit.timer.next < now - 300 &&
    unit.sub === "waiting"
  )
    notices.push({
      kind: "timer-missed",
      unit,
      severity: "warning",
      title: `${unit.name} should have started its unit and has not`,
      because: "Its next time is over for more than five minutes: the clock was set, or systemd hangs.",
      advice: [
        {
          key: "fixUnit",
          text: fill("`systemctl list-timers --all`, and the clock of the machine (`host-clock`).", unit),
        },
      ],
      acts: [],
    });
  if ((unit.refused ?? 0) > 0)
    notices.push({
      kind: "socket-refused",
      unit,
      severity: "warning",
      title: `${unit.name} has turned away ${count(unit.refused ?? 0, "connection")}`,
      because:
        "More came at once than MaxConnections or MaxConnectionsPerSource allow; counted since it listens.",
      advice: [
        { key: "fixUnit", text: fill("`systemctl show --property=NConnections,MaxConnections UNIT`.", unit) },
      ],
      acts: [],
    });
  return notices;
}

function limitNotices(unit: Unit, use: Uses | undefined): Told[] {
  const used = use?.units.find((one) => one.unit === unit.name);
  const near = (
    what: string,
    now: number | null | undefined,
    max: number | null | undefined,
    say: (n: number) => string,
    act: Problem["acts"],
  ): Told[] => {
    if (now == null || max == null || max === 0 || now / max < NEAR) return [];
    return [
      {
        kind: `near-${act[0] === "raiseTasks" ? "tasks" : act[0] === "raiseMemory" ? "memory" : "open-files"}`,
        unit,
        severity: "warning",
        title: `${unit.name} uses ${sayPercent(now / max)} of its ${what} (${say(now)} of ${say(max)})`,
        because:
          "At the limit it fails. Either the limit is too low for what it does now, or it does not give back what it took: a leak fills any limit.",
        advice: [],
        acts: [...act, "restart"],
      },
    ];
  };
  return [
    ...heldBack(unit, used?.memory),
    ...near("processes and threads", unit.tasks.now, unit.tasks.max, String, ["raiseTasks"]),
    ...near("memory, without the page cache", used?.memory, used?.memoryMax ?? unit.memory.max, sayBytes, [
      "raiseMemory",
    ]),
    ...near("open files", used?.openFiles, used?.openFilesMax, String, ["raiseOpenFiles"]),
  ];
}

/** At MemoryHigh nothing is ended: the kernel takes pages away and lets the unit wait for them, which looks like a hang. */
function heldBack(unit: Unit, memory: number | null | undefined): Told[] {
  const high = unit.memoryHigh;
  if (memory == null || high === null || high === 0 || memory / high < HELD_BACK) return [];
  return [
    {
      kind: "memory-high",
      unit,
      severity: "warning",
      title: `${unit.name} is at its MemoryHigh (${sayBytes(memory)} of ${sayBytes(high)}, without the page cache): the kernel slows it down`,
      because:
        "Beyond MemoryHigh nothing is ended and nothing fails: each of its processes is made to wait while pages are taken from it, so it becomes slow, down to standing still, while the machine may have memory to spare.",
      advice: [
        {
          key: "fixUnit",
          text: fill(
            "`systemctl show --property=MemoryHigh,MemoryMax UNIT`, `cat /sys/fs/cgroup/system.slice/UNIT/memory.events` (high counts each time). `systemctl set-property UNIT MemoryHigh=SIZE` with room for what it needs takes effect at once; where it only grows it leaks.",
            unit,
          ),
        },
      ],
      acts: [],
    },
  ];
}

/** Up now, and nothing would start it at boot. */
const bootNotice = (unit: Unit, asked: string | undefined): Told[] =>
  unit.file !== "disabled" ||
  unit.active !== "active" ||
  unit.triggeredBy.length > 0 ||
  unit.wantedBy.length > 0 ||
  asked === undefined
    ? []
    : [
        {
          kind: "not-enabled",
          unit,
          severity: "info",
          title: `${unit.name} runs, and does not come back after a reboot`,
          because: "It is disabled, and no other unit asks for it.",
          advice: [enable(unit)],
          acts: [],
        },
      ];
