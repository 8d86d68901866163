import { judgeTime } from "../../core/rules/response-time.ts";
import type { HealthLimits, HealthWord } from "../../core/words/health.ts";
import { causeOf } from "../cause.ts";
import type { Certificate, Connected } from "./actions.ts";

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

/** A port that speaks TLS shook hands: would a client that verifies take what it shows? */
export function judgeTls({ verdict, isTooOld, protocol, matchesHost }: Certificate): HealthWord {
  if (isTooOld)
    return {
      word: `speaks ${protocol} only`,
      because: `Clients of today refuse ${protocol} during the handshake.`,
      severity: "critical",
      next: "Run tls-expiry: it says what to do.",
    };
  const refused = verdict ?? (matchesHost ? undefined : "ERR_TLS_CERT_ALTNAME_INVALID");
  if (refused === undefined) return protocol;
  const { word, because, next } = causeOf({ code: "target_unreachable", message: refused, detail: refused });
  return { word, because: `${because} (${refused})`, severity: "critical", next };
}
