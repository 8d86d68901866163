/**
 * How a secret may be written in the text of others: in URLs and forms, in JSON (also twice), in HTML, in a shell or SQL
 * literal, as hex, as base64 in the middle of something longer, as UTF-16. Pure; the order means nothing.
 */
export function spellings(secret: string): string[] {
  const text = secret.replace(/\p{Surrogate}/gu, "\ufffd");
  const found = [text, ...inUrls(text), ...inJson(text), ...inHtml(text), ...inQuotes(text)];
  for (const bytes of encodings(text)) found.push(...inHex(bytes), ...inBase64(bytes));
  return [...new Set(found)];
}

/** UTF-16 as text needs no spelling of its own: its zero bytes are controls and are gone before anybody looks. */
function encodings(text: string): Buffer[] {
  const little = Buffer.from(text, "utf16le");
  return [Buffer.from(text, "utf8"), little, Buffer.from(little).swap16()];
}

function inUrls(text: string): string[] {
  const strict = encodeURIComponent(text).replace(/[!'()*]/g, (mark) => percent(mark.charCodeAt(0)));
  const userinfo = new URL("http://host");
  userinfo.password = text;
  const all = [
    encodeURIComponent(text),
    encodeURI(text),
    strict,
    userinfo.password,
    new URLSearchParams([["", text]]).toString().slice(1),
    [...Buffer.from(text)].map(percent).join(""),
  ];
  const formed = all.map((one) => one.replaceAll("%20", "+"));
  return [...all, ...formed].flatMap((one) => [one, lower(one)]);
}

const lower = (text: string): string => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());

const percent = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;

function inJson(text: string): string[] {
  const escaped = JSON.stringify(text).slice(1, -1);
  const ascii = escaped.replace(/[^ -~]/g, (mark) => `\\u${hex(mark, 4)}`);
  const units = text.split("");
  const all = [
    escaped,
    escaped.replaceAll("/", "\\/"),
    ascii,
    units.map((unit) => `\\u${hex(unit, 4)}`).join(""),
    [...text].map((mark) => `\\u{${(mark.codePointAt(0) ?? 0).toString(16)}}`).join(""),
    [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join(""),
    [...Buffer.from(text)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join(""),
  ];
  const twice = all.map((one) => JSON.stringify(one).slice(1, -1));
  const upper = (one: string) =>
    one.replace(/(\\[ux])([0-9a-f]+)/g, (_, how, code) => how + code.toUpperCase());
  return [...all, ...twice].flatMap((one) => [one, upper(one)]);
}

const hex = (unit: string, digits: number): string => unit.charCodeAt(0).toString(16).padStart(digits, "0");

function inHtml(text: string): string[] {
  const named = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const quoted = named.replaceAll('"', "&quot;");
  const points = [...text].map((mark) => mark.codePointAt(0) ?? 0);
  const inHexadecimal = points.map((point) => `&#x${point.toString(16)};`).join("");
  return [
    named,
    quoted,
    ...["&#39;", "&#039;", "&#x27;", "&apos;"].map((quote) => quoted.replaceAll("'", quote)),
    quoted.replaceAll("&quot;", "&#34;").replaceAll("'", "&#39;"),
    points.map((point) => `&#${point};`).join(""),
    inHexadecimal,
    inHexadecimal.toUpperCase().replaceAll("&#X", "&#x"),
    inHexadecimal.toUpperCase(),
  ];
}

/** Inside '…' of a shell and of SQL, and with a backslash before every quote; also inside JSON. */
const inQuotes = (text: string): string[] =>
  [
    text.replaceAll("'", "'\\''"),
    text.replaceAll("'", "''"),
    text.replaceAll('"', '""'),
    text.replace(/(["'\\$`])/g, "\\$1"),
  ].flatMap((quoted) => [quoted, JSON.stringify(quoted).slice(1, -1)]);

function inHex(bytes: Buffer): string[] {
  const pairs = [...bytes].map((byte) => byte.toString(16).padStart(2, "0"));
  return ["", ":", " "].map((between) => pairs.join(between)).flatMap((one) => [one, one.toUpperCase()]);
}

/** Three bytes are four characters, so the same bytes have three spellings; what a neighbour has a part in is left out. */
function inBase64(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]);
    const from = Math.ceil((before * 8) / 6);
    const core = whole.toString("base64").slice(from, Math.floor((whole.length * 8) / 6));
    const inUrl = encodeURIComponent(core);
    return [core, core.replaceAll("+", "-").replaceAll("/", "_"), inUrl, lower(inUrl)];
  });
}
