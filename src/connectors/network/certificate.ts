import { checkServerIdentity, type DetailedPeerCertificate, type TLSSocket } from "node:tls";
import type { ActionContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import type { NotSeen } from "../../core/words/not-seen.ts";
import { type NetworkClient, sayEndpoint } from "./client.ts";
import { type Address, addressesOf } from "./resolve.ts";
import { olderVersion, shakeHands, shakeSomehow, type Target, verdictInWords } from "./shake.ts";
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
  /** OpenSSL's own words for a verdict without a code (UNSPECIFIED). */
  readonly reason?: string;
  /** OpenSSL's whole verdict; undefined: a client that verifies takes it. */
  readonly verdict?: string;
  /** Why clients refuse its key or signature before long, where they do. */
  readonly weakness?: string;
  readonly fingerprint: string;
  /** What the server hands out of its revocation; null: nothing. */
  readonly staple: Staple | null;
  readonly mustStaple: boolean;
  /** Beside new versions it also takes this one of long ago (`TLSv1`, `TLSv1.1`); null: it takes none. */
  readonly alsoTakes: string | null;
  readonly notSeen?: NotSeen[];
  /** What the server said against us once hands were shaken: OpenSSL's code; null: nothing. */
  readonly refusal: string | null;
  /** What the name's other addresses present, or why not. */
  readonly elsewhere: readonly Elsewhere[];
  /** Its issuer publishes the issuer's own certificate (AIA): an authority with intermediates, as all public ones are. */
  readonly namesIssuerUrl: boolean;
  /** Leaf first, as far as the server sent or we know it. */
  readonly chain: readonly Link[];
}

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
    refusal,
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
    const older = old ? { alsoTakes: null } : await olderVersion(client, first.address, to, context);
    const described = describe(socket, certificate, client, host);
    const reason =
      described.untrusted === "UNSPECIFIED"
        ? await verdictInWords(client, first.address, to, context)
        : undefined;
    return {
      ...described,
      ...(reason === undefined ? {} : { reason }),
      ...{ staple, elsewhere, isTooOld: old, refusal: await refusal },
      ...older,
    };
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

function describe(
  socket: TLSSocket,
  certificate: DetailedPeerCertificate,
  client: NetworkClient,
  host: string,
): Omit<Presented, "isTooOld" | "staple" | "elsewhere" | "alsoTakes" | "refusal"> {
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
