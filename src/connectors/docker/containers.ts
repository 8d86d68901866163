import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { clip } from "../../core/words/format.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { inTurns } from "../../lib/in-turns.ts";
import { redactor } from "../../lib/redact.ts";
import { type DockerClient, getJson, parseAs } from "./client.ts";
import { Container, describe, type ImageSeen, Reference } from "./container.ts";
import { findContainer, findIfThere, PROJECT, projectFilter } from "./find.ts";
import { Image, type Inspect, ListItem, productOf, Version } from "./shapes.ts";

const { read } = actionsOn<DockerClient>("docker");
const MAX_CONTAINERS = 100;
const MAX_STRANGERS = 500;
const redact = redactor([]);

/** Is the engine there, and which? docs.docker.com/reference/api/engine `GET /version`. */
export const ping = read({
  name: "docker.ping",
  title: "Docker engine version",
  input: z.object({}),
  output: z.object({
    version: z.string(),
    api: z.string(),
    project: z.string().nullable(),
    /** `linux/amd64`: what images must be made for. */
    platform: z.string(),
    /** Docker, or Podman answering in its words. */
    product: z.enum(["Docker", "Podman"]),
  }),
  timeoutSeconds: 5,
  run: async (client, _input, context) => {
    const said = await getJson(client, Version, { path: "/version" }, context);
    return {
      version: said.Version,
      api: said.ApiVersion,
      project: client.project ?? null,
      platform: `${said.Os}/${said.Arch}`,
      product: productOf(said),
    };
  },
});

/**
 * Every container of the project, running or not (trap `docker-ps-running-only`), with exit code, OOM flag, health and
 * restart count. At most 100. resync.api-not-accessible, sergas-accounts.cognee-down, tektra.service-status.
 */
export const containers = read({
  name: "docker.containers",
  title: "Containers of the project, stopped ones included",
  input: z.object({}),
  output: z.object({
    project: z.string().nullable(),
    total: z.int(),
    truncated: z.boolean(),
    containers: z.array(Container),
    /** Ports of the machine that running containers of other projects have. */
    strangers: z.array(z.object({ port: z.int(), container: z.string(), project: z.string().nullable() })),
    /** Whose containers: Podman has no daemon that would hold one down because somebody asked. Absent: not known. */
    product: z.enum(["Docker", "Podman"]).optional(),
    notSeen,
  }),
  timeoutSeconds: 15,
  run: async (client, _input, context) => {
    const filters = JSON.stringify(projectFilter(client));
    const call = { path: "/containers/json", query: { all: true, filters } };
    const listed = await getJson(client, z.array(ListItem), call, context);
    const shown = listed.slice(0, MAX_CONTAINERS);
    // One may be removed between the list and the look: it is then simply not there.
    const seen = await inTurns(shown, 8, (item) => findIfThere(client, item.Id, context));
    const present = seen.filter((inspect) => inspect !== undefined);
    const images = await imagesOf(client, present, context);
    const left = listed.length - shown.length;
    const described = present.map((inspect) => describe(client, inspect, images));
    const unseen: NotSeen[] = [
      ...(left > 0
        ? [
            {
              what: `${left} of ${listed.length} containers`,
              why: `the newest ${MAX_CONTAINERS} are looked at`,
              fix: "name a `project:` in diagbot.yaml, one connection per project",
            },
          ]
        : []),
      ...(described.some(({ isTask }) => isTask) ? [OF_THE_SWARM] : []),
    ];
    return {
      project: client.project ?? null,
      total: listed.length,
      truncated: left > 0,
      containers: described,
      strangers: await strangersTo(client, context),
      ...(await productIfKnown(client, context)),
      ...(unseen.length > 0 ? { notSeen: unseen } : {}),
    };
  },
});

/** An engine lists its own containers only, whatever the swarm has elsewhere. */
const OF_THE_SWARM: NotSeen = {
  what: "tasks of the swarm on other nodes, and services that have none here",
  why: "an engine lists the containers of its own machine",
  fix: "a connection for each node; on a manager `docker service ls` and `docker service ps --no-trunc SERVICE`",
};

