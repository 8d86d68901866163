import { z } from "zod";

const Rule = z.object({
  family: z.string(),
  table: z.string(),
  chain: z.string(),
  handle: z.number(),
  expr: z.array(z.record(z.string(), z.unknown())).default([]),
});
type Rule = z.output<typeof Rule>;
const Chain = z.object({
  family: z.string(),
  table: z.string(),
  name: z.string(),
  hook: z.string().optional(),
  prio: z.number().optional(),
  policy: z.string().optional(),
});
export type Chain = z.output<typeof Chain>;
const NamedSet = z.object({
  family: z.string(),
  table: z.string(),
  name: z.string(),
  elem: z.array(z.unknown()).default([]),
});

/** Tables of the kernel's packet filter, as `nft -j list ruleset` has them (libnftables-json(5)). */
export interface Ruleset {
  readonly chains: readonly Chain[];
  readonly rules: readonly Rule[];
  readonly sets: readonly z.output<typeof NamedSet>[];
}

const Document = z.object({ nftables: z.array(z.record(z.string(), z.unknown())) });

/** Undefined where it is not that document, e.g. cut off. Pure. */
export function parseRuleset(json: string): Ruleset | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  const document = Document.safeParse(value).data?.nftables;
  if (document === undefined) return undefined;
  const of = <S extends z.ZodType>(key: string, shape: S): z.output<S>[] =>
    document.flatMap((one) => {
      const parsed = shape.safeParse(one[key]);
      return parsed.success ? [parsed.data] : [];
    });
  return {
    chains: of("chain", Chain),
    rules: of("rule", Rule),
    sets: [...of("set", NamedSet), ...of("map", NamedSet)],
  };
}

/** A new connection as it comes in from outside. `from` undefined: from an address that no rule names. */
export interface Packet {
  readonly family: "ip" | "ip6";
  /** Null: not known, as that of a container which a published port leads to. */
  readonly port: number | null;
  /** An address, or a network: then a rule for a part of it "may" fit. */
  readonly from: string | undefined;
  /** Default: tcp. */
  readonly protocol?: Protocol;
}

export type Protocol = "tcp" | "udp";

type Fits = "yes" | "no" | "maybe";

/** Whether one expression of a rule fits the packet; what we cannot read may. Pure. */
export function fits(
  expr: Record<string, unknown>,
  packet: Packet,
  set: (name: string) => readonly unknown[],
): Fits {
  if ("limit" in expr) return "maybe";
  if ("xt" in expr) return xtFits(expr.xt);
  const match = Match.safeParse(expr.match);
  if (!match.success) return "match" in expr ? "maybe" : "yes";
  const { op, left, right } = match.data;
  const is = leftFits(left, right, packet, set);
  return op !== "!=" || is === "maybe" ? is : is === "yes" ? "no" : "yes";
}

const Match = z.object({ op: z.string(), left: z.unknown(), right: z.unknown() });
const Left = z.object({
  payload: z.object({ protocol: z.string(), field: z.string() }).optional(),
  meta: z.object({ key: z.string() }).optional(),
  ct: z.object({ key: z.string() }).optional(),
  fib: z.object({ result: z.string() }).optional(),
});
const Xt = z.object({ type: z.string(), name: z.string() });

/** What iptables brings along; a comment changes nothing. */
function xtFits(value: unknown): Fits {
  const xt = Xt.safeParse(value).data;
  return xt === undefined || (xt.type === "match" && xt.name !== "comment") ? "maybe" : "yes";
}

function leftFits(
  left: unknown,
  right: unknown,
  packet: Packet,
  set: (name: string) => readonly unknown[],
): Fits {
  const { payload, meta, ct, fib } = Left.safeParse(left).data ?? {};
  const holds = (value: string | number) => isIn(value, right, set);
  if (payload !== undefined) return payloadFits(payload, holds, packet);
  if (meta?.key === "l4proto") return protocolFits(holds, packet);
  if (meta?.key === "nfproto") return holds(packet.family === "ip" ? "ipv4" : "ipv6");
  if (meta?.key === "protocol") return holds(packet.family);
  // What comes from outside does not come by the loopback.
  if (meta?.key === "iifname" || meta?.key === "iif") return holds("lo") === "yes" ? "no" : "maybe";
  if (ct?.key === "state") return holds("new");
  if (ct?.key === "status") return "no";
  if (fib?.result === "type") return holds("local");
  return "maybe";
}

function payloadFits(
  { protocol, field }: { protocol: string; field: string },
  holds: (value: string | number) => Fits,
  packet: Packet,
): Fits {
  const isOther = TRANSPORTS.includes(protocol) && protocol !== (packet.protocol ?? "tcp");
  if (isOther) return "no";
  if (field === "dport") return packet.port === null ? "maybe" : holds(packet.port);
  if (protocol !== "ip" && protocol !== "ip6") return "maybe";
  if (protocol !== packet.family) return "no";
  if (field === "saddr") return holds(packet.from ?? "");
  return field === "protocol" || field === "nexthdr" ? protocolFits(holds, packet) : "maybe";
}

