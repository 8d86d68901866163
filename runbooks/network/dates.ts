import { type Finding, type network, sayDuration } from "../../src/sdk/index.ts";
import { DAY, days } from "./certificate-facts.ts";
import { type Reached, sayPlace } from "./endpoints.ts";

type Link = network.Certificate["chain"][number];

/** What lives for days or hours (ACME's short-lived profile, SPIFFE, step-ca) is renewed at two thirds of it: later than that is late. */
const LAST_PART = 1 / 4;

const lifeOf = ({ validFrom, validTo }: Link): number => Date.parse(validTo) - Date.parse(validFrom);

/** How long before its end a certificate is said to be about to expire, in milliseconds. */
const limitMs = (link: Link, certificateDays: number): number =>
  Math.min(certificateDays * DAY, lifeOf(link) * LAST_PART);

const sayLimit = (link: Link, certificateDays: number): string =>
  limitMs(link, certificateDays) < certificateDays * DAY
    ? `it lives for ${days(lifeOf(link))}, and less than a quarter of that is left: what renews it by itself is late.`
    : `the limit is ${certificateDays} days before.`;

/** OpenSSL found a way to an authority it trusts, within the dates. The name is judged by itself, and only after that. */
export const isSound = ({ verdict }: network.Certificate): boolean =>
  verdict === undefined || /ALTNAME|HOSTNAME/.test(verdict);

/**
 * The link of the chain that is out of its dates, or will be first within so many days. Where OpenSSL takes the chain, a link
 * that is out of date is not needed.
 */
export function soonest(
  certificate: network.Certificate,
  now: Date,
  certificateDays: number,
): Link | undefined {
  const limitOf = (link: Link) => now.getTime() + limitMs(link, certificateDays);
  const { chain, verdict } = certificate;
  // Of a link above the leaf only OpenSSL knows whether it is missed.
  const isMissed = (link: Link) =>
    link === chain[0] ? !isSound(certificate) : verdict === "CERT_HAS_EXPIRED";
  return chain
    .filter((link) => link.isNeeded && (Date.parse(link.validTo) > now.getTime() || isMissed(link)))
    .filter((link) => Date.parse(link.validTo) <= limitOf(link) || Date.parse(link.validFrom) > now.getTime())
    .sort((a, b) => Date.parse(a.validTo) - Date.parse(b.validTo))[0];
}

/** It is not valid yet. */
export const isEarly = ({ chain }: network.Certificate, now: Date): boolean =>
  chain[0] !== undefined && Date.parse(chain[0].validFrom) > now.getTime();

/** What to do where the link that runs out stands above the certificate: a new one from the same issuer would help nobody. */
export function renewAbove(
  certificate: network.Certificate,
  now: Date,
  certificateDays: number,
): string | undefined {
  const link = soonest(certificate, now, certificateDays);
  if (link === undefined || link === certificate.chain[0]) return undefined;
  return link.subject === link.issuer
    ? `${link.subject} is a root, and clients have it themselves: give all of them its successor (diagbot: NODE_EXTRA_CA_CERTS=/path/root.pem), then certificates that were issued by that; what the server sends of it does not count.`
    : `the certificate itself may stay: put the successor of ${link.subject} from ${link.issuer} in the file the server sends (its issuer publishes it; a renewal by \`certbot renew --force-renewal\` brings it, too) and reload the server. Where there is none, get a certificate from another intermediate.`;
}

/** The certificate of the chain that is out of its dates, or soon will be. */
export function dates(
  face: Reached,
  certificate: network.Certificate,
  now: Date,
  certificateDays: number,
): Finding<"renew"> | undefined {
  const link = soonest(certificate, now, certificateDays);
  if (link === undefined) return undefined;
  const isLeaf = link === certificate.chain[0];
  const whose = isLeaf ? "The certificate" : `${link.subject} in the chain`;
  const what = `${sayPlace(face)}: ${isLeaf ? "certificate" : `chain certificate ${link.subject}`}`;
  const wait = Date.parse(link.validFrom) - now.getTime();
  if (wait > 0)
    return {
      id: `not-yet:${face.name}`,
      severity: "critical",
      title: `${what} is valid only in ${wait < 3_600_000 ? sayDuration(wait) : days(wait)}`,
      because: `${whose} is valid from ${link.validFrom}: clients reject it until then. Either it was installed too early, or the clock of this machine (now ${now.toISOString()}) or of the one that issued it is wrong.`,
      remedies: ["renew"],
    };
  const left = Date.parse(link.validTo) - now.getTime();
  if (left <= 0)
    return {
      id: `expired:${face.name}`,
      severity: "critical",
      title: `${what} expired ${days(-left)} ago`,
      because: `${whose} was valid until ${link.validTo}: every client that verifies refuses the connection.`,
      remedies: ["renew"],
    };
  return {
    id: `expiring:${face.name}`,
    severity: "warning",
    title: `${what} expires in ${days(left)}`,
    because: `${whose} is valid until ${link.validTo}; ${sayLimit(link, certificateDays)}`,
    remedies: ["renew"],
  };
}
