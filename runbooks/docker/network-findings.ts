import { count, type docker, type Finding, type OutputOf, rows } from "../../src/sdk/index.ts";

type Seen = OutputOf<typeof docker.networks>;
type Member = Seen["containers"][number];
type Network = Seen["networks"][number];
export type NetworkRemedy = "connect" | "giveName" | "bringUp" | "removeUnused";

/** A container that should be on a network and is not. */
export interface Missing {
  readonly member: Member;
  readonly network: Network;
  readonly because: string;
}

const isUp = ({ state }: Member): boolean => state === "running";
const madeForNetwork = ({ networks }: Seen, { madeFor }: Member): Network | undefined =>
  madeFor === null
    ? undefined
    : networks.find(({ id, name }) => name === madeFor || (madeFor.length >= 12 && id.startsWith(madeFor)));
const isOn = ({ on }: Member, { id }: Network): boolean => on.some(({ network }) => network === id);

/** Running containers that were taken from the network they were made for: the engine never does that by itself. Pure. */
export const detached = (seen: Seen): Missing[] =>
  seen.containers.filter(isUp).flatMap((member) => {
    const network = madeForNetwork(seen, member);
    if (network === undefined || isOn(member, network)) return [];
    const others = seen.containers.filter((one) => isUp(one) && isOn(one, network)).map(({ name }) => name);
    return [
      {
        member,
        network,
        because: `It was made for ${network.name} and is not on it: somebody disconnected it, or a connect after a change failed. ${others.length === 0 ? "Nobody else runs on it." : `On it are ${others.slice(0, 5).join(", ")}; neither finds the other, by name or address.`}`,
      },
    ];
  });

/** Pairs where one waits for the other at its start, and both share no network. Who shares the machine's own is left out. Pure. */
export function apart(seen: Seen): Missing[] {
  const away = new Set(detached(seen).map(({ member }) => member.id));
  const near = seen.containers.filter((one) => isUp(one) && one.madeFor !== null && !away.has(one.id));
  return near.flatMap((member) =>
    member.needs.flatMap((service) => {
      const others = near.filter((one) => one.service === service);
      const [other] = others;
      if (other === undefined || others.some((one) => shared(member, one).length > 0)) return [];
      const network = seen.networks.find((one) => isOn(other, one));
      if (network === undefined) return [];
      return [
        {
          member,
          network,
          because: `${member.name} is on ${named(member)}, ${other.name} on ${named(other)}: the name ${service} is not found, and its address is not reached. Compose starts ${member.service} after ${service}; where it never talks to it, this is on purpose.`,
        },
      ];
    }),
  );
}

const shared = (one: Member, other: Member) =>
  one.on.filter(({ network }) => other.on.some((place) => place.network === network));
const named = ({ on }: Member): string => on.map(({ name }) => name).join(", ") || "none";

/** A needed service that is on the same network under other names only. Pure. */
export function nameless(seen: Seen): { member: Member; service: string; other: Member; network: string }[] {
  const up = seen.containers.filter(isUp);
  return up.flatMap((member) =>
    member.needs.flatMap((service) => {
      const others = up.filter((one) => one.service === service);
      const meetings = others.flatMap((other) =>
        shared(other, member).map((place) => ({ other, place, has: place.names.includes(service) })),
      );
      const [first] = meetings;
      if (first === undefined || meetings.some(({ has }) => has)) return [];
      return [{ member, service, other: first.other, network: first.place.name }];
    }),
  );
}

/** Networks of the project that no container of the engine is on. Pure. */
export const unused = ({ networks }: Seen): Network[] =>
  networks.filter(({ containers }) => containers === 0);

/** What is wrong with who is on which network. Pure. */
export function networkFindings(seen: Seen): Finding<NetworkRemedy>[] {
  const away = detached(seen).map((one) => said("detached", "critical", "is not on its network", one));
  const split = apart(seen).map((one) =>
    said("apart", "warning", "shares no network with what it needs on", one),
  );
  const names = nameless(seen).map(
    ({ member, service, other, network }): Finding<NetworkRemedy> => ({
      id: `no-name:${member.name}:${service}`,
      severity: "warning",
      title: `${member.name} does not find ${service} by that name on ${network}`,
      because: `${other.name} is there, as ${other.on.find(({ name }) => name === network)?.names.join(", ") ?? "nobody"}: it was connected by hand, without the name of its service.`,
      remedies: ["giveName"],
    }),
  );
  const lost = seen.containers
    .filter(
      (one) =>
        isUp(one) && one.madeFor !== null && one.on.length === 0 && madeForNetwork(seen, one) === undefined,
    )
    .map(
      (one): Finding<NetworkRemedy> => ({
        id: `network-gone:${one.name}`,
        severity: "critical",
        title: `${one.name} runs without any network: ${one.madeFor ?? "its own"} is gone`,
        because:
          "The network it was made for was removed while it ran; nobody reaches it, and it reaches nobody.",
        remedies: ["bringUp"],
      }),
    );
  const empty = unused(seen);
  return [
    ...lost,
    ...away,
    ...split,
    ...names,
    ...(empty.length === 0
      ? []
      : [
          {
            id: "unused-networks",
            severity: "info" as const,
            title: `${count(empty.length, "network")} of the project without a container: ${empty
              .map(({ name }) => name)
              .slice(0, 5)
              .join(", ")}`,
            because:
              "No container is on it or was made for it, stopped ones included. Each takes an address range; the engine has some 30 of them.",
            remedies: ["removeUnused" as const],
          },
        ]),
  ];
}

const said = (
  id: string,
  severity: "critical" | "warning",
  what: string,
  { member, network, because }: Missing,
): Finding<NetworkRemedy> => ({
  id: `${id}:${member.name}`,
  severity,
  title: `${member.name} ${what} ${network.name}`,
  because,
  evidence: [
    rows("", member.on, { network: (one) => one.name, "found there as": (one) => one.names.join(", ") }),
  ],
  remedies: ["connect"],
});
