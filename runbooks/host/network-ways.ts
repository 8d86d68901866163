import { count, type Finding, facts, type host, rows } from "../../src/sdk/index.ts";

type Remedy =
  | "restoreRoute"
  | "repairLink"
  | "askNeighbour"
  | "lookOnTheWay"
  | "giveAnotherAddress"
  | "changeCable";
type Found = Finding<Remedy>;

/** All ways to one place: a name may have several addresses. */
export interface Place {
  readonly name: string;
  readonly ways: readonly host.Way[];
}

const isTaken = (said: string): boolean => said === "ok";
/** A refusal came from the other machine: the network has done its part. */
const isAnswered = (said: string): boolean => isTaken(said) || said === "Connection refused";

/** Places in the order of the ways, `host:port`. Pure. */
export function placesOf(ways: readonly host.Way[]): Place[] {
  const names = [...new Set(ways.map(({ host, port }) => `${host}:${port}`))];
  return names.map((name) => ({ name, ways: ways.filter(({ host, port }) => `${host}:${port}` === name) }));
}

/** Nobody there answers by any of its addresses; where connections were not tried, the way itself has to be broken. */
const isLost = ({ ways }: Place): boolean =>
  ways.length > 0 &&
  ways.every(({ address }) => address !== "") &&
  !ways.some(({ connects }) => connects.some(isAnswered));

const evidenceOf = (ways: readonly host.Way[]) =>
  rows("", ways.slice(0, 20), {
    to: ({ host, port }) => `${host}:${port}`,
    address: ({ address }) => address,
    over: ({ dev, via }) => (dev === "" ? "no way" : via === "" ? dev : `${dev} by ${via}`),
    connections: ({ connects }) => (connects.length === 0 ? "not tried" : connects.join(", ")),
  });

/** Why places are not reached, by what the machine itself knows of the way: the nearest break first. Pure. */
export function wayFindings({ links, ways, routes }: host.Links): Found[] {
  const lost = placesOf(ways).filter(isLost);
  return lost.flatMap((place) => {
    // An address without a way counts only where none has one: a machine without IPv6 is no fault.
    const leading = place.ways.filter(({ failure }) => failure === null);
    if (leading.length === 0) return [noWay(place, routes)];
    const over = links.find(({ name }) => name === leading[0]?.dev);
    if (leading.every(({ dev }) => isDown(links.find(({ name }) => name === dev))))
      return [linkDown(place, leading, over)];
    if (leading.every(({ silent }) => silent !== "")) return [silentNeighbour(place, leading, over)];
    return leading.every(({ connects }) => connects.length === 0) ? [] : [unanswered(place, leading)];
  });
}

const isDown = (link: host.Link | undefined): boolean =>
  link !== undefined && !(link.isUp && link.hasCarrier);

const RULE: Readonly<Record<string, string>> = {
  blackhole: "A route of type blackhole throws packets for it away without a word.",
  prohibit: "A route of type prohibit forbids it.",
  unreachable: "A route of type unreachable answers for it.",
};

function noWay({ name, ways }: Place, routes: readonly host.Route[]): Found {
  const failure = ways[0]?.failure ?? "unknown";
  const family = ways[0]?.family ?? 4;
  const mine = routes.filter((one) => one.family === family);
  const hasDefault = mine.some(({ to, type }) => to === "default" && type === "unicast");
  const why =
    RULE[failure] ??
    (hasDefault
      ? "The kernel finds no way, though there is a default route: rules (`ip rule`) send it to another table, or the interface of the route is down."
      : `There is no default route for IPv${family}, and no route of its own to it.`);
  return {
    id: `no-way:${name}`,
    severity: "critical",
    title: `The machine has no way to ${name}`,
    because: `${why} Nothing is sent, and programs see an error at once.`,
    evidence: [
      evidenceOf(ways),
      rows("routes", mine.slice(0, 15), {
        to: (one) => one.to,
        by: (one) => one.via || "–",
        over: (one) => one.dev || one.type,
      }),
    ],
    remedies: ["restoreRoute"],
  };
}

