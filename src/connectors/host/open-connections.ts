import { linesOf } from "../machine/script.ts";
import { canonical } from "./nft-ruleset.ts";
import { addressOf } from "./ports.ts";

/** Open connections of one peer. */
interface Connection {
  readonly peer: string;
  readonly port: number;
  readonly open: number;
}

interface Open {
  readonly peer: string;
  /** Of this machine; where it began the connection itself, of the other. */
  readonly port: number;
  readonly isIncoming: boolean;
}

/** Open connections. One whose port here nobody listens on was begun by this machine. */
export function openIn(rows: string): Open[] {
  const all = linesOf(rows).map((line) => {
    const [local = "", remote = "", state = "01"] = line.split(" ");
    const portOf = (end: string) => Number.parseInt(end.split(":")[1] ?? "0", 16);
    return { here: portOf(local), there: portOf(remote), remote, isListening: state === "0A" };
  });
  const listened = new Set(all.flatMap(({ here, isListening }) => (isListening ? [here] : [])));
  return all
    .filter(({ isListening }) => !isListening)
    .map(({ here, there, remote }) => ({
      peer: canonical(addressOf(remote.split(":")[0] ?? "")),
      port: listened.has(here) ? here : there,
      isIncoming: listened.has(here),
    }));
}

/** This machine itself has begun connections to it: it is something it works with, and its answers would be dropped. Pure. */
export function whyNeeded(address: string, open: readonly Open[]): string | undefined {
  const ports = new Set(
    open.flatMap(({ peer, port, isIncoming }) => (peer === address && !isIncoming ? [port] : [])),
  );
  return ports.size === 0
    ? undefined
    : `this machine itself is connected to ${address} (port ${[...ports].slice(0, 5).join(", ")}): what that answers would be dropped, too. End what is connected there first, or block it by hand`;
}

/** By peer, most first; with `of`: of that address, by the port of this machine. Those that came in only. Pure. */
export function connectionsOf(open: readonly Open[], of: string | undefined): Connection[] {
  const found = new Map<string, Connection>();
  for (const { peer, port } of open.filter(({ isIncoming }) => isIncoming)) {
    if (of !== undefined && peer !== of) continue;
    const key = of === undefined ? peer : `${peer} ${port}`;
    const known = found.get(key);
    found.set(key, { peer, port, open: (known?.open ?? 0) + 1 });
  }
  return [...found.values()].sort((a, b) => b.open - a.open).slice(0, 20);
}
