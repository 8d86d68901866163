import { z } from "zod";
import {
  type ActionContext,
  actionsOn,
  type OutputOf,
  type Preview,
  type Probed,
  type WriteContext,
} from "../../core/words/action.ts";
import type { Json } from "../../core/words/json.ts";
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

/** What both look at afterwards. */
interface Seen {
  readonly now: OutputOf<typeof networks>;
}

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

/** One of the two ways between a container and a network. */
interface Way {
  readonly verb: "connect" | "disconnect";
  readonly isOn: boolean;
  /** What there is to say where it is so already. */
  said(input: Member): string;
  /** What is done, for people. */
  line(input: Member): string;
  /** Why it is not done; undefined: it may be. */
  why(
    client: DockerClient,
    input: Member,
    found: Inspect,
    context: ActionContext,
  ): Promise<string | undefined>;
  /** What the engine is asked besides the container. */
  body(input: Member): object;
}

/** What both ways have in common. */
const memberWrite = (way: Way) => ({
  class: "cas" as const,
  risk: "high" as const,
  input: Member,
  output: z.object({ container: z.string(), network: z.string() }),
  target: ({ container }: Member) => container,
  preview: async (client: DockerClient, input: Member, context: ActionContext): Promise<Preview> => {
    const found = await findIfThere(client, input.container, context);
    const witness = witnessOf(found);
    if (found === undefined) return { changes: [], witness, nothingToDo: `${input.name} is gone` };
    if (isOn(found, input.network) === way.isOn)
      return { changes: [], witness, nothingToDo: way.said(input) };
    const no = await way.why(client, input, found, context);
    return { changes: [way.line(input)], witness, ...(no === undefined ? {} : { refused: no }) };
  },
  drift: driftOf,
  run: async (client: DockerClient, input: Member, context: WriteContext) => {
    await beforeEffect(async () => {
      const found = await asDecided(client, input, context);
      // Asked to take away what is not there the engine says 500, which proves nothing.
      if (isOn(found, input.network) === way.isOn) throw refused(way.said(input));
      const no = await way.why(client, input, found, context);
      if (no !== undefined) throw refused(no);
    });
    await sendWrite(
      client,
      {
        method: "POST",
        path: `/networks/${input.network}/${way.verb}`,
        body: { Container: input.container, ...way.body(input) },
        ok: [200],
      },
      context,
    );
    return { container: input.container, network: input.network };
  },
  probe: async (
    client: DockerClient,
    { container, name, network, networkName }: Member,
    _witness: Json,
    context: ActionContext,
  ): Promise<Probed> => {
    const found = await findIfThere(client, container, context);
    if (found === undefined) return { verdict: "unknown", evidence: `container ${name} is gone` };
    const is = isOn(found, network);
    return {
      verdict: is === way.isOn ? "done" : "not-done",
      evidence: `${name} is ${is ? "" : "not "}on ${networkName}`,
    };
  },
  says: ({ name, networkName }: Member) => `${name} ${way.verb}ed ${way.isOn ? "to" : "from"} ${networkName}`,
  settled: {
    within: "30s" as const,
    check: () => ({ now: networks() }),
    holds: ({ now }: Seen, { container, network }: Member) =>
      way.isOn ===
      now.containers.some(({ id, on }) => id === container && on.some((one) => one.network === network)),
    figures: ({ now }: Seen, input: Member) => sayPlaces(now, input),
  },
});

/**
 * Connects one running container to a network of its project, with names; nothing else of the project is touched (not: the
 * network made anew, which is an outage of all on it). Undo disconnects it again. tektra.docker-network.
 */
export const connectNetwork = write({
  name: "docker.connect-network",
  title: "Connect a container to a network",
  ...memberWrite({
    verb: "connect",
    isOn: true,
    said: ({ name, networkName }) => `${name} is on ${networkName} again`,
    line: ({ name, networkName, names }) =>
      `connect container ${name} to network ${networkName}${names.length === 0 ? "" : `, found there as ${names.join(", ")}`}`,
    why: async (client, input, found, context) => {
      const no = refusal(client, found) ?? moved(input, found);
      if (no !== undefined) return no;
      if (found.State.Status !== "running")
        return `it is ${found.State.Status}: it gets its networks when it starts`;
      return networkFor(client, input, found, context);
    },
    body: ({ names }) => ({ EndpointConfig: { Aliases: names } }),
  }),
  undo: (input) => disconnectNetwork(input),
  leaves: "connections that were made there meanwhile break",
});

/** Takes a container from a network again: the way back of `docker.connect-network`, and offered for nothing else. */
export const disconnectNetwork = write({
  name: "docker.disconnect-network",
  title: "Disconnect a container from a network",
  ...memberWrite({
    verb: "disconnect",
    isOn: false,
    said: ({ name, networkName }) => `${name} is not on ${networkName}`,
    line: ({ name, networkName }) => `disconnect container ${name} from network ${networkName}`,
    why: async (client, input, found) => refusal(client, found) ?? moved(input, found),
    body: () => ({ Force: false }),
  }),
  undo: "none: it takes back what was done, and the finding offers that again",
});

const sayPlaces = ({ containers }: Seen["now"], { container, name }: Member): string => {
  const places = containers.find(({ id }) => id === container)?.on.map((one) => one.name) ?? [];
  return `${name} is on ${places.join(", ") || "no network"}`;
};
