import {
  type ConnectionFace,
  count,
  type Evidence,
  type Finding,
  type host,
  rows,
} from "../../src/sdk/index.ts";
import { ownersOf, sayOwner } from "./port-owners.ts";

/** `api (http, 10.0.0.5:8000)`. */
const sayFace = ({ name, kind, endpoint }: ConnectionFace): string =>
  `${name} (${kind}${endpoint === undefined ? "" : `, ${endpoint.host}:${endpoint.port}`})`;

/** Connections of the system that go to a port: whatever else knows it, these do. Pure. */
export const goingTo = (port: number, connections: readonly ConnectionFace[]): ConnectionFace[] =>
  connections.filter(({ endpoint }) => endpoint?.port === port);

/** Who has to learn of another port, and which ports are nobody's to choose, by what the system's connections say. Pure. */
export function sayDependants(port: number | undefined, connections: readonly ConnectionFace[]): string {
  const mine = port === undefined ? [] : goingTo(port, connections);
  const others = [...new Set(connections.flatMap(({ endpoint }) => endpoint?.port ?? []))]
    .filter((one) => one !== port)
    .toSorted((a, b) => a - b);
  const known =
    mine.length === 0
      ? ""
      : ` Of diagbot.yaml ${mine.length === 1 ? "this connection goes" : "these connections go"} to ${port}, change ${mine.length === 1 ? "it" : "them"}, too: ${mine.map(sayFace).join(", ")}.`;
  return `${known}${others.length === 0 ? "" : ` Not ${others.slice(0, 20).join(", ")}: other connections of this system go there.`}`;
}

/** Who keeps the port from being had; empty: nobody, as far as it is seen. */
function takers(seen: host.PortHolders, taken: readonly ConnectionFace[]): { by: string; why: string }[] {
  const [owner] = ownersOf(seen);
  const [first] = taken;
  return [
    ...(owner === undefined ? [] : [{ by: `${sayOwner(owner)} has it`, why: "It listens there now." }]),
    ...(first === undefined
      ? []
      : [
          {
            by: `${first.name} is there`,
            why: `${taken.map(sayFace).join(", ")} of this system ${taken.length === 1 ? "goes" : "go"} to that port: where it is the same machine, or one address before both, they would meet.`,
          },
        ]),
    ...(owner === undefined && seen.connections.length > 0
      ? [{ by: "a connection has it", why: "An outgoing connection has it as its own port." }]
      : []),
  ];
}

/** Nobody is seen who has it, or is set to it. Pure. */
export const isFree = (to: number, seen: host.PortHolders, connections: readonly ConnectionFace[]): boolean =>
  takers(seen, goingTo(to, connections)).length === 0;

/**
 * Whether the service could have this port instead (trap port-8001-clash: the other port of a guide is that of another service). Free on
 * this machine is not enough: a service that does not run now, or runs elsewhere behind the same address, is set to it all the same. Pure.
 */
export function moveFinding(
  to: number,
  from: number | undefined,
  seen: host.PortHolders,
  connections: readonly ConnectionFace[],
): Finding<"movePort"> {
  const id = `move:${to}`;
  const knowing = from === undefined ? [] : goingTo(from, connections);
  const evidence = knowing.length === 0 ? [] : [table(from, knowing)];
  const taken = takers(seen, goingTo(to, connections));
  if (taken[0] !== undefined)
    return {
      ...{ id, severity: "warning", evidence, remedies: ["movePort"] },
      title: `Port ${to} is no way out: ${taken[0].by}`,
      because: taken.map(({ why }) => why).join(" "),
    };
  const known =
    knowing.length === 0
      ? "Nothing of diagbot.yaml goes to the old one."
      : `${count(knowing.length, "connection")} of diagbot.yaml ${knowing.length === 1 ? "goes" : "go"} to ${from} and would find nobody.`;
  const warned = seen.isEphemeral
    ? " The kernel gives ports of this range to outgoing connections (ip_local_port_range): one below it is safer."
    : "";
  return {
    ...{ id, severity: "info", evidence, remedies: ["movePort"] },
    title: `Port ${to} is free on this machine, and no connection of this system goes there`,
    because: `${known} Proxies, health checks, alerts and firewalls beyond it are not seen from here.${warned}`,
  };
}

const table = (from: number | undefined, knowing: readonly ConnectionFace[]): Evidence =>
  rows(`What goes to port ${from} and has to be changed`, knowing, {
    connection: (one) => one.name,
    kind: (one) => one.kind,
    address: (one) => `${one.endpoint?.host ?? ""}:${one.endpoint?.port ?? ""}`,
  });
