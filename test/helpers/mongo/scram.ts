import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";

const ROUNDS = 4096;
const SALT = Buffer.from("diagbot-lab-salt");

/** The server's half of SCRAM-SHA-256 (RFC 5802, 7677), as MongoDB speaks it. */
export class Scram {
  #begun = "";
  #nonce = "";
  #user = "";
  readonly #passwords: Readonly<Record<string, string>>;

  constructor(passwords: Readonly<Record<string, string>>) {
    this.#passwords = passwords;
  }

  /** The server's first message for the client's. */
  start(payload: string): string {
    const bare = payload.replace(/^n,,/, "");
    const { n: user = "", r: nonce = "" } = fieldsOf(bare);
    this.#user = user;
    this.#nonce = `${nonce}${randomBytes(12).toString("base64")}`;
    const first = `r=${this.#nonce},s=${SALT.toString("base64")},i=${ROUNDS}`;
    this.#begun = `${bare},${first}`;
    return first;
  }

  /** The server's proof; undefined: the password is wrong. */
  finish(payload: string): { readonly user: string; readonly proof: string } | undefined {
    const { p: proof = "", r: nonce = "" } = fieldsOf(payload);
    const password = this.#passwords[this.#user];
    if (password === undefined || nonce !== this.#nonce) return undefined;
    const salted = pbkdf2Sync(password, SALT, ROUNDS, 32, "sha256");
    const said = `${this.#begun},${payload.replace(/,p=.*$/, "")}`;
    const key = hmac(salted, "Client Key");
    const signature = hmac(hash(key), said);
    const expected = Buffer.from(key.map((byte, at) => byte ^ (signature[at] ?? 0)));
    const given = Buffer.from(proof, "base64");
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    return { user: this.#user, proof: `v=${hmac(hmac(salted, "Server Key"), said).toString("base64")}` };
  }
}

const hmac = (key: Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
const hash = (key: Buffer): Buffer => createHash("sha256").update(key).digest();
const fieldsOf = (text: string): Record<string, string> =>
  Object.fromEntries(text.split(",").map((part) => [part.slice(0, 1), part.slice(2)]));
