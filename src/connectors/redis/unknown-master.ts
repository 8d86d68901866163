import { BlockList, isIP } from "node:net";
import type { Endpoint } from "../../core/words/connection.ts";
import type { RedisFailure } from "./failures/known.ts";
import type { RedisState } from "./state.ts";

const PRIVATE = new BlockList();
for (const [net, bits] of [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["100.64.0.0", 10],
  ["0.0.0.0", 8],
] as const)
  PRIVATE.addSubnet(net, bits, "ipv4");
for (const [net, bits] of [
  ["fc00::", 7],
  ["fe80::", 10],
  ["::", 127],
] as const)
  PRIVATE.addSubnet(net, bits, "ipv6");

/** An address that anybody on the internet may have; a name is none, as nobody can say whose it is. */
export function isPublic(host: string): boolean {
  const address = host.replace(/^::ffff:(?=\d)/i, "");
  const family = isIP(address);
  return family !== 0 && !PRIVATE.check(address, family === 6 ? "ipv6" : "ipv4");
}

/**
 * It follows a master at a public address that is none of the system's connections. Strangers who reach an open port make it
 * follow theirs, which replaces the data, or hands it a module as the copy (redis-rogue-server, H2Miner); a replica across
 * sites looks the same. Undefined: a master, or one whose master is private or known. Pure.
 */
export function unknownMaster(
  { role, replication: { master, masterLinkUp } }: RedisState,
  known: readonly Endpoint[],
): RedisFailure | undefined {
  const host = master.slice(0, master.lastIndexOf(":"));
  if (role !== "replica" || !isPublic(host)) return undefined;
  if (known.some((one) => one.host === host)) return undefined;
  return {
    id: "unknown-master",
    severity: "warning",
    title: `This Redis follows ${master}, a public address that is none of this system's`,
    because: `Its link is ${masterLinkUp ? "up" : "down"}. Either one of you replicates over the internet from there, or strangers reached its port and made it follow theirs: that replaces its data with what they send, and is how they bring in a module of their own.`,
    advice:
      "To tell them apart: is that address one of yours (another site, a provider's endpoint, the public side of your master)? `replicaof` in its configuration file and your deployment say whether it was set on purpose; REPLICAOF in its log says when it was done. If it is yours, give diagbot a connection to that master. If nobody knows it, treat the server as broken into: take it off the network, leave the process as evidence, and do not just REPLICAOF NO ONE.",
  };
}
