import { z } from "zod";
import { clip } from "../../../core/words/format.ts";
import { linesOf } from "../../machine/script.ts";

/** A network interface. */
export const Link = z.object({
  name: z.string(),
  /** `bridge`, `veth`, `vlan`, `wireguard`…; empty: a card. */
  kind: z.string(),
  /** It is switched on. */
  isUp: z.boolean(),
  /** It has a partner: a cable, a switch, the other end. */
  hasCarrier: z.boolean(),
  mtu: z.int(),
  /** `192.0.2.2/24`. */
  addresses: z.array(z.string()).max(40),
  /** Addresses that another machine has too, as IPv6 found when it took them (dadfailed): they are not used. */
  taken: z.array(z.string()).max(40),
  /** Damaged or dropped frames between two looks, in both directions. */
  errors: z.int(),
});
export type Link = z.output<typeof Link>;

export const Route = z.object({
  /** `default`, `192.0.2.0/24`. */
  to: z.string(),
  via: z.string(),
  dev: z.string(),
  /** `unicast`, `blackhole`, `unreachable`, `prohibit`. */
  type: z.string(),
  family: z.union([z.literal(4), z.literal(6)]),
  metric: z.int(),
});
export type Route = z.output<typeof Route>;

/** How packets for one address leave, and what came of connections. */
export const Way = z.object({
  host: z.string(),
  port: z.int(),
  /** Empty: the name has no address there. */
  address: z.string(),
  family: z.union([z.literal(4), z.literal(6)]),
  dev: z.string(),
  via: z.string(),
  /** Why it has none; null: it has one. */
  failure: z.enum(["no-route", "blackhole", "prohibit", "unreachable", "unknown"]).nullable(),
  /** `ok`, `timeout`, or the system's words, one per connection; empty: none was tried. */
  connects: z.array(z.string()).max(10),
  /** Who was asked for on the link and did not answer; empty: nobody, or it answered. */
  silent: z.string(),
});
export type Way = z.output<typeof Way>;

const IpAddr = z.array(
  z.object({
    ifname: z.string(),
    flags: z.array(z.string()).default([]),
    mtu: z.int().default(0),
    linkinfo: z.object({ info_kind: z.string().default("") }).optional(),
    addr_info: z
      .array(
        z.object({
          local: z.string().default(""),
          prefixlen: z.int().default(0),
          dadfailed: z.boolean().default(false),
        }),
      )
      .default([]),
  }),
);
const IpRoute = z.array(
  z.object({
    dst: z.string().default(""),
    gateway: z.string().default(""),
    via: z.object({ host: z.string().default("") }).optional(),
    dev: z.string().default(""),
    type: z.string().default("unicast"),
    metric: z.int().default(0),
  }),
);
const IpNeigh = z.array(
  z.object({
    dst: z.string().default(""),
    dev: z.string().default(""),
    state: z.array(z.string()).default([]),
  }),
);

/** JSON of iproute2; what is none of it is an empty list. */
function read<T>(schema: z.ZodType<T[]>, text: string): T[] {
  try {
    return schema.parse(JSON.parse(text.trim() || "[]"));
  } catch {
    return [];
  }
}

/** Lines of `grep -H`: `/sys/class/net/eth0/statistics/rx_errors:5`. */
function errorsOf(text: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const line of linesOf(text)) {
    const [, name = "", n = "0"] = /\/net\/([^/]+)\/statistics\/\w+:(\d+)$/.exec(line) ?? [];
    if (name !== "") sums.set(name, (sums.get(name) ?? 0) + Number(n));
  }
  return sums;
}

/** Interfaces, with what their counters of errors grew by. Pure. */
export function linksOf(addresses: string, before: string, after: string): Link[] {
  const [first, last] = [errorsOf(before), errorsOf(after)];
  return read(IpAddr, addresses)
    .slice(0, 200)
    .map(({ ifname, flags, mtu, linkinfo, addr_info }) => {
      const say = (bad: boolean) =>
        addr_info
          .filter(({ dadfailed }) => dadfailed === bad)
          .slice(0, 40)
          .map(({ local, prefixlen }) => `${local}/${prefixlen}`);
      return {
        ...{ name: clip(ifname, 40), kind: clip(linkinfo?.info_kind ?? "", 40), mtu },
        isUp: flags.includes("UP"),
        hasCarrier: flags.includes("LOWER_UP"),
        ...{ addresses: say(false), taken: say(true) },
        errors: Math.max(0, (last.get(ifname) ?? 0) - (first.get(ifname) ?? 0)),
      };
    });
}

/** Routes of one family. Pure. */
export const routesOf = (text: string, family: 4 | 6): Route[] =>
  read(IpRoute, text)
    .slice(0, 200)
    .map(({ dst, gateway, via, dev, type, metric }) => ({
      ...{ to: clip(dst, 60), via: gateway || (via?.host ?? ""), dev, type, family, metric },
    }));

/** What `ip route get` says where there is no way: the words of its errno. */
const FAILURES: readonly [RegExp, NonNullable<Way["failure"]>][] = [
  [/Network is unreachable/, "no-route"],
  [/Invalid argument/, "blackhole"],
  [/Permission denied/, "prohibit"],
  [/No route to host/, "unreachable"],
];

/** Ways, each with who on the link did not answer. Pure. */
export function waysOf(text: string, neighbours: string): Way[] {
  const silent = read(IpNeigh, neighbours).filter(({ state }) =>
    state.some((one) => one === "FAILED" || one === "INCOMPLETE"),
  );
  return linesOf(text)
    .filter((line) => line.includes("\t"))
    .slice(0, 80)
    .map((line) => {
      const [host = "", port = "0", address = "", got = "", how = ""] = line.split("\t");
      const route = read(IpRoute, got)[0];
      const via = route === undefined ? "" : route.gateway || (route.via?.host ?? "");
      const next = via || address;
      const dev = route?.dev ?? "";
      return {
        ...{ host, port: Number(port), address, dev, via },
        family: address.includes(":") ? (6 as const) : (4 as const),
        failure:
          route !== undefined || address === ""
            ? null
            : (FAILURES.find(([words]) => words.test(got))?.[1] ?? "unknown"),
        connects: how
          .split("|")
          .map((one) => clip(one.trim(), 80))
          .filter((one) => one !== "")
          .slice(0, 10),
        silent: silent.some((one) => one.dst === next && one.dev === dev) ? next : "",
      };
    });
}
