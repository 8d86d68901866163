import type { StepError } from "../core/words/outcome.ts";
import { handshakeOf } from "./handshake.ts";

/** An error of a step, or one told within a value. */
type AnyError = Omit<StepError, "detail"> & { readonly detail?: string | undefined };

/** What an error on the way to a service means. `id` is stable; the texts are for the person on call. */
export interface NetworkCause {
  readonly id:
    | "dns-missing"
    | "dns-failing"
    | "refused"
    | "no-route"
    | "filtered"
    | "hung"
    | "reset"
    | "certificate"
    | "tls"
    | "auth"
    | "protocol"
    | "other";
  /** A word or two, for a table. */
  readonly word: string;
  readonly because: string;
  /** What a human does now. */
  readonly next: string;
}

const CAUSES: Readonly<Record<NetworkCause["id"], Omit<NetworkCause, "id">>> = {
  "dns-missing": {
    word: "name does not exist",
    because:
      "The name servers answer, but they know no address for the host name: the record is missing or the name is misspelt.",
    next: "Compare the host name in diagbot.yaml with the DNS zone (`dig +short <host>`); restore the record or correct the name. A negative answer may be cached for the zone's negative TTL.",
  },
  "dns-failing": {
    word: "DNS failing",
    because:
      "The name could not be looked up because the name server failed, refused or did not answer; the service itself was never asked.",
    next: "Ask each name server of /etc/resolv.conf directly (`dig @<server> <host>`), repair or replace the one that fails; everything else that resolves names here is affected too.",
  },
  refused: {
    word: "connection refused",
    because:
      "The machine is there, but nothing listens on that port: the service is down, still starting, or bound to another address or port.",
    next: "See whether the process or container runs (`systemctl status`, `docker ps`), read the end of its log, and compare the address and port it listens on (`ss -ltnp`) with diagbot.yaml. A firewall with REJECT looks the same.",
  },
  "no-route": {
    word: "no route",
    because:
      "The network says that there is no way to the host: its machine, its subnet or the route is gone.",
    next: "Check that the machine is up, then routes, VPN and security groups between here and there (`ip route get <address>`).",
  },
  filtered: {
    word: "no TCP connection (timeout)",
    because:
      "Nobody accepts and nobody refuses the connection: packets are dropped by a firewall or security group, or the machine is down.",
    next: "Check firewall rules and security groups on both sides, and whether the machine is up; a working path refuses at once, a filtered one is silent.",
  },
  hung: {
    word: "accepts, never answers",
    because:
      "The connection is accepted by the kernel, but the service does not answer: it is stuck, stopped, out of workers, or waits for something of its own.",
    next: "Look at the process (state, CPU, threads, open connections) and at what it waits for (database, locks, downstream calls); take a stack dump before restarting it.",
  },
  reset: {
    word: "connection reset",
    because:
      "The connection was accepted and then cut: the service crashed or is overloaded while answering, or a proxy in front has no healthy backend.",
    next: "Read the service's log at this moment and the proxy's backend state; look for crash loops, connection limits and idle timeouts of load balancers.",
  },
  certificate: {
    word: "certificate not accepted",
    because:
      "The TLS certificate is expired, for another name, or signed by an authority this machine does not trust.",
    next: "Run tls-expiry: it names the certificate, its dates, names and issuer.",
  },
  tls: {
    word: "TLS handshake failed",
    because:
      "The TLS handshake failed before any certificate was judged: the port may not speak TLS, or protocol versions do not match.",
    next: "Check whether the port speaks TLS at all and whether the URL in diagbot.yaml should begin with http:// or https:// (redis:// or rediss://).",
  },
  auth: {
    word: "credentials refused",
    because: "The service is there but does not accept the credentials diagbot has.",
    next: "Compare the secret behind the connection in diagbot.yaml with the service's; it may have been rotated or expired.",
  },
  protocol: {
    word: "wrong protocol",
    because:
      "Something answers on that port, but it does not speak the expected protocol: another service took the port, or TLS is expected there.",
    next: "See which process listens there (`ss -ltnp`) and whether the URL's scheme and port are right.",
  },
  other: {
    word: "error",
    because: "The service could not be asked.",
    next: "Read the error and the service's log.",
  },
};

