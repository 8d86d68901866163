import {
  type Call,
  type ConnectionFace,
  clip,
  docker,
  host,
  http,
  network,
  on,
  postgres,
  prometheus,
  redis,
  type Seen,
  type StepError,
  valueIn,
} from "../../src/sdk/index.ts";
import { judgeDisk, judgeLoad, judgeMemory } from "./host.ts";
import { judgeHttp } from "./http.ts";
import { type Limits, line, partName, type Row, sayMs, trouble } from "./row.ts";

type AllSeen = Readonly<Record<string, Seen<unknown> | undefined>>;

/** What is asked of a component, and its row once it has answered. */
interface Question {
  /** Empty: the component as a whole. Without an answer to that one nothing is said of its parts. */
  readonly part: string;
  readonly call: Call;
  readonly judge: (face: ConnectionFace, value: unknown, limits: Limits) => Row;
}
const ask = <T>(
  call: Call<T>,
  judge: (face: ConnectionFace, value: T, limits: Limits) => Row,
  part = "",
): Question => ({ part, call, judge: judge as Question["judge"] });

/** Of what no connector speaks the language of: does its port take a connection? */
const byPort = [ask(network.connect(), connected)];

/** How a component of each kind is asked, and what its answers mean. */
const QUESTIONS: Readonly<Record<ConnectionFace["kind"], readonly Question[]>> = {
  http: [ask(http.health(), judgeHttp)],
  prometheus: [ask(prometheus.health(), (face, { ms }, limits) => timed(face, ms, limits))],
  postgres: [
    ask(postgres.checkConnection(), (face, value, limits) => timed(face, value.pingMedianMs, limits)),
  ],
  redis: [ask(redis.checkConnection(), (face, value, limits) => timed(face, value.pingMedianMs, limits))],
  tcp: byPort,
  mongodb: byPort,
  jaeger: byPort,
  // A cluster is reached through its kubeconfig; no runbook speaks to one, so it has no row.
  kubernetes: [],
  docker: [ask(docker.ping(), (face, { version }) => line(face, "ok", `Docker ${version}`))],
  host: [
    ask(host.load(), judgeLoad),
    ask(host.disk(), judgeDisk, "disk"),
    ask(host.memory(), judgeMemory, "memory"),
  ],
};

/** One or a few cheap reads per connection; step names begin with the connection's. */
export const probesOf = (faces: readonly ConnectionFace[]): Readonly<Record<string, Call>> =>
  Object.fromEntries(
    faces
      .filter(isAskable)
      .flatMap((face) =>
        QUESTIONS[face.kind].map(({ part, call }) => [partName(face, part), on(face.name, call)]),
      ),
  );

// What has no address of its own (mongodb+srv) cannot be connected to by one.
const isAskable = ({ kind, endpoint }: ConnectionFace): boolean =>
  endpoint !== undefined || QUESTIONS[kind] !== byPort;

/** For what did not answer: where on the way does it end? Name servers and TCP, asked only then. */
export const tracesOf = (faces: readonly ConnectionFace[], seen: AllSeen): Readonly<Record<string, Call>> =>
  Object.fromEntries(
    faces
      .filter(({ name, endpoint }) => endpoint !== undefined && seen[name]?.ok === false)
      .flatMap(({ name }) => [
        [`${name}/dns`, on(name, network.resolve())],
        [`${name}/tcp`, on(name, network.connect({ listenMs: 0 }))],
      ]),
  );

/** The matrix: one row per component, broken or not, in the order of diagbot.yaml. Pure. */
export const matrixOf = (faces: readonly ConnectionFace[], seen: AllSeen, limits: Limits): Row[] =>
  faces.flatMap((face) => {
    const own = seen[face.name];
    if (own?.ok === false) return [silent(face, own.error, seen)];
    return QUESTIONS[face.kind].flatMap(({ part, judge }) => {
      const one = seen[partName(face, part)];
      if (own === undefined || one === undefined) return [];
      return [one.ok ? judge(face, one.value, limits) : unmeasured(face, part, one.error.message)];
    });
  });

const unmeasured = (face: ConnectionFace, part: string, because: string): Row =>
  trouble(face, part, { word: "not measured", because, severity: "warning", next: "" });

function timed(face: ConnectionFace, ms: number, { slowSeconds }: Limits): Row {
  if (ms / 1000 <= slowSeconds) return line(face, "ok", sayMs(ms));
  return trouble(face, "", {
    word: `slow: ${sayMs(ms)}`,
    because: `The simplest question took ${sayMs(ms)}, the limit is ${sayMs(slowSeconds * 1000)}.`,
    severity: "warning",
    next: "It works but is overloaded or far away: look at its load and at the network between.",
  });
}

function connected(
  face: ConnectionFace,
  { attempts, after, greeting }: network.Connected,
  limits: Limits,
): Row {
  const ms = Math.min(...attempts.filter(({ isOpen }) => isOpen).map((attempt) => attempt.ms));
  if (after === "open") return timed(face, ms, limits);
  const said = greeting === undefined ? "" : ` It said: "${greeting}".`;
  return trouble(face, "", {
    word: after === "reset" ? "resets connections" : "closes connections",
    because: `The port is open, but the other side hangs up at once.${said}`,
    severity: "critical",
    next: "Look for a connection limit, an access list, or a proxy without a healthy backend.",
  });
}

/** A component that did not answer: the surest word of its own error, its name servers and its port. */
function silent(face: ConnectionFace, error: StepError, seen: AllSeen): Row {
  const dns = valueIn(seen[`${face.name}/dns`] as Seen<network.Resolved> | undefined);
  const hangs = error.code === "timeout" && seen[`${face.name}/tcp`]?.ok === true;
  const surest = dns?.failure ?? (hangs ? { ...error, detail: "answer" } : error);
  const own = FAILURES[face.kind]?.(error);
  const cause = network.causeOf(surest);
  const severity = face.external === true ? "warning" : "critical";
  const next = own?.advice ?? cause.next;
  if (cause.id !== "other") {
    const because = `${surest.message}. ${cause.because}`;
    return trouble(face, "", { word: cause.word, because, severity, next });
  }
  const because = own?.because ?? `${error.message}. ${cause.because}`;
  return trouble(face, "", { word: own?.title ?? clip(error.message, 80), because, severity, next });
}

/** Connectors that know more about their own errors than the network does. */
const FAILURES: Partial<Record<ConnectionFace["kind"], typeof postgres.failureOf | typeof redis.failureOf>> =
  {
    postgres: postgres.failureOf,
    redis: redis.failureOf,
  };
