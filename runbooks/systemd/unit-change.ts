import { runbookOn, systemd, z } from "../../src/sdk/index.ts";
import { changeFindings, fileAdvice, nightlyText, sharesOf, wantedLevel } from "./unit-change-findings.ts";

/** What people ask for by name of one unit: a restart, more of its log for a while, less CPU for a while, a restart every night. */
const book = runbookOn(
  "systemd",
  {
    id: "unit-change",
    title: "Restart, log level or CPU of a unit",
    covers: [
      "sergas-accounts.crash-unhandled-exceptions",
      "sergas-accounts.scheduled-restart",
      "sergas-accounts.zoho-rate-limit",
      "sergas-accounts.app-pool-size",
      "sergas-accounts.pg-max-connections",
    ],
    alerts: [],
    params: z.object({
      unit: z
        .string()
        .regex(/^[A-Za-z0-9_:.\\@][A-Za-z0-9_:.\\@-]{0,200}$/, "a unit's name")
        .optional()
        .describe("this unit; the only one where it is left out"),
      level: z
        .string()
        .regex(/^[A-Za-z]{1,12}$/, "a word")
        .optional()
        .describe("give it this log level for a time, e.g. DEBUG (it is started anew, twice)"),
      variable: z
        .string()
        .regex(systemd.PLAIN_VARIABLE, "a name like LOG_LEVEL")
        .default("LOG_LEVEL")
        .describe("the variable of its environment that sets the level"),
      cpuPercent: z
        .int()
        .min(5)
        .max(10_000)
        .optional()
        .describe("give it at most so much CPU for a time; 100 is one CPU"),
      restart: z
        .boolean()
        .default(false)
        .describe("start it anew, with the settings it has now; at most three times an hour"),
      nightly: z
        .string()
        .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "a time of day, 02:00")
        .optional()
        .describe("say how it is restarted every night at this time"),
    }),
  },
  () => ({ units: systemd.units() }),
).andThen(["units"], ({ units }, { params }) => {
  const one = sharesOf(units, params);
  return one === undefined || params.level === undefined
    ? {}
    : { variable: systemd.variableOf({ unit: one.name, name: params.variable }) };
});

export const unitChange = book
  .remedies({
    setLevel: book.does(
      systemd.writeDropIn,
      ["units", "variable?"],
      ({ units }, { params }) => {
        const one = sharesOf(units, params);
        return (
          one !== undefined &&
          params.level !== undefined && {
            ...{ unit: one.name, key: "log-level", environment: { [params.variable]: params.level } },
            ...{ restart: true, invocation: one.invocation },
          }
        );
      },
      {
        title: "Give it another log level for a time (it is started anew)",
        inForce: "30m",
        recheck: ["variable"],
        // Where its process may be seen, it must really have it: a program that forks has what its parent had.
        holds: ({ variable }, _done, { params }) =>
          variable.running === undefined || variable.running === wantedLevel(params),
      },
    ),
    limitCpu: book.does(
      systemd.writeDropIn,
      ["units"],
      ({ units }, { params }) => {
        const one = sharesOf(units, params);
        return (
          one !== undefined &&
          params.cpuPercent !== undefined && {
            ...{ unit: one.name, key: "cpu", cpuPercent: params.cpuPercent },
            ...{ restart: false, invocation: one.invocation },
          }
        );
      },
      { title: "Limit its CPU for a time (no restart is needed)", inForce: "1h" },
    ),
    restart: book.does(
      systemd.restartUnit,
      ["units"],
      ({ units }, { params }) => {
        const one = params.restart ? sharesOf(units, params) : undefined;
        return one !== undefined && { unit: one.name, invocation: one.invocation, active: one.active };
      },
      { title: "Start it anew, with the settings it has now" },
    ),
    changeFile: book.advises("Change the level where it is set", "high", ({ units, variable }, { params }) =>
      fileAdvice(units, variable, params),
    ),
    nightly: book.advises("Restart it every night, until a day", "high", ({ units }, { params, now }) =>
      nightlyText(units === undefined ? undefined : sharesOf(units, params), params.nightly ?? "02:00", now),
    ),
    say: book.advises(
      "Say what is meant",
      "low",
      "`/diag <system> unit-change unit=<name> level=DEBUG for=15m` (its log level, for that time), `cpuPercent=50` (at most half a CPU), `restart=true` (with what its files say now), or `nightly=02:00`. What the level brought to light: `/diag <system> logs-search`.",
    ),
  })
  .findings((find) => [find(["units", "variable?"], (seen, context) => changeFindings(seen, context))]);
