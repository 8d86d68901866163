/** What the name of a file says: a log that rotation has put aside, a temporary file, or something to leave alone. */
export type Leftover = "rotated log" | "temporary";

const COMPRESSED = /\.(gz|bz2|xz|zst|lz4|Z)$/;
/** What rotation puts behind the name: `.1`, `-20250131`, `.2025-01-31_12`, `.old`. */
const ROTATION =
  /(?:\.\d{1,4}|[-._]\d{8}(?:[-._T]?\d{2,6})?|[-._]\d{4}-\d{2}-\d{2}(?:[-._T]?[\d:-]{2,8})?|\.old)$/;
/** Something in the name says that it is a log: a database dump `orders.1.gz` is not. */
const LOGGISH =
  /(^|[-._])(log|logs|out|err|stdout|stderr|trace|access|error|debug|audit-log|syslog|messages|daemon|kern|auth|mail|catalina)([-._]|$)/i;
const TEMPORARY = /(\.(tmp|temp|partial|crdownload)|~)$/i;

/** Judges by name only; age, place and identity are judged elsewhere. Live logs (`app.log`) are never leftovers. */
export function leftoverKind(name: string): Leftover | undefined {
  if (TEMPORARY.test(name)) return "temporary";
  const plain = name.replace(COMPRESSED, "");
  if (!LOGGISH.test(plain)) return undefined;
  // `app-2025-01-31.log`: the date stands before the extension.
  const stem = plain.replace(/\.(log|out|err|txt|json)$/i, "");
  if (ROTATION.test(plain) || (stem !== plain && ROTATION.test(stem))) return "rotated log";
  return plain !== name && /\.(log|out|err)$/i.test(plain) ? "rotated log" : undefined;
}
