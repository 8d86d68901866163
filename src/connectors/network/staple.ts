import { z } from "zod";

/** What a server says of its certificate's revocation on its own (OCSP stapling, RFC 6066 and 6960). */
export const Staple = z.object({
  /** `refused`: the issuer's responder gave no answer; `other`: it is about another certificate; `unreadable`: no OCSP response. */
  status: z.enum(["good", "revoked", "unknown", "refused", "other", "unreadable"]),
  revokedAt: z.string().nullable(),
  thisUpdate: z.string().nullable(),
  /** Until when clients take it; null: it does not say. */
  nextUpdate: z.string().nullable(),
});
export type Staple = z.infer<typeof Staple>;

const NOTHING = { revokedAt: null, thisUpdate: null, nextUpdate: null };
/** Some hundred bytes to a few thousand where the responder's own certificates are in it. */
const MOST_BYTES = 65_536;

/**
 * Reads what a stapled response states of the certificate with this serial number (hexadecimal). Its signature is not checked:
 * it says what the server hands out, which clients then judge. Pure.
 */
export function stapleIn(response: Buffer, serial: string): Staple {
  try {
    return read(response.subarray(0, MOST_BYTES), serial);
  } catch (thrown) {
    if (thrown instanceof Unreadable || thrown instanceof RangeError)
      return { status: "unreadable", ...NOTHING };
    throw thrown;
  }
}

class Unreadable extends Error {}

function read(response: Buffer, serial: string): Staple {
  const [status, bytes] = inside(first(response, 0x30).value);
  if (status?.tag !== 0x0a) throw new Unreadable();
  if (status.value[0] !== 0) return { status: "refused", ...NOTHING };
  const [, octets] = inside(first(bytes?.value ?? Buffer.alloc(0), 0x30).value);
  const [data] = inside(first(octets?.value ?? Buffer.alloc(0), 0x30).value);
  // Version and name of the responder stand before; the time and the list of answers are the first of their kind.
  const answers = inside(data?.value ?? Buffer.alloc(0)).find(({ tag }) => tag === 0x30);
  if (answers === undefined) throw new Unreadable();
  const all = inside(answers.value).map(({ value }) => answerOf(value));
  const own = all.find((one) => one.serial === plain(serial));
  return own?.staple ?? { status: "other", ...NOTHING };
}

const STATES: Readonly<Record<number, "good" | "revoked" | "unknown">> = {
  128: "good",
  161: "revoked",
  130: "unknown",
};

function answerOf(bytes: Buffer): { readonly serial: string; readonly staple: Staple } {
  const [id, state, at, next] = inside(bytes);
  const number = inside(id?.value ?? Buffer.alloc(0)).find(({ tag }) => tag === 0x02);
  const status = STATES[state?.tag ?? 0];
  if (number === undefined || status === undefined || at?.tag !== 0x18) throw new Unreadable();
  return {
    serial: plain(number.value.toString("hex")),
    staple: {
      status,
      revokedAt: status === "revoked" ? timeIn(inside(state?.value ?? Buffer.alloc(0))[0]) : null,
      thisUpdate: timeIn(at),
      nextUpdate: next?.tag === 0xa0 ? timeIn(inside(next.value)[0]) : null,
    },
  };
}

const plain = (hex: string): string => hex.toLowerCase().replace(/^0+/, "");

/** `20261129221000Z`. */
function timeIn(part: Part | undefined): string | null {
  const text = part?.tag === 0x18 ? part.value.toString("latin1", 0, 15) : "";
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  const time = new Date(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

interface Part {
  readonly tag: number;
  readonly value: Buffer;
}

/** More parts than any answer for one certificate has. */
const MOST_PARTS = 64;

/** The parts of a constructed value, each a tag, a length and its bytes (DER). */
function inside(bytes: Buffer): Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < bytes.length && parts.length < MOST_PARTS; ) {
    const tag = bytes.readUInt8(at);
    const short = bytes.readUInt8(at + 1);
    const more = short < 0x80 ? 0 : short - 0x80;
    if (more > 4) throw new Unreadable();
    const length = more === 0 ? (short < 0x80 ? short : 0) : bytes.readUIntBE(at + 2, more);
    const from = at + 2 + more;
    if (from + length > bytes.length) throw new Unreadable();
    parts.push({ tag, value: bytes.subarray(from, from + length) });
    at = from + length;
  }
  return parts;
}

function first(bytes: Buffer, tag: number): Part {
  const [part] = inside(bytes);
  if (part?.tag !== tag) throw new Unreadable();
  return part;
}

/** `id-pe-tlsfeature` with status_request (RFC 7633) within the certificate: clients that know it demand a staple. */
const TLS_FEATURE = Buffer.from("06082b06010505070118", "hex");
const STATUS_REQUEST = Buffer.from("3003020105", "hex");

/** Its issuer wrote into it that it must not be shown without a staple. Pure. */
export function mustStaple(raw: Buffer): boolean {
  const at = raw.indexOf(TLS_FEATURE);
  return at !== -1 && raw.subarray(at, at + 24).includes(STATUS_REQUEST);
}
