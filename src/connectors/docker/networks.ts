import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { notSeen } from "../../core/words/not-seen.ts";
import { inTurns } from "../../lib/in-turns.ts";
import { type DockerClient, getJson } from "./client.ts";
import { findIfThere, isSelf, PROJECT, plainName, projectFilter } from "./find.ts";
import { labelled } from "./labels.ts";
import { type Inspect, ListItem, Network } from "./shapes.ts";

const { read } = actionsOn<DockerClient>("docker");
/** Of more, the first ones are looked at, and it is said. */
const MOST = { containers: 100, networks: 100 };
/** Modes that are no network of the engine's own making. */
const SHARED = /^(default|bridge|none|host|slirp4netns.*|pasta.*|private|container:.+|ns:.+)$/;

const Membership = z.object({
  network: z.string(),
  name: z.string(),
  /** Names by which others on that network find it. */
  names: z.array(z.string()),
});

const Member = z.object({
  id: z.string(),
  name: z.string(),
  service: z.string(),
  state: z.string(),
  startedAt: z.string(),
  /** The network it was made for, by name or id; null where that is none of its own (host, none, another container's). */
  madeFor: z.string().nullable(),
  on: z.array(Membership),
  /** Services that compose waits for before it starts this one. */
  needs: z.array(z.string()),
  protected: z.boolean(),
});

const Seen = z.object({
  id: z.string(),
  name: z.string(),
  driver: z.string(),
  project: z.string().nullable(),
  /** Containers of the whole engine that are on it or were made for it, stopped ones too; null where it was not asked. */
  containers: z.int().nullable(),
});

/**
 * The engine's networks and who of the project is on which, by which names (tektra.docker-network). Whether a name is found is
 * concluded from that, as the engine's own name server does: nothing is run in a container.
 */
export const networks = read({
  name: "docker.networks",
  title: "Networks and who is on them",
  input: z.object({}),
  output: z.object({ networks: z.array(Seen), containers: z.array(Member), notSeen }),
  timeoutSeconds: 15,
  run: async (client, _input, context) => {
    const filters = JSON.stringify(projectFilter(client));
    const call = { path: "/containers/json", query: { all: true, filters } };
    const listed = await getJson(client, z.array(ListItem), call, context);
    const found = await inTurns(listed.slice(0, MOST.containers), 8, (item) =>
      findIfThere(client, item.Id, context),
    );
    const all = await getJson(client, z.array(Network), { path: "/networks" }, context);
    const left = listed.length - MOST.containers;
    return {
      networks: await inTurns(all.slice(0, MOST.networks), 4, (one) => networkSeen(client, one, context)),
      containers: found.filter((one) => one !== undefined).map((one) => memberOf(client, one)),
      ...(left > 0
        ? {
            notSeen: [
              {
                what: `the networks of ${left} of ${listed.length} containers`,
                why: `the newest ${MOST.containers} are looked at`,
                fix: "name a `project:` in diagbot.yaml, one connection per project",
              },
            ],
          }
        : {}),
    };
  },
});

/** Only of the project's own networks it is asked who is on them: of others nothing is concluded. */
async function networkSeen(client: DockerClient, one: z.output<typeof Network>, context: ActionContext) {
  const project = one.Labels?.[PROJECT] ?? null;
  const isOwn = client.project !== undefined && project === client.project;
  return {
    id: one.Id,
    name: one.Name,
    driver: one.Driver,
    project,
    containers: isOwn ? await containersOn(client, one, context) : null,
  };
}

/**
 * How many containers of the whole engine are on that network or were made for it. The engine's own filter leaves out those that
 * never ran, and those that somebody took from it: without it neither could be started again.
 */
export async function containersOn(
  client: DockerClient,
  { Id, Name }: Pick<z.output<typeof Network>, "Id" | "Name">,
  context: ActionContext,
): Promise<number> {
  const all = await getJson(
    client,
    z.array(ListItem),
    { path: "/containers/json", query: { all: true } },
    context,
  );
  return all.filter(({ HostConfig, NetworkSettings }) => {
    const mode = HostConfig?.NetworkMode ?? "";
    const on = Object.entries(NetworkSettings?.Networks ?? {});
    return mode === Name || mode === Id || on.some(([name, at]) => name === Name || at.NetworkID === Id);
  }).length;
}

function memberOf(client: DockerClient, found: Inspect): z.input<typeof Member> {
  const name = plainName(found);
  const labels = found.Config.Labels ?? {};
  const { service, dependsOn } = labelled(labels, name);
  const { NetworkMode: mode } = found.HostConfig;
  return {
    id: found.Id,
    name,
    service,
    state: found.State.Status,
    startedAt: found.State.StartedAt,
    madeFor: mode === "" || SHARED.test(mode) ? null : mode,
    on: Object.entries(found.NetworkSettings?.Networks ?? {}).map(([network, at]) => ({
      network: at.NetworkID,
      name: network,
      names: [...new Set([name, ...(at.Aliases ?? []), ...(at.DNSNames ?? [])])].slice(0, 20),
    })),
    needs: dependsOn.map((one) => one.service),
    protected: isSelf(client, found.Id) || labels["diagbot.protected"] === "true",
  };
}
