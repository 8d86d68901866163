import { isIP } from "node:net";
import {
  type ConnectionOptions,
  checkServerIdentity,
  connect,
  type DetailedPeerCertificate,
  type TLSSocket,
} from "node:tls";
import type { ActionContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import { isTooOld } from "../handshake.ts";
import { reachError, stopped, timeoutAt } from "../reach.ts";
import { type NetworkClient, sayEndpoint } from "./client.ts";
import { type Address, addressesOf } from "./resolve.ts";
import { mustStaple, type Staple, stapleIn } from "./staple.ts";
import { neededLinks } from "./trusted.ts";
import { weakness } from "./weakness.ts";

export interface Link {
  readonly subject: string;
  readonly issuer: string;
  readonly validFrom: string;
  readonly validTo: string;
  /** No authority that is trusted here vouches for a link before it: without it there is no way to one. */
  readonly isNeeded: boolean;
}

/** Another address of the same name. */
export interface Elsewhere {
  readonly address: string;
  readonly family: 4 | 6;
  /** The errno or OpenSSL's code where no certificate came; null: one did. */
  readonly code: string | null;
  readonly validTo: string | null;
  readonly verdict: string | null;
  readonly isSame: boolean;
}

export interface Presented {
  readonly protocol: string;
  /** Clients of today refuse to speak to it: the handshake came about with what is out of date only. */
  readonly isTooOld: boolean;
  readonly names: readonly string[];
  readonly isSelfSigned: boolean;
  /** Is the certificate for the host of the connection? */
  readonly matchesHost: boolean;
  /** OpenSSL's verdict on the chain, dates and name left out; undefined where it is trusted. */
  readonly untrusted?: string;
  /** OpenSSL's whole verdict; undefined: a client that verifies takes it. */
  readonly verdict?: string;
  /** Why clients refuse its key or signature before long, where they do. */
  readonly weakness?: string;
  readonly fingerprint: string;
  /** What the server hands out of its revocation; null: nothing. */
  readonly staple: Staple | null;
  readonly mustStaple: boolean;
  /** What the name's other addresses present, or why not. */
  readonly elsewhere: readonly Elsewhere[];
  /** Its issuer publishes the issuer's own certificate (AIA): an authority with intermediates, as all public ones are. */
  readonly namesIssuerUrl: boolean;
  /** Leaf first, as far as the server sent or we know it. */
  readonly chain: readonly Link[];
}

const HANDSHAKE_MS = 5000;
const MOST_LINKS = 6;
const MOST_NAMES = 20;
/** Dates and names are judged on their own: these verdicts would say the same twice. */
const SAID_ELSEWHERE = new Set([
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "HOSTNAME_MISMATCH",
]);

/** Shakes hands without sending anything and reads the certificate, whatever it is worth. Throws DiagError. */
export async function presentedCertificate(
  client: NetworkClient,
  context: ActionContext,
): Promise<Presented> {
  const { host, port } = client.endpoint();
  const target = sayEndpoint({ host, port });
  const [first, ...others] = await addressesOf(client, context);
  if (first === undefined) throw new DiagError("target_unreachable", `${target}: no address`);
  const {
    socket,
    isTooOld: old,
    response,
  } = await shakeSomehow(client, first.address, { host, port, target }, context);
  try {
    const certificate = socket.getPeerCertificate(true);
    if (certificate.raw === undefined)
      throw new DiagError("target_error", `${target}: no certificate was sent`);
    const staple = response === null ? null : stapleIn(response, certificate.serialNumber);
    const to = { host, port, target };
    const elsewhere = await Promise.all(
      others
        .slice(0, MOST_OTHERS)
        .map((one) => lookElsewhere(client, one, to, certificate.fingerprint256, context)),
    );
    return { ...describe(socket, certificate, client, host), staple, elsewhere, isTooOld: old };
  } finally {
    socket.destroy();
  }
}

const MOST_OTHERS = 3;

async function lookElsewhere(
  client: NetworkClient,
  { address, family }: Address,
  to: Target,
  fingerprint: string,
  context: ActionContext,
): Promise<Elsewhere> {
  const nothing = { address, family, validTo: null, verdict: null, isSame: false };
  try {
    const { socket } = await shakeHands(client, address, to, {}, context);
    const seen = socket.getPeerCertificate();
    socket.destroy();
    if (seen.raw === undefined) return { ...nothing, code: "no-certificate" };
    const isSame = seen.fingerprint256 === fingerprint;
    const verdict = verdictOf(socket) ?? null;
    return { address, family, code: null, validTo: dateOf(seen.valid_to), verdict, isSame };
  } catch (thrown) {
    if (!(thrown instanceof DiagError) || context.signal.aborted) throw thrown;
    return { ...nothing, code: thrown.detail ?? thrown.code };
  }
}

interface Target {
  readonly host: string;
  readonly port: number;
  readonly target: string;
}
/** What only servers of long ago need. Nothing is sent over it: the point is to see that they are. */
const OUT_OF_DATE = { minVersion: "TLSv1", ciphers: "ALL:@SECLEVEL=0" } as const;

/** As clients do today; a server too old for that once more as clients did long ago. */
async function shakeSomehow(
  client: NetworkClient,
  address: string,
  to: Target,
  context: ActionContext,
): Promise<Shaken & { isTooOld: boolean }> {
  try {
    return { ...(await shakeHands(client, address, to, {}, context)), isTooOld: false };
  } catch (thrown) {
    if (!(thrown instanceof DiagError) || !isTooOld(thrown.detail ?? "")) throw thrown;
    const shaken = await shakeHands(client, address, to, OUT_OF_DATE, context).catch(() => {
      throw thrown;
    });
    return { ...shaken, isTooOld: true };
  }
}

interface Shaken {
  readonly socket: TLSSocket;
  /** The OCSP response that came with the certificate; null: none did. */
  readonly response: Buffer | null;
}

function shakeHands(
  client: NetworkClient,
  address: string,
  { host, port, target }: Target,
  how: ConnectionOptions,
  context: ActionContext,
): Promise<Shaken> {
  let response: Buffer | null = null;
  const limit = Math.min(HANDSHAKE_MS, context.timeoutMs);
  return new Promise((resolve, reject) => {
    // Node's types know it of sockets only.
    const options: ConnectionOptions & { readonly requestOCSP: boolean } = {
      ...how,
      host: address,
      port,
      // The point is to look at certificates that do not verify; nothing is sent over this connection.
      rejectUnauthorized: false,
      requestOCSP: true,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(client.ca === undefined ? {} : { ca: [...client.ca] }),
    };
    const socket = connect(options);
    let phase: "tcp" | "tls" = "tcp";
    const fail = (error: DiagError) => {
      clearTimeout(timer);
      context.signal.removeEventListener("abort", onAbort);
      socket.destroy();
      reject(error);
    };
    const onAbort = () => fail(stopped(context.signal, phase, target, limit));
    const timer = setTimeout(() => fail(timeoutAt(phase, target, limit)), limit);
    context.signal.addEventListener("abort", onAbort, { once: true });
    socket.once("connect", () => {
      phase = "tls";
    });
    socket.once("OCSPResponse", (said: Buffer | null) => {
      response = said === null || said.length === 0 ? null : said;
    });
    socket.once("secureConnect", () => {
      clearTimeout(timer);
      context.signal.removeEventListener("abort", onAbort);
      resolve({ socket, response });
    });
    socket.on("error", (error) => fail(reachError(error, target)));
    socket.once("end", () => fail(closedEarly(target)));
  });
}

const closedEarly = (target: string): DiagError =>
  new DiagError("target_unreachable", `${target}: the other side hung up during the TLS handshake`, {
    detail: "ECONNRESET",
  });

function describe(
  socket: TLSSocket,
  certificate: DetailedPeerCertificate,
  client: NetworkClient,
  host: string,
): Omit<Presented, "isTooOld" | "staple" | "elsewhere"> {
  const verdict = verdictOf(socket);
  const isTrusted = verdict === undefined || SAID_ELSEWHERE.has(verdict);
  const links = linksOf(certificate);
  const needed = neededLinks(
    links.map(({ raw }) => raw),
    client.ca,
  );
  const chain = links.map((link, index) => describeLink(link, index < needed));
  const weak = weakness(links.slice(0, needed));
  const leaf = chain[0];
  return {
    protocol: socket.getProtocol() ?? "unknown",
    names: namesOf(certificate),
    isSelfSigned: leaf !== undefined && leaf.subject === leaf.issuer,
    matchesHost: checkServerIdentity(host, certificate) === undefined,
    ...(isTrusted ? {} : { untrusted: verdict }),
    ...(verdict === undefined ? {} : { verdict }),
    ...(weak === undefined ? {} : { weakness: weak }),
    fingerprint: certificate.fingerprint256,
    mustStaple: mustStaple(certificate.raw),
    namesIssuerUrl: (certificate.infoAccess?.["CA Issuers - URI"]?.length ?? 0) > 0,
    chain,
  };
}

// Typed as an Error, but Node sets the code as a plain string (lib/_tls_wrap.js, onConnectSecure).
function verdictOf(socket: TLSSocket): string | undefined {
  const error: unknown = socket.authorizationError;
  if (error === null || error === undefined) return undefined;
  return error instanceof Error ? ((error as { code?: string }).code ?? error.message) : String(error);
}

function linksOf(leaf: DetailedPeerCertificate): DetailedPeerCertificate[] {
  const links: DetailedPeerCertificate[] = [];
  for (let at: DetailedPeerCertificate | undefined = leaf; at !== undefined && links.length < MOST_LINKS; ) {
    links.push(at);
    const next: DetailedPeerCertificate | undefined = at.issuerCertificate;
    // A root is its own issuer: Node's list ends in a circle.
    at = next === at || next?.fingerprint256 === at.fingerprint256 ? undefined : next;
  }
  return links;
}

const describeLink = (link: DetailedPeerCertificate, isNeeded: boolean): Link => ({
  subject: nameOf(link.subject),
  issuer: nameOf(link.issuer),
  validFrom: dateOf(link.valid_from),
  validTo: dateOf(link.valid_to),
  isNeeded,
});

type Naming = Partial<Record<"CN" | "O" | "OU", string | string[]>> | undefined;
function nameOf(naming: Naming): string {
  const name = naming?.CN ?? naming?.O ?? naming?.OU ?? "unnamed";
  return clip(Array.isArray(name) ? name.join(", ") : name, 120);
}

const dateOf = (text: string): string => new Date(text).toISOString();

const namesOf = ({ subjectaltname }: DetailedPeerCertificate): string[] =>
  (subjectaltname ?? "")
    .split(", ")
    .filter((name) => name !== "")
    .map((name) => name.replace(/^(DNS:|IP Address:)/, ""))
    .slice(0, MOST_NAMES);
