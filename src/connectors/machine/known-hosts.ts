import { createHmac, timingSafeEqual } from "node:crypto";

/** A host key one may accept: its algorithm and the key itself, both as in known_hosts. */
export interface KnownKey {
  readonly type: string;
  readonly key: Buffer;
}

/** Keys known for a host, and keys revoked for it. See sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. */
export interface KnownHost {
  readonly accepted: readonly KnownKey[];
  readonly revoked: readonly KnownKey[];
}

/**
 * Keys of `host:port` in a known_hosts file: plain, hashed and wildcard names, negation, `@revoked`. Lines marked
 * `@cert-authority` are left out: certificates are not supported.
 */
export function knownKeys(file: string, host: string, port: number): KnownHost {
  const accepted: KnownKey[] = [];
  const revoked: KnownKey[] = [];
  const name = port === 22 ? host : `[${host}]:${port}`;
  for (const line of file.split(/\r?\n/)) {
    const words = line.trim().split(/\s+/);
    if (words.length < 3 || words[0]?.startsWith("#")) continue;
    const marker = words[0]?.startsWith("@") ? words.shift() : undefined;
    const [names = "", type = "", base64 = ""] = words;
    if (marker === "@cert-authority" || !matchesHost(names, name)) continue;
    const known = { type, key: Buffer.from(base64, "base64") };
    (marker === "@revoked" ? revoked : accepted).push(known);
  }
  return { accepted, revoked };
}

export const holds = (keys: readonly KnownKey[], key: Buffer): boolean =>
  keys.some((known) => known.key.length === key.length && timingSafeEqual(known.key, key));

/** Signature algorithms to ask for, so that the server shows a key we know rather than one we do not. */
export function algorithmsFor(keys: readonly KnownKey[]): string[] {
  const names = keys.flatMap(({ type }) =>
    type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] : [type],
  );
  return [...new Set(names)].filter((name) => SUPPORTED.has(name));
}

const SUPPORTED = new Set([
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
  "ssh-rsa",
]);

function matchesHost(names: string, name: string): boolean {
  if (names.startsWith("|1|")) return matchesHash(names, name);
  const patterns = names.toLowerCase().split(",");
  const wanted = name.toLowerCase();
  if (patterns.some((pattern) => pattern.startsWith("!") && matchesPattern(pattern.slice(1), wanted)))
    return false;
  return patterns.some((pattern) => !pattern.startsWith("!") && matchesPattern(pattern, wanted));
}

function matchesHash(hashed: string, name: string): boolean {
  const [, , salt = "", hash = ""] = hashed.split("|");
  const expected = Buffer.from(hash, "base64");
  const actual = createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest();
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

function matchesPattern(pattern: string, name: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === name;
  const source = [...pattern].map((letter) =>
    letter === "*" ? ".*" : letter === "?" ? "." : literal(letter),
  );
  return new RegExp(`^${source.join("")}$`).test(name);
}

const literal = (letter: string): string => letter.replace(/[\\^$.|+()[\]{}]/, "\\$&");
