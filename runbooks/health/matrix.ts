import {
  type Call,
  type ConnectionFace,
  type ConnectionKind,
  clip,
  type HealthLimits,
  type HealthTrouble,
  network,
  on,
  type Seen,
  type StepError,
  valueIn,
} from "../../src/sdk/index.ts";
import { whyNotNamed } from "../network/host-names.ts";
import { partName, type Row, rowOf } from "./row.ts";

type AllSeen = Readonly<Record<string, Seen<unknown> | undefined>>;

/** Of what no connector speaks the language of: does its port take a connection? */
const byPort = network.kind.health ?? [];
const byItself = ({ endpoint }: ConnectionFace) => (endpoint?.tls ? network.tlsHealth : byPort);

/** The health matrix over connections of these kinds: what is asked of each, and what the answers mean. All pure. */
export interface Matrix {
  /** One or a few cheap reads per connection; step names begin with the connection's. */
  probesOf(faces: readonly ConnectionFace[]): Readonly<Record<string, Call>>;
  /** For what did not answer: where on the way does it end? Name servers and TCP, asked only then. */
  tracesOf(faces: readonly ConnectionFace[], seen: AllSeen): Readonly<Record<string, Call>>;
  /** One row per component, broken or not, in the order of diagbot.yaml. */
  rowsOf(faces: readonly ConnectionFace[], seen: AllSeen, limits: HealthLimits): Row[];
}

export function matrixOn(kinds: readonly ConnectionKind[]): Matrix {
  const known = new Map(kinds.map((kind) => [kind.name, kind]));
  const questionsTo = (face: ConnectionFace) => {
    const own = known.get(face.kind)?.health;
    if (own !== undefined && own !== byPort) return own;
    // What has no address of its own (mongodb+srv) cannot be connected to by one.
    return face.endpoint === undefined ? [] : byItself(face);
  };
  return {
    probesOf: (faces) =>
      Object.fromEntries(
        faces.flatMap((face) =>
          questionsTo(face).map(({ part, call }) => [partName(face, part), on(face.name, call)]),
        ),
      ),
    tracesOf,
    rowsOf: (faces, seen, limits) =>
      faces.flatMap((face) => {
        const own = seen[face.name];
        if (own?.ok === false)
          return [rowOf(face, "", silent(face, own.error, seen, known.get(face.kind)?.failure))];
        return questionsTo(face).flatMap(({ part, judge }) => {
          const one = seen[partName(face, part)];
          if (own === undefined || one === undefined) return [];
          const said = one.ok ? judge(one.value, limits, face) : unmeasured(one.error);
          return [rowOf(face, part, said, one.ok && questionsTo(face) === byPort && isSilent(one.value))];
        });
      }),
  };
}

/** The port took a connection and said nothing by itself. */
const isSilent = (value: unknown): boolean => (value as network.Connected).greeting === undefined;

const tracesOf: Matrix["tracesOf"] = (faces, seen) =>
  Object.fromEntries(
    faces
      .filter(({ name, endpoint }) => endpoint !== undefined && seen[name]?.ok === false)
      .flatMap(({ name }) => [
        [`${name}/dns`, on(name, network.resolve())],
        [`${name}/tcp`, on(name, network.connect({ listenMs: 0 }))],
        // The library names the first of several faults of a certificate; what it shows tells them all.
        ...(isCertificate(seen[name]) ? [[`${name}/tls`, on(name, network.tlsCertificate())]] : []),
      ]),
  );

const isCertificate = (one: Seen<unknown> | undefined): boolean =>
  one?.ok === false && network.causeOf(one.error).id === "certificate";

const unmeasured = ({ message }: StepError): HealthTrouble => ({
  word: "not measured",
  because: message,
  severity: "warning",
  next: "",
});

/** A component that did not answer: the surest word of its own error, its name servers and its port. */
function silent(
  face: ConnectionFace,
  error: StepError,
  seen: AllSeen,
  failureOf: ConnectionKind["failure"],
): HealthTrouble {
  const dns = valueIn(seen[`${face.name}/dns`] as Seen<network.Resolved> | undefined);
  const hangs = error.code === "timeout" && seen[`${face.name}/tcp`]?.ok === true;
  const surest = dns?.failure ?? (hangs ? { ...error, detail: "answer" } : error);
  const wrongName = otherName(
    face,
    valueIn(seen[`${face.name}/tls`] as Seen<network.Certificate> | undefined),
  );
  const own = failureOf?.(error);
  const cause = network.causeOf(surest);
  const severity = face.about?.external === true ? "warning" : (own?.severity ?? "critical");
  if (wrongName !== undefined) return { ...wrongName, severity };
  const next = own?.advice ?? cause.next;
  if (own !== undefined && TOLD_BETTER.has(cause.id))
    return { word: own.title, because: own.because, severity, next };
  const word = cause.id === "other" ? clip(error.message, 80) : cause.word;
  return { word, because: `${surest.message}. ${cause.because}`, severity, next };
}

/** What a kind knows more of than the network: a refused login or certificate has many causes, and it has read the answer. */
const TOLD_BETTER: ReadonlySet<network.NetworkCause["id"]> = new Set(["auth", "certificate", "tls", "other"]);

/** Its certificate is for another name: that counts before who signed it. The words are those of tls-expiry. */
function otherName(face: ConnectionFace, certificate: network.Certificate | undefined) {
  if (certificate === undefined || certificate.matchesHost || face.endpoint === undefined) return undefined;
  const { short, because, next } = whyNotNamed(face.endpoint.host, certificate);
  return {
    word: `the certificate is for another name${short}`,
    because: `It is for ${certificate.names.join(", ") || "no name at all"}, not for ${face.endpoint.host}: ${because}.`,
    next,
  };
}
