/** Secrets as people make them: letters and digits, marks that every format escapes, other alphabets. */
export const CANARIES = ["s3cr3tCanary17", "p@ss'w&rd/\"<17>+ x", "пароль-é-Ünïcode-17"];

const bytes = (text: string): Buffer => Buffer.from(text);
const utf16 = (text: string): Buffer => Buffer.from(text, "utf16le");
const percent = (text: string): string =>
  [...bytes(text)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
const units = (text: string, digits: (hex: string) => string): string =>
  text
    .split("")
    .map((unit) => `\\u${digits(unit.charCodeAt(0).toString(16).padStart(4, "0"))}`)
    .join("");
/** A byte before and one behind: as in `user:secret!` or in the middle of a file. */
const within = (before: string, encoding: BufferEncoding) => (text: string) =>
  bytes(`${before}${text}!`).toString(encoding);

/** The same secret as the text of others may show it, by name. */
export const SPELLED: Readonly<Record<string, (secret: string) => string>> = {
  plain: (text) => text,
  "inside a longer word": (text) => `x${text}y`,
  "in colours": (text) => `\u001b[32m${text.slice(0, 4)}\u001b[0m\u001b[1;33m${text.slice(4)}\u001b[0m`,
  "with zero-width characters": (text) => [...text].join("\u200b"),
  "with a soft hyphen and an override": (text) => `${text.slice(0, 5)}\u00ad\u202e${text.slice(5)}`,
  "with controls": (text) => `${text.slice(0, 3)}\u0000\u0008${text.slice(3)}`,
  "UTF-16, read as bytes": (text) => text.split("").join("\u0000"),
  "percent, upper case": (text) => encodeURIComponent(text),
  "percent, lower case": (text) => encodeURIComponent(text).replace(/%../g, (code) => code.toLowerCase()),
  "percent, every byte": percent,
  "percent, every byte, upper case": (text) => percent(text).toUpperCase(),
  "a form": (text) => new URLSearchParams({ "": text }).toString().slice(1),
  "userinfo of a URL": (text) => {
    const url = new URL("http://h");
    url.password = text;
    return url.password;
  },
  JSON: (text) => JSON.stringify(text).slice(1, -1),
  "JSON within JSON": (text) => JSON.stringify(JSON.stringify(text)).slice(3, -3),
  "JSON with \\/": (text) => JSON.stringify(text).slice(1, -1).replaceAll("/", "\\/"),
  "ASCII-only JSON": (text) =>
    JSON.stringify(text)
      .slice(1, -1)
      .replace(/[^ -~]/g, (mark) => units(mark, (hex) => hex)),
  "\\u": (text) => units(text, (hex) => hex),
  "\\u, upper case": (text) => units(text, (hex) => hex.toUpperCase()),
  "\\x": (text) => [...bytes(text)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join(""),
  HTML: (text) =>
    text
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
      .replaceAll("'", "&#39;"),
  "HTML, decimal": (text) => [...text].map((mark) => `&#${mark.codePointAt(0)};`).join(""),
  "HTML, hexadecimal": (text) => [...text].map((mark) => `&#x${mark.codePointAt(0)?.toString(16)};`).join(""),
  hex: (text) => bytes(text).toString("hex"),
  "hex, upper case": (text) => bytes(text).toString("hex").toUpperCase(),
  "hex with colons": (text) => (bytes(text).toString("hex").match(/../g) ?? []).join(":"),
  base64: (text) => bytes(text).toString("base64"),
  "base64, one byte before": within("-", "base64"),
  "base64, two bytes before": within("u:", "base64"),
  "base64 inside longer text": within(`{"auth":"`, "base64"),
  "base64 in a URL": (text) => encodeURIComponent(bytes(text).toString("base64")),
  base64url: (text) => bytes(text).toString("base64url"),
  "base64url, one byte before": within("-", "base64url"),
  "base64url, two bytes before": within("u:", "base64url"),
  "base64 of UTF-16": (text) => utf16(text).toString("base64"),
  "base64 of UTF-16, big end first": (text) => utf16(text).swap16().toString("base64"),
  "hex of UTF-16": (text) => utf16(text).toString("hex"),
  "quoted for a shell": (text) => text.replaceAll("'", "'\\''"),
  "quoted for SQL": (text) => text.replaceAll("'", "''"),
};
