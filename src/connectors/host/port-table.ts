import { linesOf } from "../machine/script.ts";
import { addressOf } from "./ports.ts";

/** A socket on the asked port, as the kernel's table has it (proc(5), /proc/net/tcp). */
export interface PortSocket {
  readonly address: string;
  readonly family: "IPv4" | "IPv6";
  readonly uid: number;
  readonly inode: string;
  /** The other side, where there is one. */
  readonly peer: string;
  readonly state: string;
}

/** What is on the port: who listens, who else has it as its local port (some), and how many in each state. */
export interface PortTable {
  readonly listeners: readonly PortSocket[];
  readonly others: readonly PortSocket[];
  readonly timeWait: number;
}

const STATES: Readonly<Record<string, string>> = {
  "01": "established",
  "02": "syn-sent",
  "04": "fin-wait-1",
  "05": "fin-wait-2",
  "08": "close-wait",
  "09": "last-ack",
  "0B": "closing",
};

/** Lines `listen tcp6 local peer uid inode`, `other tcp local peer state uid inode` and `wait n`. Pure. */
export function parsePortTable(text: string): PortTable {
  const lines = linesOf(text).map((line) => line.split(" "));
  const side = (hex = "") => {
    const [address = "", port = "0"] = hex.split(":");
    return `${addressText(address)}:${Number.parseInt(port, 16)}`;
  };
  const socket = (words: readonly string[], state: string): PortSocket => {
    const [, table = "", local = "", peer = "", uid = "-1", inode = ""] = words;
    return {
      address: addressText(local.split(":")[0] ?? ""),
      family: table.endsWith("6") ? "IPv6" : "IPv4",
      ...{ uid: Number(uid), inode, peer: side(peer), state },
    };
  };
  return {
    listeners: lines.filter(([what]) => what === "listen").map((words) => socket(words, "listen")),
    others: lines
      .filter(([what]) => what === "other")
      .map(([what = "", table = "", local = "", peer = "", state = "", ...rest]) =>
        socket([what, table, local, peer, ...rest], STATES[state] ?? state),
      ),
    timeWait: Number(lines.find(([what]) => what === "wait")?.[1] ?? 0),
  };
}

/** `[::]` as programs write it, `[::1]`, and IPv4 as it is. */
function addressText(hex: string): string {
  const plain = addressOf(hex);
  if (!plain.includes(":")) return plain;
  return /^0(:0)*$/.test(plain) ? "[::]" : `[${plain}]`;
}

/** `/proc/9/fd` owners: lines `pid inode`. */
export function ownersOf(text: string): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const line of linesOf(text)) {
    const [pid = "", inode = ""] = line.split(" ");
    found.set(inode, [...(found.get(inode) ?? []), Number(pid)]);
  }
  return found;
}

/** `ino:123 … v6only:1` of `ss -Hlne`: whether a socket of IPv6 leaves IPv4 alone, by inode. */
export const v6OnlyOf = (text: string): Map<string, boolean> =>
  new Map(
    linesOf(text).flatMap((line) => {
      const inode = /\bino:(\d+)/.exec(line)?.[1];
      const only = /\bv6only:([01])/.exec(line)?.[1];
      return inode === undefined || only === undefined ? [] : [[inode, only === "1"] as const];
    }),
  );

/** `[::]:80 web.socket web.service` of `systemctl list-sockets`: the socket unit on this port, and what it starts. */
export function socketUnitOf(text: string, port: number): { unit: string; activates: string } | null {
  for (const line of linesOf(text)) {
    const words = line.trim().split(/\s+/);
    const at = words.findIndex((word) => word.endsWith(".socket"));
    if (at > 0 && (words[0] ?? "").endsWith(`:${port}`))
      return { unit: words[at] ?? "", activates: words[at + 1] ?? "" };
  }
  return null;
}

/** Ranges of `ip_local_reserved_ports` (`8080,9000-9010`). */
export const isWithin = (ranges: string, port: number): boolean =>
  ranges
    .trim()
    .split(",")
    .filter(Boolean)
    .some((part) => {
      const [from = 0, to = from] = part.split("-").map(Number);
      return port >= from && port <= to;
    });
