import { facts } from "../../core/words/evidence.ts";
import type { StepError } from "../../core/words/outcome.ts";
import type { TroubleOf } from "../../core/words/trouble.ts";
import { NO_WORD } from "./machine.ts";
import { NO_HANDSHAKE } from "./ssh-connect.ts";

/** The machine could not be looked at, or not in all its parts: what is not seen there is not healthy. */
export const machineTrouble: TroubleOf = (seen) => {
  const failed = Object.entries(seen).flatMap(([step, one]) => (one.ok ? [] : [{ step, error: one.error }]));
  const [first] = failed;
  if (first === undefined) return [];
  const { code, message, detail } = first.error;
  const evidence = [facts({ code, detail: detail ?? "–" })];
  if (failed.length < Object.keys(seen).length && !failed.some(({ error }) => isWhole(error)))
    return [
      {
        id: "not-looked-at",
        severity: failed.some(({ error }) => error.code === "timeout") ? "warning" : "info",
        title: `Not everything of the machine could be looked at: ${failed.map(({ step }) => step).join(", ")}`,
        because: `${message}. What it would have shown is unknown; a dead network file system or disk makes every look at it hang.`,
        evidence,
        remedy: REMEDY,
      },
    ];
  return [
    {
      id: "machine-unreachable",
      severity: "critical",
      title: code === "timeout" ? "The machine did not answer in time" : "The machine could not be looked at",
      because: code === "timeout" ? `${message}: ${lateBecause(detail)}` : message,
      evidence,
      remedy: REMEDY,
    },
  ];
};

/** What of it was late tells which causes are left. */
const lateBecause = (detail: string | undefined): string =>
  LATE[detail ?? ""] ??
  "it is overloaded, or a dead network file system or disk makes every look at it hang.";

const LATE: Readonly<Record<string, string>> = {
  [NO_HANDSHAKE]:
    "either its sshd is not reached or is overloaded (a firewall that drops, `MaxStartups`, a name server it waits for), or diagbot's worker was too busy to answer it; to tell them apart: `time ssh -v` from diagbot's machine shows the step that takes long.",
  [NO_WORD]:
    "it let diagbot in, so the network and sshd are well. Either the machine is overloaded, or a dead network file system or disk makes every look at it hang, or the account's shell waits in its start-up files before any command (bash reads `~/.bashrc` for these, too: a version manager that waits for a lock, a home folder that hangs); to tell them apart: `ps -u USER -o pid,stat,etime,args` on the machine names what the session waits in.",
};

/** It concerns the whole machine, not the one question. */
const isWhole = ({ code }: StepError): boolean => ["target_unreachable", "target_auth"].includes(code);

const REMEDY = {
  key: "recover",
  title: "Get to the machine",
  risk: "low",
  advice:
    "Log in as diagbot does (`ssh` with the user, key and known_hosts of diagbot.yaml, from diagbot's machine). If that hangs after the login, look at `dmesg -T`, processes in state D (`ps -eo state,pid,wchan:30,args | grep ^D`) and network mounts (`mount -t nfs,nfs4,cifs`); if nothing answers, look at its console.",
} as const;
