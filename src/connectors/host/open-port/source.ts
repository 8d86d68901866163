import { z } from "zod";
import { canonicalNetwork } from "../nft-ruleset.ts";

/** Bits a network has at least: wider ones are no network of somebody's own. */
const LEAST = { ip: 8, ip6: 16 } as const;

const isBounded = (text: string): boolean => {
  const [address = "", length] = text.split("/");
  return length === undefined || Number(length) >= LEAST[address.includes(":") ? "ip6" : "ip"];
};

/** One address or network, no wider than /8 (IPv6: /16). */
export const Network = z
  .union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])
  .refine(isBounded, "a network no wider than /8 (IPv6: /16)");

/** Whom a port is opened to; `any` only where it is said in that word. */
export const Source = z.union([Network, z.literal("any")]);

/** As firewalls write it: a network by its first address. Pure. */
export const networkOf = (source: string): string => (source === "any" ? source : canonicalNetwork(source));