/** The one table of what sockets and resolvers fail with on the way to a service. */
const ERRNO: Readonly<Record<string, NetworkCause["id"]>> = {
  ENOTFOUND: "dns-missing",
  ENODATA: "dns-missing",
  EAI_AGAIN: "dns-failing",
  EAI_FAIL: "dns-failing",
  ESERVFAIL: "dns-failing",
  EREFUSED: "dns-failing",
  ECONNREFUSED: "refused",
  EHOSTUNREACH: "no-route",
  ENETUNREACH: "no-route",
  EHOSTDOWN: "no-route",
  EINVAL: "no-route",
  ETIMEDOUT: "filtered",
  ECONNRESET: "reset",
  EPIPE: "reset",
  EPROTO: "tls",
  // Of a socket in the file system: it is not there, or not ours to use.
  ENOENT: "other",
  EACCES: "other",
};
const CERTIFICATE = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|ERR_TLS_CERT_)/;
const HANDSHAKE = /^ERR_(TLS|SSL|OSSL)/;

/** Whether a code of Node or OpenSSL says that the service was not reached: `target_unreachable`, whatever the protocol. */
export const isOnTheWay = (code: string): boolean =>
  Object.hasOwn(ERRNO, code) || CERTIFICATE.test(code) || HANDSHAKE.test(code);

/** The errno in a driver's message, where it gives none beside it; empty: there is none. */
export const errnoIn = (message: string): string =>
  message.match(/\bE[A-Z_]{3,}\b/g)?.find((word) => Object.hasOwn(ERRNO, word)) ?? "";

const BY_DETAIL: Readonly<Record<string, NetworkCause["id"]>> = {
  ...ERRNO,
  NO_RESOLVER: "dns-failing",
  dns: "dns-failing",
  tcp: "filtered",
  tls: "hung",
  answer: "hung",
  body: "hung",
  startup: "hung",
  query: "hung",
  closed: "reset",
  "no-tls": "tls",
  "wants-tls": "tls",
};

/** What is wrong with the certificate, where the verdict says so (OpenSSL, x509_vfy). */
const CERTIFICATES: readonly [RegExp, string][] = [
  [/EXPIRED/, "expired"],
  [/NOT_YET_VALID/, "not valid yet"],
  [/ALTNAME|HOSTNAME/, "for another name"],
  [/SELF_SIGNED_CERT$/, "self-signed"],
  [/UNABLE_TO|IN_CHAIN/, "of an unknown authority, or sent without its intermediate"],
];

/** Details of our own about TLS. */
const OWN_TLS: Readonly<Record<string, Omit<NetworkCause, "id">>> = {
  "wants-tls": {
    word: "TLS wanted",
    because: "TLS is spoken on that port, but the connection in diagbot.yaml does not use it.",
    next: "Let the URL in diagbot.yaml begin with the scheme that means TLS (https://, rediss://), or set what switches it on.",
  },
};

/** The cause behind an error of any connector that goes over the network. Pure. */
export function causeOf(error: AnyError): NetworkCause {
  const id = causeId(error);
  const what = CERTIFICATES.find(([pattern]) => pattern.test(error.detail ?? ""))?.[1];
  const known = id === "tls" ? (handshakeOf(error.detail ?? "") ?? OWN_TLS[error.detail ?? ""]) : undefined;
  if (known !== undefined) return { id, word: known.word, because: known.because, next: known.next };
  if (id !== "certificate" || what === undefined) return { id, ...CAUSES[id] };
  return { id, ...CAUSES[id], word: `${CAUSES[id].word}: ${what}` };
}

function causeId({ code, detail = "" }: AnyError): NetworkCause["id"] {
  if (code === "target_auth") return "auth";
  const known = BY_DETAIL[detail];
  if (known !== undefined) return known;
  if (/^HPE_/.test(detail)) return "protocol";
  if (CERTIFICATE.test(detail)) return "certificate";
  if (HANDSHAKE.test(detail)) return "tls";
  return code === "timeout" ? "hung" : "other";
}
