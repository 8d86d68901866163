import { count, type Finding, facts, rows, saySeconds } from "../../src/sdk/index.ts";
import {
  askedNow,
  isSame,
  type Logs,
  leftBehind,
  type Remedy,
  sayState,
  type Upstreams,
  WORDS,
  type Words,
} from "./causes.ts";

type Found = Finding<Remedy>;
type Cause = Logs["causes"][number];

/** A line so young, and an answer now: it has just come back, or it comes and goes. */
const JUST_NOW_SECONDS = 60;

/** One finding per cause the error log names, with what asking the upstream shows now. */
export const aboutCauses = (logs: Logs, upstreams: Upstreams | undefined): Found[] =>
  logs.causes.flatMap((cause): Found[] => {
    const words = WORDS[cause.kind];
    if (words === undefined) return [];
    const old = staleOf(upstreams, cause);
    return [old === undefined ? aboutCause(cause, words, logs.minutes, upstreams) : aboutStale(old, cause)];
  });

function aboutCause(cause: Cause, words: Words, minutes: number, upstreams: Upstreams | undefined): Found {
  const addresses = cause.upstreams.map(({ address }) => address);
  const title = words.title(
    cause,
    addresses.length === 0 ? "the upstream" : addresses.slice(0, 3).join(", "),
  );
  const { now, answers } =
    upstreams === undefined || addresses.length === 0
      ? { now: "", answers: null }
      : askedNow(upstreams, addresses);
  // It was so, and is not any more: said, and no alarm once that has lasted.
  const isOver = answers === true && !LASTING.includes(cause.kind);
  const isOpen = isOver && cause.agoSeconds < JUST_NOW_SECONDS;
  const ago = saySeconds(cause.agoSeconds);
  return {
    id: cause.kind,
    severity: isOpen ? "warning" : isOver ? "info" : words.severity,
    title: isOver ? `Was so, the last time ${ago} ago: ${title}` : title,
    because: [
      `${typeof words.because === "string" ? words.because : words.because(cause)} ${count(cause.count, "line")} in the last ${minutes} min, the last ${ago} ago.`,
      ...(now === "" ? [] : [now]),
      ...(isOpen ? ["Either it has just come back, or it comes and goes: run this again in a minute."] : []),
    ].join(" "),
    evidence: [
      facts({ line: cause.example }),
      ...(cause.upstreams.length > 1
        ? [rows("", cause.upstreams, { upstream: (one) => one.address, lines: (one) => one.count })]
        : []),
    ],
    explains: ["no-live-upstreams", "clients-gave-up"],
    remedies: words.remedies,
  };
}

/**
 * One answer now does not end them: it comes now and then, or diagbot's question does not meet it. That one is asked by another
 * user, over a port of its own, without looking at a certificate, and its answer is kept nowhere.
 */
const LASTING: readonly string[] = [
  ...["closed-early", "answer-timeout", "header-too-big", "no-local-port", "no-space"],
  ...["not-allowed", "no-http", "upstream-tls"],
];
const CONNECTS: readonly string[] = ["refused", "connect-timeout", "unreachable", "answer-timeout"];

function staleOf(upstreams: Upstreams | undefined, { kind, upstreams: [first] }: Cause) {
  if (upstreams === undefined || !CONNECTS.includes(kind)) return undefined;
  const address = first?.address;
  const member = address === undefined ? undefined : leftBehind(upstreams, address);
  return address === undefined || member === undefined ? undefined : { address, member };
}

/** nginx asks for names once, when it reads its configuration. */
function aboutStale(
  { address, member }: { address: string; member: Upstreams["members"][number] },
  cause: Cause,
): Found {
  return {
    id: "old-address",
    severity: "critical",
    title: `nginx still asks ${address}; ${member.address} is elsewhere now`,
    because: `The name has ${(member.addresses ?? []).slice(0, 3).join(", ")} now, and there it ${sayState(member.state)}; nginx has kept what it found when it read its configuration. ${count(cause.count, "line")}, the last ${saySeconds(cause.agoSeconds)} ago.`,
    evidence: [facts({ line: cause.example })],
    explains: ["no-live-upstreams", "clients-gave-up"],
    remedies: ["reload", "resolveNames"],
  };
}

/** Follows from members that failed: nginx leaves each out for a time. */
export function noLiveUpstreams(logs: Logs): Found | undefined {
  const one = logs.causes.find(({ kind }) => kind === "no-live-upstreams");
  return (
    one && {
      id: "no-live-upstreams",
      severity: "critical",
      title: `All members of an upstream were left out (${count(one.count, "request")})`,
      because:
        "Each has failed max_fails times within fail_timeout; what came meanwhile was answered with 502 at once. Why they failed, the lines before say.",
      evidence: [facts({ line: one.example })],
    }
  );
}

