import type { StepError } from "../../core/words/outcome.ts";
import type { Trouble, TroubleOf } from "../../core/words/trouble.ts";
import { machineTrouble } from "../machine/trouble.ts";
import { NO_BUS, NO_SYSTEMD, NOT_BOOTED } from "./ask.ts";

/** No systemd there, or it does not answer: nothing is known of its units. All else is the machine's own trouble. */
export const systemdTrouble: TroubleOf = (seen) => {
  const error = Object.values(seen)
    .flatMap((one) => (one.ok ? [] : [one.error]))
    .find(({ detail }) => (detail ?? "") in ROWS);
  const made = error === undefined ? undefined : ROWS[error.detail ?? ""];
  return made === undefined || error === undefined ? machineTrouble(seen) : [made(error)];
};

const ROWS: Readonly<Record<string, (error: StepError) => Trouble>> = {
  [NO_SYSTEMD]: (error) => notRun("The machine has no systemd", error),
  [NOT_BOOTED]: (error) => notRun("systemd does not run this machine", error),
  [NO_BUS]: ({ message }) => ({
    id: "systemd-silent",
    severity: "critical",
    title: "systemd does not answer on its bus",
    because: `${message}. The units may go on running; they can be neither asked nor started.`,
    remedy: {
      key: "reachSystemd",
      title: "Get systemd to answer",
      risk: "high",
      advice:
        "On the machine: `systemctl status dbus.socket`, `ls -l /run/dbus/system_bus_socket /run/systemd/private`, and `dmesg -T | grep -i systemd` (PID 1 that crashed says “Freezing execution”: then only a reboot helps). As root `systemctl daemon-reexec` may bring it back. A container needs the host's /run/dbus.",
    },
  }),
};

const notRun = (title: string, { message }: StepError): Trouble => ({
  id: "no-systemd",
  severity: "warning",
  title,
  because: `${message}. What runs there is started by something else.`,
  remedy: {
    key: "reachSystemd",
    title: "Ask the machine that systemd runs",
    risk: "low",
    advice:
      "diagbot in a container sees the container: give the connection `ssh: user@host` of the machine itself instead of `local: true`. Where another init system or a container engine starts the programs, use a connection of that kind (`kind: docker`, `kind: host`).",
  },
});