const TRANSPORTS = ["tcp", "udp", "icmp", "icmpv6", "sctp", "dccp"];
/** As the kernel numbers them. */
const NUMBERS = { tcp: 6, udp: 17 } as const;

const protocolFits = (holds: (value: string | number) => Fits, { protocol = "tcp" }: Packet): Fits =>
  either(holds(protocol), holds(NUMBERS[protocol]));

const either = (one: Fits, other: Fits): Fits =>
  one === "yes" || other === "yes" ? "yes" : one === "maybe" || other === "maybe" ? "maybe" : "no";

const Part = z.object({
  elem: z.object({ val: z.unknown() }).optional(),
  prefix: z.object({ addr: z.string(), len: z.number() }).optional(),
  range: z.tuple([z.unknown(), z.unknown()]).optional(),
  set: z.array(z.unknown()).optional(),
});

/** Whether a value is the right side of a match: itself, in a list, a range, a network, or a named set. `""`: an address no rule names. */
export function isIn(
  value: string | number,
  right: unknown,
  set: (name: string) => readonly unknown[],
): Fits {
  const inAny = (all: readonly unknown[]) => anyOf(all.map((each) => isIn(value, each, set)));
  if (Array.isArray(right)) return inAny(right);
  if (typeof right === "string" && right.startsWith("@")) return inAny(set(right.slice(1)));
  if (typeof right === "string" || typeof right === "number") return sameFits(String(value), String(right));
  const { elem, prefix, range, set: list } = Part.safeParse(right).data ?? {};
  if (elem !== undefined) return isIn(value, elem.val, set);
  if (list !== undefined) return inAny(list);
  if (prefix !== undefined) return networkFits(String(value), `${prefix.addr}/${prefix.len}`);
  if (range === undefined) return "maybe";
  if (typeof value === "string") return value === "" ? "no" : "maybe";
  return yes(value >= Number(range[0]) && value <= Number(range[1]));
}

const sameFits = (value: string, right: string): Fits =>
  value.includes("/") ? networkFits(value, right) : yes(value === right);

/** An address or a network in another: all of it, none, or a part of it (`maybe`). */
function networkFits(value: string, network: string): Fits {
  const [base = "", length] = value.split("/");
  const [other = "", otherLength] = network.split("/");
  // Every address is in it, that one too which no rule names.
  if (otherLength === "0") return "yes";
  if (length === undefined) return yes(isWithinNetwork(value, network));
  if (otherLength !== undefined && Number(length) >= Number(otherLength))
    return yes(isWithinNetwork(base, network));
  return isWithinNetwork(other, value) ? "maybe" : "no";
}

const yes = (is: boolean): Fits => (is ? "yes" : "no");

const anyOf = (all: readonly Fits[]): Fits =>
  all.includes("yes") ? "yes" : all.includes("maybe") ? "maybe" : "no";

/** As the kernel writes it (RFC 5952), so that two ways of writing one address are one; what is no address of IPv6 stays as it is. */
export function canonical(address: string): string {
  if (!z.ipv6().safeParse(address).success) return address;
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** Whether an address lies in a network (`10.0.0.0/8`, `2001:db8::/32`). False where either cannot be read. Pure. */
export function isWithinNetwork(address: string, network: string): boolean {
  const [base = "", length] = network.split("/");
  const [one, other] = [bitsOf(address), bitsOf(base)];
  if (one === undefined || other === undefined || one.length !== other.length) return false;
  const bits = length === undefined ? one.length : Number(length);
  return one.slice(0, bits) === other.slice(0, bits);
}

/** A network by its first address (`10.1.2.3/8` is `10.0.0.0/8`), as the kernel and ufw write it; an address stays one. Pure. */
export function canonicalNetwork(text: string): string {
  const [address = "", length] = text.split("/");
  const bits = bitsOf(address);
  const isSix = address.includes(":");
  if (bits === undefined || length === undefined || Number(length) === bits.length) return canonical(address);
  const masked = bits.slice(0, Number(length)).padEnd(bits.length, "0");
  const groups = masked.match(isSix ? /.{16}/g : /.{8}/g) ?? [];
  const numbers = groups.map((group) => Number.parseInt(group, 2));
  const base = isSix ? canonical(numbers.map((n) => n.toString(16)).join(":")) : numbers.join(".");
  return `${base}/${length}`;
}

function bitsOf(address: string): string | undefined {
  if (z.ipv4().safeParse(address).success)
    return address
      .split(".")
      .map((part) => Number(part).toString(2).padStart(8, "0"))
      .join("");
  if (!z.ipv6().safeParse(address).success) return undefined;
  const plain = canonical(address);
  const [head = "", tail] = plain.split("::");
  const groups = (text: string) => text.split(":").filter((group) => group !== "");
  const [first, last] = [groups(head), groups(tail ?? "")];
  const middle =
    tail === undefined ? [] : Array<string>(Math.max(0, 8 - first.length - last.length)).fill("0");
  return [...first, ...middle, ...last]
    .map((group) => Number.parseInt(group, 16).toString(2).padStart(16, "0"))
    .join("");
}
