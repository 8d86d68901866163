import { count, runbookOn, systemd, text, z } from "../../src/sdk/index.ts";
import { answered, findingOf, more, stable, told } from "./offers.ts";
import { notices, problemsOf } from "./problems.ts";
import { isDown, isRestarting } from "./unit.ts";

/** Units whose journal is read at once. */
const MOST_LOGS = 10;
const ENDING = /\.(service|socket|timer|mount|path|scope|target|swap|automount)$/;
/** Places in the tree that everything needs: never the reason that is looked for. */
const COMMON = /\.(slice|target|device)$|^-\.mount$/;

/** A unit of systemd that failed, is started again and again, or does not run though it should. */
const book = runbookOn(
  "systemd",
  {
    id: "unit-failure",
    title: "Units of systemd",
    covers: [
      "sergas-accounts.first-response",
      "sergas-accounts.wont-start",
      "sergas-accounts.crashes",
      "sergas-accounts.crash-memory-leak",
      "sergas-accounts.memory-limits",
      "sergas-accounts.lb-health-check",
      "sergas-accounts.db-connection-failed",
    ],
    alerts: [
      "SystemdUnitFailed",
      "SystemdServiceFailed",
      "SystemdServiceCrashed",
      "SystemdUnitCrashlooping",
      "NodeSystemdServiceFailed",
      "NodeSystemdServiceCrashlooping",
      "HostSystemdServiceCrashed",
      "HostSystemdServiceFailed",
    ],
    fromAlert: (labels) => {
      // `name` and `service` are other things as well: only what ends as a unit does is one.
      const named = [
        labels.unit,
        labels.systemd_unit,
        ...[labels.name, labels.service].filter((one) => ENDING.test(one ?? "")),
      ];
      const unit = named.find((one) => one !== undefined);
      return unit === undefined ? {} : { unit };
    },
    params: z.object({
      unit: z
        .string()
        .regex(/^[A-Za-z0-9_:.\\@][A-Za-z0-9_:.\\@-]{0,200}$/, "a unit's name")
        .optional()
        .describe("only this unit; it is then expected to run"),
      stableSeconds: z
        .int()
        .min(1)
        .max(60)
        .default(10)
        .describe("how long it must stay up to count as repaired"),
    }),
  },
  ({ params: { unit } }) => ({ units: systemd.units(unit === undefined ? {} : { names: [unit] }) }),
)
  .andThen(["units"], ({ units: { units } }) => {
    const known = units.map(({ name }) => name);
    const down = units.filter((one) => isDown(one) || isRestarting(one));
    const wanted = [
      ...new Set(down.flatMap(({ requires, triggeredBy }) => [...requires, ...triggeredBy])),
    ].filter((name) => !COMMON.test(name) && !known.includes(name));
    return wanted.length === 0 ? {} : { needed: systemd.units({ names: wanted.slice(0, 40) }) };
  })
  .andThen(["units", "needed?"], (seen, { params: { unit } }) => {
    const { units } = seen.units;
    const bad = problemsOf(seen, unit)
      .filter((one) => one.unit.load === "loaded" && one.kind !== "timer-off")
      .map((one) => one.unit.name);
    const blocked = units.filter(
      (one) => one.active === "inactive" && one.requires.some((name) => bad.includes(name)),
    );
    const read = [
      ...new Set([
        ...bad,
        ...blocked.map(({ name }) => name),
        ...(unit === undefined ? [] : units.filter(({ load }) => load === "loaded").map(({ name }) => name)),
      ]),
    ];
    const running = units.filter(({ active, controlGroup }) => active === "active" && controlGroup !== "");
    return {
      logs: systemd.lastLines({
        units: read.slice(0, MOST_LOGS),
        ...(read.length === 0 ? {} : { of: read.length }),
      }),
      // Of others' processes only root may count open files: asked where the unit itself is asked for.
      use: systemd.use({
        units: running.map(({ name, controlGroup, mainPid }) => ({
          name,
          controlGroup,
          mainPid: unit === undefined ? 0 : mainPid,
        })),
      }),
    };
  });

const STEPS = ["units", "needed?", "logs?", "use?"] as const;

