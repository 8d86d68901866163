import { z } from "zod";
import { linesOf } from "../../machine/script.ts";
import type { Protocol, Ruleset } from "../nft-ruleset.ts";

/** A port that diagbot has opened. */
export const Opening = z.object({
  port: z.int(),
  protocol: z.enum(["tcp", "udp"]),
  /** Address, network, or `any`. */
  from: z.string(),
  /** Null: until somebody closes it, or (nftables) the rules are loaded anew. */
  leftSeconds: z.number().nullable(),
});
export type Opening = z.output<typeof Opening>;

export type Family = "ip" | "ip6";

/** What set and chain of a port are called, one of each for each family. */
export const nameOf = (port: number, protocol: Protocol, family: Family): string =>
  `diagbot_${protocol}_${port}_${family === "ip" ? 4 : 6}`;
const NAME = /^diagbot_(tcp|udp)_(\d{1,5})_([46])$/;

/** Undefined: it is none of ours. */
export function familyOf(name: string): Family | undefined {
  const digit = NAME.exec(name)?.[3];
  return digit === undefined ? undefined : digit === "4" ? "ip" : "ip6";
}

const Value = z.union([
  z.string(),
  z.object({ prefix: z.object({ addr: z.string(), len: z.number() }) }).transform(({ prefix }) => {
    return prefix.len === 0 ? "any" : `${prefix.addr}/${prefix.len}`;
  }),
]);
const Element = z.union([
  Value.transform((from) => ({ from, leftSeconds: null })),
  z
    .object({ elem: z.object({ val: Value, expires: z.number().optional() }) })
    .transform(({ elem }) => ({ from: elem.val, leftSeconds: elem.expires ?? null })),
]);

/** Who is let in by one set of ours. Pure. */
export const elementsOf = (set: Ruleset["sets"][number]): { from: string; leftSeconds: number | null }[] =>
  set.elem.flatMap((one) => Element.safeParse(one).data ?? []);

/** Pure. An opening to everybody has an element of each family, and is told once. */
export function openedByNft({ sets }: Ruleset): Opening[] {
  const all = sets.flatMap((set) => {
    const [, protocol, port] = NAME.exec(set.name) ?? [];
    if (port === undefined) return [];
    const of = { port: Number(port), protocol: protocol === "udp" ? ("udp" as const) : ("tcp" as const) };
    return elementsOf(set).map((one) => ({ ...of, ...one }));
  });
  return all.filter((one, at) => all.findIndex((other) => isSame(one, other)) === at);
}

/** Whether both are the same port to the same ones. */
export const isSame = (
  one: Pick<Opening, "port" | "protocol" | "from">,
  other: Pick<Opening, "port" | "protocol" | "from">,
): boolean => one.port === other.port && one.protocol === other.protocol && one.from === other.from;

const ADDED =
  /^ufw allow (?:(?<open>\d+)\/(?<kind>tcp|udp)|from (?<from>\S+) to any port (?<port>\d+) proto (?<protocol>tcp|udp))(?: comment '(?<comment>.*)')?$/;

/** Rules of `ufw show added` as we write them: ours by their comment, or those of others. Pure. */
export const ufwRules = (added: string, whose: "ours" | "others"): Opening[] =>
  linesOf(added).flatMap((line) => {
    const {
      open,
      kind,
      from = "any",
      port = open,
      protocol = kind,
      comment,
    } = ADDED.exec(line)?.groups ?? {};
    if (port === undefined || (comment === "diagbot") !== (whose === "ours")) return [];
    return [
      {
        ...{ port: Number(port), protocol: protocol === "udp" ? ("udp" as const) : ("tcp" as const) },
        ...{ from, leftSeconds: null },
      },
    ];
  });