function linkDown({ name }: Place, ways: readonly host.Way[], link: host.Link | undefined): Found {
  const how = link?.isUp === false ? "is switched off" : "has no carrier: nobody is at its other end";
  return {
    id: `link-down:${name}`,
    severity: "critical",
    title: `The way to ${name} leads over ${link?.name ?? "an interface"}, which ${how}`,
    because:
      "Packets go to an interface that can send none. Connections wait, or fail with “No route to host”.",
    evidence: [
      evidenceOf(ways),
      facts({ addresses: link?.addresses.join(", ") ?? "", kind: link?.kind || "card" }),
    ],
    remedies: ["repairLink"],
  };
}

function silentNeighbour({ name }: Place, ways: readonly host.Way[], link: host.Link | undefined): Found {
  const first = ways[0];
  const isGateway = first?.via !== "";
  const bridge =
    link?.kind === "bridge" && !isGateway
      ? ` ${link.name} is a bridge (of containers or virtual machines, mostly) with ${link.addresses.join(", ")}: either its guest is gone, or this network covers an address that is really elsewhere, and packets for it never leave the machine.`
      : "";
  return {
    id: `silent-neighbour:${name}`,
    severity: "critical",
    title: isGateway
      ? `The gateway ${first?.silent} on the way to ${name} does not answer`
      : `${name} is held to be on ${first?.dev}, and nobody there answers for ${first?.silent}`,
    because: `The machine asks on ${first?.dev} who has ${first?.silent} (ARP, neighbour discovery), and nobody says so.${bridge}`,
    evidence: [evidenceOf(ways)],
    remedies: ["askNeighbour"],
  };
}

const unanswered = ({ name }: Place, ways: readonly host.Way[]): Found => ({
  id: `unanswered:${name}`,
  severity: "critical",
  title: `No connection from the machine to ${name} comes about`,
  because: `Packets leave over ${ways[0]?.dev}${ways[0]?.via ? ` by ${ways[0].via}` : ""}, and what comes back is ${[...new Set(ways.flatMap(({ connects }) => connects))].map((said) => (said === "timeout" ? "nothing" : `“${said}”`)).join(", ")}. Either a firewall (here, there or between) drops them, or the other machine is off or has no way back; from one end these look the same.`,
  evidence: [evidenceOf(ways)],
  remedies: ["lookOnTheWay"],
});

/** Some connections of several come about: what comes and goes. Pure. */
export function changefulFindings({ ways }: host.Links): Found[] {
  return placesOf(ways).flatMap((place) => {
    const said = place.ways.filter(({ failure }) => failure === null).flatMap(({ connects }) => connects);
    const bad = said.filter((one) => !isTaken(one));
    if (bad.length === 0 || bad.length === said.length) return [];
    const byAddress = place.ways.every(({ connects }) => new Set(connects.map(isTaken)).size <= 1);
    return [
      {
        id: `intermittent:${place.name}`,
        severity: "warning" as const,
        title: `${bad.length} of ${count(said.length, "connection")} from the machine to ${place.name} did not come about`,
        because: byAddress
          ? "Some of its addresses take connections and others do not: whoever is given the wrong one fails or waits."
          : "The same address takes one connection and not the next: packets are lost on the way, two machines share an address, or the service runs out of what it takes connections with.",
        evidence: [evidenceOf(place.ways)],
        remedies: ["lookOnTheWay" as const],
      },
    ];
  });
}

/** What is wrong with an interface itself. Pure. */
export function linkFindings({ links }: host.Links): Found[] {
  return links.flatMap(({ name, taken, errors }): Found[] => [
    ...(taken.length === 0
      ? []
      : [
          {
            id: `address-taken:${name}`,
            severity: "warning" as const,
            title: `${taken.join(", ")} of ${name} belongs to another machine, too`,
            because:
              "When the address was taken another machine answered for it (dadfailed), so the kernel does not use it.",
            remedies: ["giveAnotherAddress" as const],
          },
        ]),
    ...(errors === 0
      ? []
      : [
          {
            id: `frames-damaged:${name}`,
            severity: "warning" as const,
            title: `${name} counts ${count(errors, "damaged frame")} within a moment`,
            because:
              "Errors of the interface itself (checksum, length, overrun), not packets that nobody wanted: each is sent again after a wait, or never.",
            remedies: ["changeCable" as const],
          },
        ]),
  ]);
}
