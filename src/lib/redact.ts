// No word boundary in front: DB_PASSWORD, PGPASSWORD and access_token name secrets, too. AWS_SECRET_ACCESS_KEY goes on behind.
const NAMES =
  "(passwo?r?d|_pwd|passphrase|secret|token|credential|api[_-]?key|access[_-]?key|private[_-]?key)";
const ASSIGNED = `${NAMES}([\\w-]{0,40}\\\\?["']?\\s*[:=]\\s*\\\\?)`;

const PATTERNS: readonly [RegExp, string][] = [
  // Credentials inside URLs: scheme://user:password@host
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@"']*):[^\s@/"']+@/gi, "$1:[redacted]@"],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, "$1 [redacted]"],
  [/\bxox[abeprs]-[A-Za-z0-9-]{6,}/g, "[redacted]"],
  [/\bxapp-[A-Za-z0-9-]{6,}/g, "[redacted]"],
  // A quoted value ends at its quote, with spaces and all; a bare one at the next separator.
  [new RegExp(`${ASSIGNED}(["'])(?:(?!\\3).)+`, "gi"), "$1$2$3[redacted]"],
  [new RegExp(`${ASSIGNED}(?!["']|\\[redacted)[^\\s"',;&]{3,}`, "gi"), "$1$2[redacted]"],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g, "[redacted]"],
];

/** Takes known secret values and things that look like secrets out of text. Values shorter than 6 characters are ignored: they would redact words. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const values = [...new Set(secrets.flatMap(spellings))].filter((value) => value.length >= 6);
  values.sort((a, b) => b.length - a.length);
  return (text) => {
    let clean = text;
    for (const value of values) clean = clean.replaceAll(value, "[redacted]");
    for (const [pattern, instead] of PATTERNS) clean = clean.replace(pattern, instead);
    return clean;
  };
}

const spellings = (secret: string): string[] => [
  secret,
  encodeURIComponent(secret),
  JSON.stringify(secret).slice(1, -1),
  btoa(unescape(encodeURIComponent(secret))),
];

/** Redacts every string inside a JSON value. */
export function redactDeep<T>(value: T, redact: (text: string) => string): T {
  if (typeof value === "string") return redact(value) as T;
  if (Array.isArray(value)) return value.map((item) => redactDeep(item, redact)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactDeep(item, redact)])) as T;
}