/** Members that do not answer now, though the log says nothing of them. */
export function aboutMembers({ members }: Upstreams, logs: Logs | undefined): Found | undefined {
  const said = (logs?.causes ?? []).flatMap(({ upstreams }) => upstreams.map(({ address }) => address));
  const bad = members.filter(
    ({ state, address }) =>
      !["answers", "marked-down"].includes(state) && !said.some((one) => isSame(one, address)),
  );
  if (bad.length === 0) return undefined;
  const isAll = bad.some(({ upstream }) =>
    members.filter((one) => one.upstream === upstream && !one.backup).every((one) => one.state !== "answers"),
  );
  return {
    id: "member-silent",
    severity: isAll ? "critical" : "warning",
    title: `${bad[0]?.address} of upstream ${bad[0]?.upstream} ${sayState(bad[0]?.state ?? "closed")}${bad.length > 1 ? `, and ${bad.length - 1} more` : ""}`,
    because: isAll
      ? "No member of that upstream answers."
      : "Others of the upstream answer: nginx passes requests on to those.",
    evidence: [
      rows("", members.slice(0, 20), {
        upstream: (one) => one.upstream,
        member: (one) => one.address,
        now: (one) => sayState(one.state),
        status: (one) => one.status ?? "–",
      }),
    ],
    remedies: ["startUpstream"],
  };
}

/** Codes that nginx did not make itself, and requests that clients gave up. A code is not a cause. */
export function aboutAnswers(logs: Logs): Found[] {
  if (logs.answers === null) return [];
  const { byStatus, total } = logs.answers;
  const of = (status: string): number => byStatus[status] ?? 0;
  const made = madeBy(logs);
  const passed = ["500", "502", "503", "504"].flatMap((status) => {
    const own = made(status);
    const rest = of(status) - own;
    // The two logs are not cut at the same request: a few more or less say nothing.
    return rest > (own === 0 ? 0 : Math.max(2, own / 5)) ? [{ status, rest }] : [];
  });
  const sum = passed.reduce((all, { rest }) => all + rest, 0);
  const gaveUp = of("499");
  return [
    ...(sum * 100 < total || sum === 0
      ? []
      : [
          {
            id: "answered-by-upstream",
            severity: "warning" as const,
            title: `${sum} of ${total} answers are ${passed.map(({ status }) => status).join(", ")}, and nginx says nothing of them`,
            because:
              "The upstream itself gave these answers, or the configuration does (`return`): nginx has passed them on. The cause stands in the service's log, not here.",
            evidence: [facts(Object.fromEntries(passed.map(({ status, rest }) => [status, rest])))],
          },
        ]),
    ...(gaveUp * 20 < total || gaveUp < 5
      ? []
      : [
          {
            id: "clients-gave-up",
            severity: "warning" as const,
            title: `Clients gave up ${gaveUp} of ${total} requests (499)`,
            because:
              "They closed the connection before there was an answer: mostly they waited too long, or a balancer in front has a shorter limit than nginx.",
            remedies: ["speedUpstream" as const],
          },
        ]),
  ];
}

/** How many answers of a status nginx itself has a line for; where the log is read in part, all of them may be its own. */
function madeBy({ causes, isPart }: Logs): (status: string) => number {
  return (status) => {
    const own = causes.filter(({ kind }) => (WORDS[kind]?.codes ?? CODES[kind] ?? []).includes(status));
    const lines = own.reduce((sum, one) => sum + one.count, 0);
    return isPart === true && lines > 0 ? Number.POSITIVE_INFINITY : lines;
  };
}

const CODES: Readonly<Record<string, readonly string[]>> = {
  "no-live-upstreams": ["502"],
  limited: ["503", "429"],
};

/** nginx refuses by its own limits: no fault, and what people see as 503. */
export function aboutLimits({ causes, answers }: Logs): Found | undefined {
  const limited = causes.find(({ kind }) => kind === "limited");
  if (limited === undefined) return undefined;
  const codes = ["503", "429"].filter((status) => (answers?.byStatus[status] ?? 0) > 0);
  return {
    id: "limited",
    severity: "info",
    title: `Limits of nginx's own refused ${count(limited.count, "request")}${codes.length === 0 ? "" : ` (${codes.join(", ")})`}`,
    because:
      "`limit_req` or `limit_conn` is meant to do so; where it meets real clients, the limit is too low or counts all of them as one (behind a balancer without `real_ip_header`).",
    evidence: [facts({ line: limited.example })],
  };
}

/** One client that sends too much is its own matter. */
const SEVERAL = 5;

/** Requests that nginx itself refuses, and passes on to nobody: clients see a 4xx that no service's log knows. */
export function aboutRefused({ causes }: Logs): Found | undefined {
  const large = causes.find(({ kind, count: n }) => kind === "body-too-large" && n >= SEVERAL);
  return (
    large && {
      id: "body-too-large",
      severity: "info",
      title: `nginx refused ${count(large.count, "request")} for their size (413)`,
      because:
        "Their body is larger than client_max_body_size (1 MiB where nothing is set): nginx answers by itself, and the service behind it never sees them.",
      evidence: [facts({ line: large.example })],
      remedies: ["takeMore"],
    }
  );
}
