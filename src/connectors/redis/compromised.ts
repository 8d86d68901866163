import type { RedisFailure } from "./failures/known.ts";

/** What follows from it: no remedy of theirs helps, and some would carry out what the intruder prepared. */
export const FOLLOWS_FROM_INTRUSION: readonly string[] = [
  ...["misconf", "saving-fails", "read-only", "master-link-down", "not-a-replica", "copies-again"],
  ...["slow-commands", "command-share", "cpu-bound", "slow-answers", "oom", "nearly-full", "big-keys"],
  ...["unknown-master", "unknown-module"],
];

/** Somebody uses the server to write files of their own. Before all else, whatever else is wrong. */
export const compromised = (signs: readonly string[]): RedisFailure => ({
  id: "compromised",
  severity: "critical",
  damage: "security",
  title: `Redis seems to be broken into: ${signs[0] ?? ""}`,
  because: `${signs.join("; ")}. No Redis needs that: strangers who reach an open port save files of their own this way (cron tables, SSH keys, modules), and what fails then, a save or the writes, is only the trace.`,
  advice:
    "Unless somebody of you set this on purpose: take it off the network first (firewall or security group; leave the process and its files as they are, they are evidence). Look on its machine for what was planted: cron tables, authorized_keys, unknown processes and modules; CLIENT LIST and the log show from where. Build machine and server anew, with a password or ACL, `bind` and protected-mode, not as root; change every secret it held. Do not repair the folder, set `dir` back, save or restart here: each may carry out what was prepared, and wipes traces.",
});
