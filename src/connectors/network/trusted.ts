import { X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";

/** Parsed once: there are more than a hundred of them. */
let known: readonly X509Certificate[] | undefined;

/**
 * How many links of a chain (leaf first) a client needs that trusts these authorities (PEM; none given: Node's own list): up to
 * the first that one of them vouches for. What comes after it is there for clients with other lists.
 */
export function neededLinks(chain: readonly Buffer[], ca: readonly string[] | undefined): number {
  if (ca === undefined && known === undefined) known = parsed(rootCertificates);
  const roots = ca === undefined ? (known ?? []) : parsed(ca);
  const links = chain.map((raw) => new X509Certificate(raw));
  const at = links.findIndex((link) => roots.some((root) => vouchesFor(root, link)));
  if (at === -1) return chain.length;
  const next = links[at + 1];
  // The authority itself, where it stands there, too.
  const isAnchor =
    next !== undefined && roots.some(({ fingerprint256 }) => fingerprint256 === next.fingerprint256);
  return at + (isAnchor ? 2 : 1);
}

const parsed = (pems: readonly string[]): X509Certificate[] => pems.map((pem) => new X509Certificate(pem));

function vouchesFor(root: X509Certificate, link: X509Certificate): boolean {
  if (link.issuer !== root.subject || Date.parse(root.validTo) < Date.now()) return false;
  return link.checkIssued(root) && link.verify(root.publicKey);
}
