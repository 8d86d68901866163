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
} from "../../src/sdk.ts";
import { judgeDisk, judgeLoad, judgeMemory } from "./health-host.ts";
import { judgeHttp } from "./health-http.ts";
import { type Limits, line, type Row, sayMs, trouble } from "./health-row.ts";

type AnySeen = Readonly<Record<string, Seen<unknown>>>;
type Probes = Readonly<Record<string, Call>>;
type Kind = ConnectionFace["kind"];

/** How a component of each kind is asked; keys are step names, the connection's name first. */
const PROBES: Readonly<Record<Kind, (name: string) => Probes>> = {
  http: (name) => ({ [name]: on(name, http.health()) }),
  prometheus: (name) => ({ [name]: on(name, prometheus.health()) }),
  postgres: (name) => ({ [name]: on(name, postgres.checkConnection()) }),
  redis: (name) => ({ [name]: on(name, redis.checkConnection()) }),
  tcp: (name) => ({ [name]: on(name, network.connect()) }),
  mongodb: (name) => ({ [name]: on(name, network.connect()) }),
  jaeger: (name) => ({ [name]: on(name, network.connect()) }),
  // A cluster is reached through its kubeconfig; no runbook speaks to one, so it has no row.
  kubernetes: () => ({}),
  docker: (name) => ({ [name]: on(name, docker.ping()) }),
  host: (name) => ({
    [name]: on(name, host.load()),
    [`${name}/disk`]: on(name, host.disk()),
    [`${name}/memory`]: on(name, host.memory()),
  }),
};

/** One or a few cheap reads per connection. */
export const probesOf = (faces: readonly ConnectionFace[]): Probes =>
  Object.assign({}, ...faces.filter(isAskable).map(({ kind, name }) => PROBES[kind](name)));

// What has no address of its own (mongodb+srv) cannot be connected to by one.
const isAskable = ({ kind, endpoint }: ConnectionFace): boolean =>
  endpoint !== undefined || !["mongodb", "jaeger", "tcp"].includes(kind);

/** For what did not answer: where on the way does it end? Name servers and TCP, asked only then. */
export const tracesOf = (faces: readonly ConnectionFace[], seen: AnySeen): Probes =>
  Object.assign(
    {},
    ...faces
      .filter(({ name, endpoint }) => endpoint !== undefined && seen[name]?.ok === false)
      .map(({ name }) => ({
        [`${name}/dns`]: on(name, network.resolve()),
        [`${name}/tcp`]: on(name, network.connect({ listenMs: 0 })),
      })),
  );

/** The matrix: one row per component, broken or not, in the order of diagbot.yaml. Pure. */
export const matrixOf = (faces: readonly ConnectionFace[], seen: AnySeen, limits: Limits): Row[] =>
  faces.flatMap((face) => rowsOf(face, seen, limits));

function rowsOf(face: ConnectionFace, seen: AnySeen, limits: Limits): Row[] {
  const own = seen[face.name];
  if (own === undefined) return [];
  if (!own.ok) return [silent(face, own.error, seen)];
  switch (face.kind) {
    case "http":
      return [judgeHttp(face, own.value as http.Health, limits)];
    case "prometheus":
      return [timed(face, (own.value as { ms: number }).ms, limits)];
    case "postgres":
    case "redis":
      return [timed(face, (own.value as { pingMedianMs: number }).pingMedianMs, limits)];
    case "tcp":
    case "mongodb":
    case "jaeger":
      return [connected(face, own.value as network.Connected, limits)];
    case "kubernetes":
      return [];
    case "docker":
      return [line(face, "ok", `Docker ${(own.value as { version: string }).version}`)];
    case "host":
      return [
        judgeLoad(face, own.value as Loaded, limits),
        ...part(face, seen, "disk", (value) => judgeDisk(face, value as Disks, limits)),
        ...part(face, seen, "memory", (value) => judgeMemory(face, value as Memory, limits)),
      ];
  }
}

type Loaded = Parameters<typeof judgeLoad>[1];
type Disks = Parameters<typeof judgeDisk>[1];
type Memory = Parameters<typeof judgeMemory>[1];

function part(face: ConnectionFace, seen: AnySeen, name: string, judge: (value: unknown) => Row): Row[] {
  const own = seen[`${face.name}/${name}`];
  if (own === undefined) return [];
  if (own.ok) return [judge(own.value)];
  return [
    trouble(face, name, { word: "not measured", because: own.error.message, severity: "warning", next: "" }),
  ];
}

function timed(face: ConnectionFace, ms: number, { slowSeconds }: Limits): Row {
  if (ms / 1000 <= slowSeconds) return line(face, "ok", sayMs(ms));
  return trouble(face, "", {
    word: `slow: ${sayMs(ms)}`,
    because: `The simplest question took ${sayMs(ms)}, the limit is ${sayMs(slowSeconds * 1000)}.`,
    severity: "warning",
    next: "It works but is overloaded or far away: look at its load and at the network between.",
  });
}

function connected(face: ConnectionFace, value: network.Connected, limits: Limits): Row {
  const ms = Math.min(...value.attempts.filter(({ isOpen }) => isOpen).map((attempt) => attempt.ms));
  if (value.after === "open") return timed(face, ms, limits);
  const said = value.greeting === undefined ? "" : ` It said: "${value.greeting}".`;
  return trouble(face, "", {
    word: value.after === "reset" ? "resets connections" : "closes connections",
    because: `The port is open, but the other side hangs up at once.${said}`,
    severity: "critical",
    next: "Look for a connection limit, an access list, or a proxy without a healthy backend.",
  });
}

/** A component that did not answer: the surest word of its own error, its name servers and its port. */
function silent(face: ConnectionFace, error: StepError, seen: AnySeen): Row {
  const dns = seen[`${face.name}/dns`] as Seen<network.Resolved> | undefined;
  const tcp = seen[`${face.name}/tcp`] as Seen<network.Connected> | undefined;
  const failure = dns?.ok ? dns.value.failure : undefined;
  const surest: StepError =
    failure === undefined
      ? error.code === "timeout" && tcp?.ok === true
        ? { ...error, detail: "answer" }
        : error
      : { code: failure.code, message: failure.message, ...detailOf(failure.detail) };
  const own = FAILURES[face.kind]?.(error);
  const cause = network.causeOf(surest);
  const severity = face.external === true ? "warning" : "critical";
  if (cause.id !== "other") {
    const because = `${surest.message}. ${cause.because}`;
    return trouble(face, "", { word: cause.word, because, severity, next: own?.advice ?? cause.next });
  }
  const because = own?.because ?? `${error.message}. ${cause.because}`;
  const word = own?.title ?? clip(error.message, 80);
  return trouble(face, "", { word, because, severity, next: own?.advice ?? cause.next });
}

/** Connectors that know more about their own errors than the network does. */
const FAILURES: Partial<
  Record<Kind, (error: StepError) => { title: string; because: string; advice: string } | undefined>
> = {
  postgres: postgres.failureOf,
  redis: redis.failureOf,
};

type StepError = Extract<Seen<unknown>, { ok: false }>["error"];
const detailOf = (detail: string | undefined) => (detail === undefined ? {} : { detail });
