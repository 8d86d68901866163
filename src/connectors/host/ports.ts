import { z } from "zod";
import { clip } from "../../core/words/format.ts";
import { linesOf } from "../machine/script.ts";

/** Connections from one address of this machine to one address and port: each takes an ephemeral port of its own. */
export const Destination = z.object({
  from: z.string(),
  to: z.string(),
  port: z.int(),
  /** Connections in any state but TIME_WAIT. */
  open: z.int(),
  timeWait: z.int(),
  /** Ports that no new connection there can have: without TIME_WAIT where the kernel takes those again. */
  held: z.int(),
  ratio: z.number(),
  /** Who holds one of the open ones; null: nobody any more, or another user's process. */
  owner: z.object({ pid: z.int(), name: z.string() }).nullable(),
});
export type Destination = z.output<typeof Destination>;

/** How many ports `ip_local_port_range` gives without those of `ip_local_reserved_ports` (`8080,9000-9010`). */
export function portsIn(range: string, reserved: string): number {
  const [low = 0, high = -1] = range.trim().split(/\s+/).map(Number);
  const kept = new Set<number>();
  for (const part of reserved.trim().split(",").filter(Boolean)) {
    const [from = 0, to = from] = part.split("-").map(Number);
    for (let port = Math.max(from, low); port <= Math.min(to, high); port++) kept.add(port);
  }
  return Math.max(0, high - low + 1 - kept.size);
}

/** `0100007F` as the kernel writes addresses: 32-bit words in the machine's own (little-endian) order. */
export function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16)),
  );
  if (bytes.length === 4) return bytes.join(".");
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  if (isMapped) return bytes.slice(12).join(".");
  const groups = Array.from({ length: 8 }, (_, at) =>
    ((bytes[at * 2] ?? 0) * 256 + (bytes[at * 2 + 1] ?? 0)).toString(16),
  ).join(":");
  return groups === "0:0:0:0:0:0:0:1" ? "::1" : groups;
}

const isLoopback = (address: string): boolean => address.startsWith("127.") || address === "::1";

/**
 * Lines `count state from to:port inode`, largest first; owners by inode. `reuse`: tcp_tw_reuse, 1 everywhere, 2 on loopback; it
 * needs timestamps. Pure.
 */
export function parseDestinations(
  text: string,
  { ports, reuse }: { readonly ports: number; readonly reuse: number },
  owners: ReadonlyMap<string, { pid: number; name: string }>,
): Destination[] {
  const found = new Map<string, Destination>();
  for (const line of linesOf(text)) {
    const [n, state, from = "", to = "", inode = "0"] = line.split(" ");
    if (state !== "open" && state !== "wait") continue;
    const known = found.get(`${from} ${to}`);
    const [address = "", port = "0"] = to.split(":");
    const one = known ?? {
      ...{ from: addressOf(from), to: addressOf(address), port: Number.parseInt(port, 16) },
      ...{ open: 0, timeWait: 0, held: 0, ratio: 0, owner: null },
    };
    const owner = owners.get(inode) ?? one.owner;
    const sum = state === "open" ? { open: Number(n) } : { timeWait: Number(n) };
    found.set(`${from} ${to}`, { ...one, ...sum, owner });
  }
  return [...found.values()]
    .map((one) => {
      const isReused = reuse === 1 || (reuse === 2 && isLoopback(one.to));
      const held = one.open + (isReused ? 0 : one.timeWait);
      return { ...one, held, ratio: ports === 0 ? 1 : held / ports };
    })
    .sort((a, b) => b.held - a.held)
    .slice(0, 20);
}

/** `pid inode name`, one a line. */
export const parseOwners = (text: string): Map<string, { pid: number; name: string }> =>
  new Map(
    linesOf(text).map((line) => {
      const [pid = "0", inode = "", ...name] = line.split(" ");
      return [inode, { pid: Number(pid), name: clip(name.join(" "), 60) }];
    }),
  );
