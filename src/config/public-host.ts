import { isIP } from "node:net";

const PRIVATE_ADDRESSES = [
  /^(?:127|10|0)\./,
  /^192\.168\./,
  /^172\.(?:1[6-9]|2\d|3[01])\./,
  /^169\.254\./,
  // Carrier-grade NAT, which VPNs use.
  /^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./,
  /^::1?$/,
  /^f[cd]/i,
  /^fe[89ab]/i,
];
/** Endings that no public resolver answers for, or that stand for this machine and its neighbours. */
const PRIVATE_NAME =
  /(?:^|\.)(?:localhost|local|internal|intranet|lan|home|corp|private|home\.arpa|test|svc|cluster|consul|docker)$/i;

/**
 * `address`: a public IP address. `name`: a name of the public DNS (behind which a private address may stand: the text
 * cannot tell). `private`: a loopback, link-local or private address, or a name without a dot or of a private ending.
 */
export function hostReach(host: string): "address" | "name" | "private" {
  const bare = host.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare;
  if (isIP(mapped) !== 0)
    return PRIVATE_ADDRESSES.some((range) => range.test(mapped)) ? "private" : "address";
  return !bare.includes(".") || PRIVATE_NAME.test(bare) ? "private" : "name";
}
