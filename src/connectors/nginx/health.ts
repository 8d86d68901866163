import type { OutputOf } from "../../core/words/action.ts";
import { clip, count } from "../../core/words/format.ts";
import type { HealthLimits, HealthWord } from "../../core/words/health.ts";
import type { processes } from "./processes.ts";

/** Whether it runs, and by what lies on disk. */
export function judgeNginx(
  { master, workers, newer, valid, hidden }: OutputOf<typeof processes>,
  _limits: HealthLimits,
): HealthWord {
  const next = "Run nginx-upstreams: it says why and what helps.";
  if (hidden === true)
    return {
      word: "its processes are hidden",
      because: "/proc is mounted with hidepid: nothing is known of whether it runs.",
      severity: "info",
      next,
    };
  if (master === null)
    return {
      word: "does not run",
      because: "No master process is where its pid file says, nor elsewhere.",
      severity: "critical",
      next,
    };
  if (valid === false)
    return {
      word: "its configuration is broken",
      because: "`nginx -t` fails: it would not start again.",
      severity: "warning",
      next,
    };
  const [file] = newer;
  if (file !== undefined)
    return {
      word: clip(`${count(newer.length, "file")} not read`, 60),
      because: `${file.path} was written after the workers were begun.`,
      severity: "warning",
      next,
    };
  return count(workers.length, "worker");
}
