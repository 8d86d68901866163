import { judgeTime } from "../../core/rules/response-time.ts";
import type { HealthLimits, HealthWord } from "../../core/words/health.ts";
import type { Connected } from "./actions.ts";

/** A port was asked whether it takes a connection: does the other side keep it, and how soon? */
export function judgePort({ attempts, after, greeting }: Connected, limits: HealthLimits): HealthWord {
  const ms = Math.min(...attempts.filter(({ isOpen }) => isOpen).map((attempt) => attempt.ms));
  if (after === "open") return judgeTime(ms, limits);
  const said = greeting === undefined ? "" : ` It said: "${greeting}".`;
  return {
    word: after === "reset" ? "resets connections" : "closes connections",
    because: `The port is open, but the other side hangs up at once.${said}`,
    severity: "critical",
    next: "Look for a connection limit, an access list, or a proxy without a healthy backend.",
  };
}
