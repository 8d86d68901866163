import { z } from "zod";
import {
  type ActionContext,
  actionsOn,
  type OutputOf,
  type Preview,
  type Probed,
} from "../../core/words/action.ts";
import { beforeEffect, refused } from "../before-effect.ts";
import { type DockerClient, getJson } from "./client.ts";
import { Reference } from "./container.ts";
import { findIfThere, PROJECT } from "./find.ts";
import { networks } from "./networks.ts";
import { sendWrite } from "./send-write.ts";
import { type Inspect, Network } from "./shapes.ts";
import { asDecided, driftOf, moved, refusal, Target, witnessOf } from "./situation.ts";

const { write } = actionsOn<DockerClient>("docker");

const Member = Target.extend({
  network: Reference,
  networkName: z.string().max(255),
  /** Names by which others there shall find it besides its own. */
  names: z.array(Reference).max(10),
});
type Member = z.output<typeof Member>;

const isOn = (found: Inspect, network: string): boolean =>
  Object.values(found.NetworkSettings?.Networks ?? {}).some(({ NetworkID }) => NetworkID === network);

/** The network, where it may be given to that container: one of its own project, or the one it was made for. */
async function networkFor(client: DockerClient, input: Member, found: Inspect, context: ActionContext) {
  const all = await getJson(client, z.array(Network), { path: "/networks" }, context);
  const network = all.find(({ Id }) => Id === input.network);
  if (network === undefined) return `there is no network ${input.networkName} any more`;
  const { NetworkMode: mode } = found.HostConfig;
  const isMadeFor = mode === network.Name || mode === network.Id;
  const isOwn = network.Labels?.[PROJECT] === found.Config.Labels?.[PROJECT];
  if (["host", "null"].includes(network.Driver) || !(isMadeFor || isOwn))
    return `${network.Name} is neither of its project nor the one it was made for`;
  return undefined;
}

/** Why it is not done; undefined: it may be. */
async function why(client: DockerClient, input: Member, found: Inspect, context: ActionContext) {
  const no = refusal(client, found) ?? moved(input, found);
  if (no !== undefined) return no;
  if (found.State.Status !== "running")
    return `it is ${found.State.Status}: it gets its networks when it starts`;
  return networkFor(client, input, found, context);
}

/**
 * Connects one running container to a network of its project, with names; nothing else of the project is touched (not: the
 * network made anew, which is an outage of all on it). Undo disconnects it again. tektra.docker-network.
 */
export const connectNetwork = write({
  name: "docker.connect-network",
  title: "Connect a container to a network",
  class: "cas",
  risk: "high",
  input: Member,
  output: z.object({ container: z.string(), network: z.string() }),
  target: ({ container }) => container,
  preview: async (client, input, context): Promise<Preview> => {
    const found = await findIfThere(client, input.container, context);
    const witness = witnessOf(found);
    if (found === undefined) return { changes: [], witness, nothingToDo: `${input.name} is gone` };
    if (isOn(found, input.network))
      return { changes: [], witness, nothingToDo: `${input.name} is on ${input.networkName} again` };
    const no = await why(client, input, found, context);
    const names = input.names.length === 0 ? "" : `, found there as ${input.names.join(", ")}`;
    const line = `connect container ${input.name} to network ${input.networkName}${names}`;
    return { changes: [line], witness, ...(no === undefined ? {} : { refused: no }) };
  },
  drift: driftOf,
  run: async (client, input, context) => {
    await beforeEffect(async () => {
      const found = await asDecided(client, input, context);
      if (isOn(found, input.network)) throw refused(`${input.name} is on ${input.networkName} again`);
      const no = await why(client, input, found, context);
      if (no !== undefined) throw refused(no);
    });
    await sendWrite(
      client,
      {
        method: "POST",
        path: `/networks/${input.network}/connect`,
        body: { Container: input.container, EndpointConfig: { Aliases: input.names } },
        ok: [200],
      },
      context,
    );
    return { container: input.container, network: input.network };
  },
  probe: (client, input, _witness, context) => probed(client, input, true, context),
  undo: (input) => disconnectNetwork(input),
  leaves: "connections that were made there meanwhile break",
  says: ({ name, networkName }) => `${name} connected to ${networkName}`,
  settled: {
    within: "30s",
    check: () => ({ now: networks() }),
    holds: ({ now }, { container, network }) =>
      now.containers.some(({ id, on }) => id === container && on.some((one) => one.network === network)),
    figures: ({ now }, input) => sayPlaces(now, input),
  },
});

/** Takes a container from a network again: the way back of `docker.connect-network`, and offered for nothing else. */
export const disconnectNetwork = write({
  name: "docker.disconnect-network",
  title: "Disconnect a container from a network",
  class: "cas",
  risk: "high",
  input: Member,
  output: z.object({ container: z.string(), network: z.string() }),
  target: ({ container }) => container,
  preview: async (client, input, context): Promise<Preview> => {
    const found = await findIfThere(client, input.container, context);
    const witness = witnessOf(found);
    if (found === undefined || !isOn(found, input.network))
      return { changes: [], witness, nothingToDo: `${input.name} is not on ${input.networkName}` };
    const no = refusal(client, found) ?? moved(input, found);
    const line = `disconnect container ${input.name} from network ${input.networkName}`;
    return { changes: [line], witness, ...(no === undefined ? {} : { refused: no }) };
  },
  drift: driftOf,
  run: async (client, input, context) => {
    await beforeEffect(async () => {
      const found = await asDecided(client, input, context);
      // Of one that is not there any more the engine says 500, which proves nothing.
      if (!isOn(found, input.network)) throw refused(`${input.name} is not on ${input.networkName}`);
    });
    await sendWrite(
      client,
      {
        method: "POST",
        path: `/networks/${input.network}/disconnect`,
        body: { Container: input.container, Force: false },
        ok: [200],
      },
      context,
    );
    return { container: input.container, network: input.network };
  },
  probe: (client, input, _witness, context) => probed(client, input, false, context),
  undo: "none: it takes back what was done, and the finding offers that again",
  says: ({ name, networkName }) => `${name} disconnected from ${networkName}`,
  settled: {
    within: "30s",
    check: () => ({ now: networks() }),
    holds: ({ now }, { container, network }) =>
      !now.containers.some(({ id, on }) => id === container && on.some((one) => one.network === network)),
    figures: ({ now }, input) => sayPlaces(now, input),
  },
});

const sayPlaces = ({ containers }: OutputOf<typeof networks>, { container, name }: Member): string => {
  const places = containers.find(({ id }) => id === container)?.on.map((one) => one.name) ?? [];
  return `${name} is on ${places.join(", ") || "no network"}`;
};

async function probed(
  client: DockerClient,
  { container, name, network, networkName }: Member,
  wanted: boolean,
  context: ActionContext,
): Promise<Probed> {
  const found = await findIfThere(client, container, context);
  if (found === undefined) return { verdict: "unknown", evidence: `container ${name} is gone` };
  const is = isOn(found, network);
  return {
    verdict: is === wanted ? "done" : "not-done",
    evidence: `${name} is ${is ? "" : "not "}on ${networkName}`,
  };
}
