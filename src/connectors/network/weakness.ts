/** Of a certificate, as Node has it. */
interface Facts {
  readonly raw: Buffer;
  readonly bits?: number;
  readonly modulus?: string;
  readonly fingerprint256: string;
}

/** Shortest RSA key that OpenSSL (level 2), Java, Go and browsers take. */
const LEAST_BITS = 2048;

/** Signatures that clients refuse, by their object identifier (DER) within the certificate. */
const WEAK_SIGNATURES: readonly (readonly [Buffer, string])[] = [
  [Buffer.from("06092a864886f70d010104", "hex"), "MD5"],
  [Buffer.from("06092a864886f70d010105", "hex"), "SHA-1"],
  [Buffer.from("06072a8648ce3d0401", "hex"), "SHA-1"],
];

/** Why clients refuse a chain for its keys or signatures; undefined: they do not. Pure. The anchor's own signature counts for nobody. */
export function weakness(links: readonly Facts[]): string | undefined {
  for (const [index, { bits, modulus, raw }] of links.entries()) {
    const whose = index === 0 ? "the certificate" : "a certificate in the chain";
    if (modulus !== undefined && bits !== undefined && bits < LEAST_BITS)
      return `the key of ${whose} has ${bits} bits only`;
    const signed = WEAK_SIGNATURES.find(([identifier]) => raw.includes(identifier));
    if (signed !== undefined) return `${whose} is signed with ${signed[1]}`;
  }
  return undefined;
}
