import { docker, runbookOn, shellWord, z } from "../../src/sdk/index.ts";
import { apart, detached, nameless, networkFindings, unused } from "./network-findings.ts";

/** Containers one approval may connect, and networks one may remove. */
const MOST = 5;

/** Who is on which network, and finds whom by which name. Guides: Docker networks. */
const book = runbookOn(
  "docker",
  {
    id: "container-network",
    title: "Networks of containers",
    covers: ["tektra.docker-network"],
    alerts: ["ContainerNetworkLost", "ContainerDnsFailing"],
    params: z.object({}),
  },
  () => ({ seen: docker.networks() }),
);

export const containerNetwork = book
  .remedies({
    connect: book.does(
      docker.connectNetwork,
      ["seen"],
      ({ seen }) =>
        [...detached(seen), ...apart(seen)]
          .filter(({ member }) => !member.protected)
          .slice(0, MOST)
          .map(({ member, network }) => ({
            ...{ container: member.id, name: member.name, state: member.state, startedAt: member.startedAt },
            ...{ network: network.id, networkName: network.name, names: [member.service] },
          })),
      { title: "Connect it to that network" },
    ),
    giveName: book.advises("Give it its name there", "high", ({ seen }) =>
      (seen === undefined ? [] : nameless(seen))
        .map(
          ({ other, network, service }) =>
            `\`docker network disconnect ${shellWord(network)} ${shellWord(other.name)} && docker network connect --alias ${shellWord(service)} ${shellWord(network)} ${shellWord(other.name)}\` (its connections there break once), or \`docker compose up -d --no-deps --force-recreate ${shellWord(service)}\`.`,
        )
        .join("\n"),
    ),
    bringUp: book.advises(
      "Make it anew with its network",
      "high",
      "In the folder of the compose file: `docker compose up -d --force-recreate` of this service; the network is made again. Whoever removes networks by hand: only those of one project, by `docker network prune --filter label=com.docker.compose.project=NAME`.",
    ),
    removeUnused: book.does(
      docker.removeNetwork,
      ["seen"],
      ({ seen }) =>
        unused(seen)
          .slice(0, MOST)
          .map(({ id, name }) => ({ network: id, name })),
      { title: "Remove what nobody is on" },
    ),
  })
  .findings((find) => [find(["seen"], ({ seen }) => networkFindings(seen))]);
