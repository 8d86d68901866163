import { host, saySeconds } from "../../src/sdk/index.ts";

type Holders = host.PortHolders;
export type Process = Holders["listeners"][number]["processes"][number];

/** One program, unit or container that holds the port, with all its sockets there. */
export interface Owner {
  readonly key: string;
  /** Its first process; null: not visible. */
  readonly process: Process | null;
  readonly manager: ReturnType<typeof host.managerOf>;
  /** systemd holds it for this unit. */
  readonly socketUnit: Holders["socketUnit"];
  /** It only passes connections on to a container. */
  readonly proxy: Holders["published"];
  readonly addresses: readonly string[];
  readonly isV6Only: boolean;
  readonly uid: number;
}

const PROXIES = /^(docker-proxy|rootlessport|rootlesskit|slirp4netns|pasta.*|conmon)$/;

/** `worker@1.service` and `worker@2.service` are one service. */
const family = (unit: string): string => unit.replace(/^([^@]*)@[^.@]*\./, "$1@.");

/** Who listens, one for each unit, container or program; workers of one master are one. Pure. */
export function ownersOf(seen: Holders): Owner[] {
  const found = new Map<string, Owner>();
  for (const listener of seen.listeners) {
    const one = ownerOf(listener, seen);
    const known = found.get(one.key);
    found.set(one.key, {
      ...one,
      process: known?.process ?? one.process,
      addresses: [...new Set([...(known?.addresses ?? []), ...one.addresses])],
      isV6Only: (known?.isV6Only ?? true) && one.isV6Only,
    });
  }
  return [...found.values()];
}

function ownerOf({ address, v6Only, uid, processes }: host.Holder, seen: Holders): Owner {
  const process = processes.find(({ pid }) => pid !== 1) ?? processes[0] ?? null;
  const what = {
    process,
    manager: process === null || process.pid === 1 ? null : host.managerOf(process),
    socketUnit: processes.some(({ pid }) => pid === 1) ? seen.socketUnit : null,
    proxy: process?.name === "docker-proxy" ? (seen.published ?? { to: "", container: "" }) : null,
    uid,
  };
  return { ...what, key: keyOf(what), addresses: [address], isV6Only: v6Only === true };
}

function keyOf({ process, manager, socketUnit, proxy, uid }: Omit<Owner, "key" | "addresses" | "isV6Only">) {
  if (socketUnit !== null) return `socket ${socketUnit.unit}`;
  if (proxy !== null) return "docker-proxy";
  if (manager !== null) return `${manager.kind} ${family(manager.name)}`;
  return process === null ? `uid ${uid}` : `program ${process.name} ${uid}`;
}

/** Whether it is what the person, or the failing unit, means: by unit, socket, container or program. Pure. */
export function isOf({ manager, socketUnit, process, proxy }: Owner, service: string): boolean {
  const names = [service, service.includes(".") ? service : `${service}.service`];
  const units = [manager?.name, socketUnit?.unit, socketUnit?.activates].map((one) => family(one ?? ""));
  if (names.some((name) => units.includes(family(name)))) return true;
  const container = proxy?.container.replace("container ", "") ?? manager?.name ?? "";
  if (container.length >= 12 && (container.startsWith(service) || service.startsWith(container))) return true;
  return (
    process !== null && proxy === null && process.name === service.replace(/\.service$/, "").slice(0, 15)
  );
}

/** `node (pid 12), started by hand 3 h ago`; `nginx of nginx.service (pid 12)`. */
export function sayOwner({ process, manager, socketUnit, proxy, uid }: Owner): string {
  if (socketUnit !== null)
    return `systemd for ${socketUnit.unit}${socketUnit.activates === "" ? "" : `, which starts ${socketUnit.activates}`}`;
  if (proxy !== null)
    return `a published port of ${proxy.container === "" ? "a container" : proxy.container}${proxy.to === "" ? "" : ` (${proxy.to})`}`;
  if (process === null) return `a process of uid ${uid}`;
  const who = `${process.name} (pid ${process.pid})`;
  if (manager?.kind === "unit") return `${who} of ${manager.name}`;
  if (manager?.kind === "supervisor") return `${who}, which ${manager.name} looks after`;
  if (manager?.kind === "container") return `${who} of container ${manager.name}`;
  return `${who}, which no unit and no container looks after, for ${saySeconds(process.ageSeconds)}`;
}

/** May diagbot ask it to end? Not what belongs to a unit or container, and nothing the machine depends on. */
export const isEndable = ({ process, manager, socketUnit, proxy }: Owner): boolean =>
  process !== null &&
  process.protected === null &&
  manager === null &&
  socketUnit === null &&
  proxy === null &&
  !PROXIES.test(process.name);
