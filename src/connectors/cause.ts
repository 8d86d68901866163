import type { StepError } from "../core/words/outcome.ts";
import { handshakeOf } from "./handshake.ts";

/** An error of a step, or one told within a value. */
type AnyError = Omit<StepError, "detail"> & { readonly detail?: string | undefined };

/** What an error on the way to a service means. `id` is stable; the texts are for the person on call. */
export interface NetworkCause {
  readonly id:
    | "dns-missing"
    | "dns-failing"
    | "dns-disagree"
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
  "dns-disagree": {
    word: "name servers disagree",
    because:
      "Some name servers know the name and others deny it. Programs believe the first answer (glibc) or the quickest (musl), so it works on one machine and not on the next: usually internal names, and a public name server beside the internal one.",
    next: "Ask each name server of /etc/resolv.conf (`dig @<server> <host>`); list only those that know the zone, or let the others forward it. Look at DHCP or the VPN client where an entry comes back.",
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
  ENOTIMP: "dns-failing",
  EFORMERR: "dns-failing",
  EBADRESP: "dns-failing",
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
  DNS_DISAGREE: "dns-disagree",
  DNS_HALF: "dns-failing",
  DNS_DANGLING: "dns-missing",
  DNS_UNSURE: "dns-failing",
  DNS_BLOCKED: "dns-failing",
  TLS_CUT: "reset",
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

const NO_DNS = {
  because:
    "What answers in the place of the name server does not understand the question: an old or simple forwarder (a router, a captive portal) that knows fewer kinds or flags, or no name server at all.",
  next: "Ask it with less (`dig @<server> +noedns <host>`): if that works, update it (or take `edns0` out of the options of /etc/resolv.conf); otherwise list another one there.",
};

/** What more is known where the code or a detail of our own tells. */
const OF_NAMES: Readonly<Record<string, Partial<Omit<NetworkCause, "id">>>> = {
  DNS_HALF: {
    word: "name server answers one kind of address wrongly",
    because:
      'The name exists and has an address. For the other kind (AAAA beside A) the name server says NXDOMAIN or fails, where the right answer is "no record": musl (Alpine) then takes the name for missing, glibc waits or takes it.',
    next: "Let the name server answer NOERROR without a record for the kind it does not have (`dig @<server> AAAA <host>` must not say NXDOMAIN or SERVFAIL): a fixed list of addresses in a router, VPN or DNS filter is the usual reason; update or replace it. The service and the record are not the matter.",
  },
  DNS_DANGLING: {
    word: "name leads nowhere (CNAME)",
    because:
      "The name exists, but is an alias of one that has no address: its target was deleted or renamed.",
    next: "Correct the alias or restore its target (`dig +short <host> CNAME`).",
  },
  ENODATA: {
    word: "name has no address",
    because:
      "The name exists in DNS, but has no address record (A or AAAA): only records of another kind stand there.",
  },
  ESERVFAIL: {
    because:
      "The name server could not find out (SERVFAIL), so nobody knows whether the name exists: it does not reach the servers of the zone, they fail, or the signatures do not hold (DNSSEC).",
    next: "Tell them apart: `dig @<server> +cd <host>` answers where `dig @<server> <host>` does not: DNSSEC (also a wrong clock). Otherwise see whether the server reaches its forwarders, and ask the zone's own servers (`dig +trace <host>`).",
  },
  DNS_UNSURE: {
    word: "name denied by one server, another fails",
    because:
      "Either the name does not exist, or the server that knows it is the one that fails: programs go on to the next server after a failure and believe its no.",
    next: "Mend the server that fails first (`dig @<server> <host>` of each in /etc/resolv.conf), then ask again: only if it denies the name, too, is the record missing or the name misspelt.",
  },
  DNS_BLOCKED: {
    word: "name is blocked by a DNS filter",
    because:
      "The name leads to 0.0.0.0 or ::, which is no address: DNS filters (Pi-hole, AdGuard, a provider's) answer so for names they block. What is asked then is this machine itself.",
    next: "Let the filter answer for this name (its list of exceptions), or list a name server without one; `dig @<server> <host>` of another one shows the true address.",
  },
  NO_RESOLVER: {
    because:
      "Either nothing runs at the name server's address, or it answers by UDP that the answer is too long for it and its TCP port 53 is closed; the service itself was never asked.",
    next: "Tell them apart: `dig @<server> +notcp +ignore <host>` answers (flag tc) where only TCP is closed: open TCP 53 to it. Otherwise start it, or correct /etc/resolv.conf (in containers it is another one).",
  },
  ENOTIMP: NO_DNS,
  EFORMERR: NO_DNS,
  EBADRESP: NO_DNS,
  EREFUSED: {
    because:
      "The name server refuses to answer this machine: it does not serve its network, or does not look up names of other zones (no recursion).",
    next: "Allow this machine's network at the name server, or list one in /etc/resolv.conf that serves it.",
  },
};

/** Details of our own about TLS. */
const OWN_TLS: Readonly<Record<string, Omit<NetworkCause, "id">>> = {
  "wants-tls": {
    word: "TLS wanted",
    because: "TLS is spoken on that port, but the connection in diagbot.yaml does not use it.",
    next: "Let the URL in diagbot.yaml begin with the scheme that means TLS (https://, rediss://), or set what switches it on.",
  },
  tls: {
    word: "accepts, does not answer the TLS handshake",
    because:
      "The connection is accepted, and nothing comes back to the beginning of TLS. Either what listens there speaks another protocol and waits for more (Redis, Memcached and others do so), or it hangs: stuck, stopped, out of workers.",
    next: "To tell them apart speak its own protocol without TLS (`nc <host> <port>`): an answer means that the port has no TLS (another port, or redis:// instead of rediss://). Otherwise look at the process (state, CPU, open connections) and take a stack dump before restarting it.",
  },
  TLS_CUT: {
    word: "cut during the TLS handshake",
    because:
      "The connection was accepted and cut as TLS began, without a word of TLS. Either what listens there speaks another protocol (Postgres hangs up so), or something on the way cuts it (a firewall that reads the host name, a proxy without a backend), or the server fails over it.",
    next: "To tell them apart: `openssl s_client -connect <host>:<port> -noservername` (works: something looks at the name), the same from the server's own machine (works: something on the way), and the server's log at that moment (a crash, a key it cannot read). If it speaks another protocol, correct scheme or port in diagbot.yaml.",
  },
};

/** The cause behind an error of any connector that goes over the network. Pure. */
export function causeOf(error: AnyError): NetworkCause {
  const id = causeId(error);
  const ofName = OF_NAMES[error.detail ?? ""];
  if (ofName !== undefined && id.startsWith("dns-")) return { id, ...CAUSES[id], ...ofName };
  const what = CERTIFICATES.find(([pattern]) => pattern.test(error.detail ?? ""))?.[1];
  const known = id === "auth" ? undefined : (OWN_TLS[error.detail ?? ""] ?? handshakeOf(error.detail ?? ""));
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
