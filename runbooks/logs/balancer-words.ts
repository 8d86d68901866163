/** What a load balancer says of one check of a member. */
export interface Checked {
  /** `backend/server`. */
  readonly server: string;
  readonly isUp: boolean;
  /** Its last check, though `isUp` may follow only after several. */
  readonly isPassed: boolean;
  readonly reason: string;
  /** Of an HTTP answer; empty: there was none. */
  readonly code: string;
  /** What it saw: `Connection refused`, `Service Unavailable`. Text of others. */
  readonly info: string;
  readonly ms: number | null;
}

/** Written at each change of a server, whatever is switched on: `Server api/s1 is DOWN, reason: Layer4 timeout, …`. */
const CHANGED = /^(?:Backup )?Server (\S{1,200}) is (UP|DOWN)(?:\/[A-Z]{2,10})?, reason: ([^,]{1,80})/;
const HEAD =
  /^Health check for (?:backup )?server (\S{1,200}) (failed|succeeded|conditionally succeeded), reason: ([^,]{1,80})/;

/** A line of HAProxy about a check or a change of a server, perhaps cut; undefined: it is none. Pure. */
export function checkedOf(line: string): Checked | undefined {
  const [, changed, to] = CHANGED.exec(line) ?? [];
  const [, server = "", how = "", reason = ""] = HEAD.exec(line) ?? CHANGED.exec(line) ?? [];
  if (server === "") return undefined;
  const isPassed = changed === undefined ? how !== "failed" : to === "UP";
  const state = /status: \d{1,6}\/\d{1,6} (UP|DOWN|DRAIN|NOLB|MAINT)/.exec(line)?.[1];
  const ms = /check duration: (\d{1,9})ms/.exec(line)?.[1];
  return {
    ...{ server, isPassed, reason: reason.trim() },
    isUp: state === undefined ? isPassed : state !== "DOWN",
    code: /, code: (\d{1,5})/.exec(line)?.[1] ?? "",
    info: /, info: "([^"]{0,200})/.exec(line)?.[1] ?? "",
    ms: ms === undefined ? null : Number(ms),
  };
}

export type Advice = "answerOk" | "correctCheck" | "listen" | "letIn" | "allowTime" | "fixTls";

/** Why a check fails, and what helps against that; what the balancer cannot tell apart is said so. Pure. */
export function whyDown({ reason, code, info, ms }: Checked): { because: string; advice: Advice[] } {
  const took = ms === null ? "" : ` after ${ms} ms`;
  if (/^Layer4 timeout/.test(reason))
    return {
      because: `No connection came about${took}: packets of the balancer are dropped. Either a firewall does not let it in, or the machine is off; from the balancer these look the same.`,
      advice: ["letIn"],
    };
  if (/^Layer4/.test(reason))
    return {
      because: /refused/i.test(info)
        ? "The machine answers and nobody listens at the address that the balancer uses: either the service is down, or it listens on 127.0.0.1 only."
        : `The connection failed: ${info || reason}.`,
      advice: ["listen"],
    };
  if (/^Layer6/.test(reason))
    return {
      because: `The connection came about, and TLS did not (${info || reason}): the check speaks TLS where the service does not, or the other way round, or its certificate is not taken.`,
      advice: ["fixTls"],
    };
  if (/^Layer7 timeout/.test(reason))
    return {
      because: `It took the connection and did not answer the check in time${took}: the endpoint waits for something, it is still starting, or the balancer's time is too short for it.`,
      advice: ["allowTime", "answerOk"],
    };
  if (/^Layer7 (wrong status|invalid response)/.test(reason)) return ofAnswer({ reason, code, info });
  return { because: `The balancer says: ${reason}${info === "" ? "" : `, ${info}`}.`, advice: ["answerOk"] };
}

/** It answered, and not as the check wants it. */
function ofAnswer({ reason, code, info }: Pick<Checked, "reason" | "code" | "info">): {
  because: string;
  advice: Advice[];
} {
  if (reason.startsWith("Layer7 invalid"))
    return {
      because: `It took the connection, and what it said is not what the check expects${info === "" ? "" : ` (${info})`}: either it speaks another protocol than the check, or it closed without a word because it is not ready.`,
      advice: ["correctCheck", "answerOk"],
    };
  const isMisasked = isOfTheCheck(code);
  return {
    because: `It answers, with ${code === "" ? "another status" : code}${meaningOf(code)}.${isMisasked ? " Nothing is known of the service itself: it may be well." : ""}`,
    advice: isMisasked ? ["correctCheck", "answerOk"] : ["answerOk"],
  };
}

/** An answer to the question rather than to how the service is. */
const isOfTheCheck = (code: string): boolean => /^(30\d|40[0134]|421)$/.test(code);

/** What usually gives this status at a health endpoint. */
function meaningOf(code: string): string {
  if (/^30\d$/.test(code)) return ": a redirect, often to HTTPS or to another host name than the check sends";
  if (code === "401" || code === "403")
    return ": the endpoint wants a login, or does not know the balancer's address";
  if (code === "404") return ": there is no such path, or no such host name";
  if (code === "400" || code === "421")
    return ": often the Host header of the check, which is none or another one";
  return code === "503" ? ": by its own word it is not ready" : "";
}
