import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

/** Ed25519 signature of the text, base64. `privateKey`: PEM. Throws on a key that is none. */
export const signText = (text: string, privateKey: string): string =>
  sign(null, Buffer.from(text), createPrivateKey(pem(privateKey))).toString("base64");

/** Whether the signature is of this text by that key. `key`: PEM of the public key, or of the private one. */
export const isSignedBy = (text: string, signature: string, key: string): boolean =>
  verify(null, Buffer.from(text), publicKey(key), Buffer.from(signature, "base64"));

/** Whether the text can be signed with it: a private Ed25519 key in PEM. */
export function isSigningKey(key: string): boolean {
  try {
    return createPrivateKey(pem(key)).asymmetricKeyType === "ed25519";
  } catch {
    return false;
  }
}

const publicKey = (key: string): KeyObject => createPublicKey(pem(key));

// Environment variables often hold a PEM on one line with \n written out.
const pem = (key: string): string => key.replaceAll("\\n", "\n");