export const unitFailure = book
  .remedies({
    start: book.does(
      systemd.startUnit,
      STEPS,
      (seen, context) =>
        answered("start", seen, context).map(({ name, invocation }) => ({ unit: name, invocation })),
      { title: "Start what is down", ...stable },
    ),
    restart: book.does(
      systemd.restartUnit,
      STEPS,
      (seen, context) =>
        answered("restart", seen, context).map(({ name, invocation, active }) => ({
          unit: name,
          invocation,
          active,
        })),
      { title: "Restart what is at its limit", ...stable },
    ),
    reload: book.does(systemd.reloadUnit, STEPS, (seen, context) =>
      answered("reload", seen, context).map(({ name, invocation }) => ({ unit: name, invocation })),
    ),
    daemonReload: book.does(systemd.daemonReload, STEPS, (seen, context) => {
      const names = answered("daemonReload", seen, context).map(({ name }) => name);
      return names.length > 0 && { units: names };
    }),
    raiseOpenFiles: book.does(
      systemd.writeDropIn,
      STEPS,
      (seen, context) =>
        answered("raiseOpenFiles", seen, context).map((unit) => ({
          ...{ unit: unit.name, key: "open-files", openFiles: more.openFiles(unit) },
          ...{ restart: true, invocation: unit.invocation },
        })),
      { title: "Raise its limit of open files and start it anew", ...stable },
    ),
    raiseMemory: book.does(
      systemd.writeDropIn,
      STEPS,
      (seen, context) =>
        answered("raiseMemory", seen, context).map((unit) => ({
          ...{ unit: unit.name, key: "memory", memoryMax: more.memory(unit) },
          ...{ restart: isDown(unit), invocation: unit.invocation },
        })),
      { title: "Raise its limit of memory by half", ...stable },
    ),
    raiseTasks: book.does(
      systemd.writeDropIn,
      STEPS,
      (seen, context) =>
        answered("raiseTasks", seen, context).map((unit) => ({
          ...{ unit: unit.name, key: "tasks", tasksMax: more.tasks(unit) },
          ...{ restart: isDown(unit), invocation: unit.invocation },
        })),
      { title: "Double its limit of tasks", ...stable },
    ),
    fixCrash: book.advises("Find out why it fails", "low", told("fixCrash", "Read its journal.")),
    fixUnit: book.advises("Correct the unit", "low", told("fixUnit", "Correct its file.")),
    nameUnits: book.advises(
      "Name the units as they are called here",
      "low",
      "`systemctl list-unit-files` shows what the machine has, `systemctl --user list-unit-files` what a user has for himself. Correct `units:` of the connection in diagbot.yaml, or install what is missing.",
    ),
    repairDependency: book.advises(
      "Repair what it depends on",
      "low",
      told("repairDependency", "Repair that first."),
    ),
    freePort: book.advises("Free the port", "high", told("freePort", "Find who has the port.")),
    freeDisk: book.advises("Free space", "high", told("freeDisk", "`df -h; df -i`.")),
    memory: book.advises(
      "Look who takes the memory",
      "low",
      told("memory", "Run high-memory on this machine."),
    ),
    findWait: book.advises("See what it waits for", "low", told("findWait", "`systemctl list-jobs`.")),
    enable: book.advises(
      "Let it be started, now or at boot",
      "low",
      told("enable", "`systemctl enable` it."),
    ),
  })
  .findings((find) => [
    find(["units"], ({ units: { matchNothing } }) =>
      matchNothing.map((glob) => ({
        id: `matches-nothing:${glob}`,
        severity: "warning" as const,
        title: `No unit of this machine is meant by ${glob}`,
        because:
          "Of what it was to stand for nothing is known: it was never installed, was removed, or goes by another name.",
        remedies: ["nameUnits" as const],
      })),
    ),
    find(STEPS, (seen, context) => problemsOf(seen, context.params.unit).map((one) => findingOf(one, seen))),
    find(STEPS, (seen, context) => notices(seen, context.params.unit).map((one) => findingOf(one, seen))),
    // Said where it may explain something: a machine often has a failed unit that is nobody's business.
    find(STEPS, (seen, { params }) => {
      const { failedOthers, machine } = seen.units;
      return (
        failedOthers.length > 0 &&
        problemsOf(seen, params.unit).length > 0 && {
          id: "others-failed",
          severity: "info",
          title: `${count(failedOthers.length, "other unit")} of the machine failed`,
          because: `They are none of the system's (the machine is ${machine}); one that it depends on without saying so may be among them.`,
          evidence: [text(failedOthers.join("\n"))],
        }
      );
    }),
  ]);
