import { DiagError } from "../../core/words/errors.ts";
import { sayCode } from "../reach.ts";

/** What one name server said of a name, by kind of address; each `ok` or the resolver's code (ENOTFOUND, ENODATA, ESERVFAIL, ETIMEOUT…). */
export interface Answered {
  readonly server: string;
  /** `ok` where it gave any address; otherwise the less sure of its two answers. */
  readonly outcome: string;
  /** IPv4. */
  readonly a: string;
  /** IPv6. */
  readonly aaaa: string;
  readonly ms: number;
  readonly addresses: readonly string[];
  /** The name it leads to (CNAME), asked where it gave no address. */
  readonly alias?: string;
}

/** A "no" about the name or its addresses. Whatever else is no answer at all. */
const NO = new Set(["ENOTFOUND", "ENODATA"]);
export const isNo = (outcome: string): boolean => NO.has(outcome);

/** The less sure one first: that a name does not exist is said only where nothing speaks against it. */
const UNSURE: readonly string[] = [
  ...["ESERVFAIL", "EREFUSED", "ENOTIMP", "EFORMERR", "EBADRESP"],
  "ETIMEOUT",
  "ECONNREFUSED",
  "ENODATA",
  "ENOTFOUND",
];

/** One word for two answers about different kinds of address; neither is folded into the other where one of them is good. */
export function outcomeOf(a: string, aaaa: string): string {
  if (a === "ok" || aaaa === "ok") return "ok";
  const known = UNSURE.find((code) => code === a || code === aaaa);
  return UNSURE.includes(a) ? (known ?? a) : a;
}

/** The kind of address it answers wrongly though it has the other: NXDOMAIN or a failure where "none" (NODATA) was due. */
export function halfOf({
  a = "ENODATA",
  aaaa = "ENODATA",
}: {
  a?: string | undefined;
  aaaa?: string | undefined;
}): Half | undefined {
  if (a === "ok" && aaaa !== "ok" && aaaa !== "ENODATA") return { kind: "AAAA", code: aaaa };
  return aaaa === "ok" && a !== "ok" && a !== "ENODATA" ? { kind: "A", code: a } : undefined;
}
export interface Half {
  readonly kind: "A" | "AAAA";
  readonly code: string;
}

const SHORT: Readonly<Record<string, string>> = {
  ENOTFOUND: "says that it does not exist (NXDOMAIN)",
  ENODATA: "says that it has no address (NODATA)",
  ESERVFAIL: "fails (SERVFAIL)",
  EREFUSED: "refuses to answer (REFUSED)",
  ENOTIMP: "cannot answer such a question (NOTIMP)",
  EFORMERR: "does not understand the question (FORMERR)",
  EBADRESP: "answers something that is no DNS",
  ETIMEOUT: "does not answer",
  ECONNREFUSED: "is not there",
};
/** `10.0.0.1 says that it does not exist (NXDOMAIN), 10.0.0.2 gives 10.1.1.1`. */
export const sayAnswers = (answered: readonly Pick<Answered, "server" | "outcome" | "addresses">[]): string =>
  answered
    .map(({ server, outcome, addresses }) =>
      outcome === "ok" ? `${server} gives ${addresses.join(", ")}` : `${server} ${SHORT[outcome] ?? outcome}`,
    )
    .join(", ");

/** Why programs get no address; `detail` is the resolver's code, or one of our own where answers do not fit together. Pure. */
export function whyNoAddress(host: string, answered: readonly Answered[]): DiagError | undefined {
  const unreachable = (message: string, detail: string) =>
    new DiagError("target_unreachable", `${host}: ${message}`, { detail });
  const [first] = answered;
  if (first === undefined) return undefined;
  const half = answered.map(halfOf).find((one) => one !== undefined);
  if (half !== undefined)
    return unreachable(
      `the name exists, but a name server answers ${half.kind} wrongly (${sayCode(half.code)}): ${sayAnswers(answered)}`,
      "DNS_HALF",
    );
  const outcomes = answered.map(({ outcome }) => outcome);
  if (outcomes.some(isNo) && !outcomes.every(isNo))
    return outcomes.includes("ok")
      ? unreachable(`the name servers do not agree: ${sayAnswers(answered)}`, "DNS_DISAGREE")
      : unreachable(
          `none of the name servers knows it, and not all could say: ${sayAnswers(answered)}`,
          "DNS_UNSURE",
        );
  // Programs here get none, and a name server gives one: of a failure in front of it, or of a cache.
  if (outcomes.includes("ok"))
    return outcomes.every((outcome) => outcome === "ok")
      ? undefined
      : unreachable(
          `the lookup fails although one name server knows it: ${sayAnswers(answered)}`,
          "ESERVFAIL",
        );
  const alias = answered.find((one) => one.alias !== undefined)?.alias;
  if (alias !== undefined && outcomes.every(isNo))
    return unreachable(`it leads to ${alias} (CNAME), which has no address`, "DNS_DANGLING");
  return unanswered(host, answered);
}

function unanswered(host: string, answered: readonly Answered[]): DiagError {
  const servers = answered.map(({ server }) => server).join(", ");
  const code = answered.map(({ outcome }) => outcome).find((one) => one !== "ENOTFOUND") ?? "ENOTFOUND";
  if (code === "ETIMEOUT")
    return new DiagError("timeout", `${host}: no answer from the name servers (${servers})`, {
      detail: "dns",
    });
  // The name server's refusal must not be taken for the service's.
  if (code === "ECONNREFUSED")
    return new DiagError("target_unreachable", `${host}: nothing answers at the name servers (${servers})`, {
      detail: "NO_RESOLVER",
    });
  return new DiagError("target_unreachable", `${host}: ${sayCode(code)} (asked ${servers})`, {
    detail: code,
  });
}

/** What programs of this machine (glibc) make of it: the servers in their order, the first "yes" or "no" counts, a failure asks the next. */
export const believed = (answered: readonly Answered[]): Answered | undefined =>
  answered.find(({ outcome }) => outcome === "ok" || isNo(outcome));