/** A proxy before the socket may let nobody ask for the version: the list is worth as much without. */
async function productIfKnown(client: DockerClient, context: ActionContext) {
  try {
    return { product: productOf(await getJson(client, Version, { path: "/version" }, context)) };
  } catch (thrown) {
    if (context.signal.aborted) throw thrown;
    return {};
  }
}

/** One container: limits, user, mounts, network; names of environment variables, never values (trap `secrets-in-output`). */
export const inspect = read({
  name: "docker.inspect",
  title: "One container in detail",
  input: z.object({ container: Reference }),
  output: Container.extend({
    user: z.string(),
    command: z.string(),
    network: z.string(),
    readOnlyRoot: z.boolean(),
    cpus: z.number().nullable(),
    environment: z.array(z.string()),
    mounts: z.array(z.object({ type: z.string(), from: z.string(), to: z.string(), writable: z.boolean() })),
  }),
  run: async (client, { container }, context) => {
    const found = await findContainer(client, container, context);
    const images = await imagesOf(client, [found], context);
    const { Config: config, HostConfig: host } = found;
    return {
      ...describe(client, found, images),
      user: config.User,
      network: host.NetworkMode,
      command: clip(redact([...(config.Entrypoint ?? []), ...(config.Cmd ?? [])].join(" ")), 300),
      readOnlyRoot: host.ReadonlyRootfs,
      cpus: host.NanoCpus ? host.NanoCpus / 1e9 : null,
      environment: (config.Env ?? []).slice(0, 200).map((pair) => pair.split("=", 1)[0] ?? ""),
      mounts: (found.Mounts ?? []).slice(0, 50).map((mount) => ({
        type: mount.Type,
        from: mount.Source,
        to: mount.Destination,
        writable: mount.RW,
      })),
    };
  },
});

/**
 * What is known of the images of containers that do not run. A running container's is not looked up: the engine keeps it, and
 * it fits the machine.
 */
async function imagesOf(
  client: DockerClient,
  found: readonly Inspect[],
  context: ActionContext,
): Promise<Map<string, ImageSeen>> {
  const stopped = found.filter((one) => one.State.Status !== "running").map((one) => one.Image);
  const seen = await inTurns([...new Set(stopped)], 4, async (image): Promise<[string, ImageSeen]> => {
    const path = `/images/${encodeURIComponent(image)}/json`;
    const body = await client.request({ method: "GET", path, ok: [200, 404], cut: true }, context);
    const answer = body.toString("utf8");
    if (answer.includes("No such image")) return [image, { missing: true, platform: null }];
    return [image, { missing: false, platform: platformIn(answer) }];
  });
  return new Map(seen);
}

/** `linux/arm64`; null where the answer does not say. */
function platformIn(answer: string): string | null {
  try {
    const { Os, Architecture } = parseAs(Image, answer);
    return Os === "" || Architecture === "" ? null : `${Os}/${Architecture}`;
  } catch {
    // Cut, or another answer: the platform is not known, which is what null says.
    return null;
  }
}

/** Who else on this engine has ports of the machine: the answer to "port is already allocated" is often in another project. */
async function strangersTo(client: DockerClient, context: ActionContext) {
  if (client.project === undefined) return [];
  const all = await getJson(client, z.array(ListItem), { path: "/containers/json" }, context);
  return all
    .filter(({ Labels }) => Labels?.[PROJECT] !== client.project)
    .flatMap(({ Id, Names, Labels, Ports }) =>
      [...new Set((Ports ?? []).map(({ PublicPort }) => PublicPort))].flatMap((port) =>
        port === undefined
          ? []
          : [
              {
                port,
                container: (Names?.[0] ?? Id.slice(0, 12)).replace(/^\//, ""),
                project: Labels?.[PROJECT] ?? null,
              },
            ],
      ),
    )
    .slice(0, MAX_STRANGERS);
}
