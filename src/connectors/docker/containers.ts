import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { clip } from "../../core/words/format.ts";
import { redactor } from "../../lib/redact.ts";
import { type DockerClient, getJson } from "./client.ts";
import { findContainer, findIfThere, isSelf, plainName, projectFilter } from "./find.ts";
import { type Inspect, ListItem, Version } from "./shapes.ts";

const { read } = actionsOn<DockerClient>("docker");
const MAX_CONTAINERS = 100;
const redact = redactor([]);

/** A container's name or id as the engine spells them. */
export const Reference = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/, "a container name or id");

const Port = z.object({ container: z.string(), hostIp: z.string(), hostPort: z.int() });

export const Container = z.object({
  id: z.string(),
  name: z.string(),
  service: z.string(),
  image: z.string(),
  /** The image this container was made of is no longer on the engine: it can start, but not be recreated. */
  imageMissing: z.boolean(),
  /** created, running, paused, restarting, removing, exited, dead. */
  state: z.string(),
  exitCode: z.int(),
  /** Why the engine could not start it; empty otherwise. */
  error: z.string(),
  oomKilled: z.boolean(),
  health: z.enum(["none", "starting", "healthy", "unhealthy"]),
  failingStreak: z.int(),
  /** Output of the last failed health check, clipped and redacted. */
  lastProbe: z.string(),
  restartCount: z.int(),
  restartPolicy: z.string(),
  /** Of its first process while it runs. */
  pid: z.int().optional(),
  startedAt: z.string(),
  finishedAt: z.string(),
  /** Seconds since the last start while it runs; null otherwise. */
  uptimeSeconds: z.number().nullable(),
  /** Bytes; 0: no limit. */
  memoryLimit: z.number(),
  /** Made by `docker compose run`: ends by itself. */
  oneOff: z.boolean(),
  ports: z.array(Port),
  /** diagbot runs in it, or it is labelled `diagbot.protected=true`: never touched. */
  protected: z.boolean(),
});
export type Container = z.output<typeof Container>;

/** It runs and, where it has a health check, that says so, for at least so many seconds. */
export const isUp = (all: readonly Container[], id: string, seconds = 0): boolean => {
  const now = all.find((one) => one.id === id);
  return (
    now?.state === "running" &&
    ["none", "healthy"].includes(now.health) &&
    (now.uptimeSeconds ?? 0) >= seconds
  );
};

/** `worker exited → runs again, pid 32531, healthy`. */
export function sayNow(
  all: readonly Container[],
  was: { container: string; name: string; state: string },
): string {
  const now = all.find((one) => one.id === was.container);
  if (now === undefined) return `${was.name} ${was.state} → gone`;
  const pid = now.pid === undefined ? "" : `, pid ${now.pid}`;
  const health = now.health === "none" ? "" : `, ${now.health}`;
  return `${was.name} ${was.state} → ${now.state === "running" ? "runs again" : now.state}${pid}${health}`;
}

/** Is the engine there, and which? docs.docker.com/reference/api/engine `GET /version`. */
export const ping = read({
  name: "docker.ping",
  title: "Docker engine version",
  input: z.object({}),
  output: z.object({ version: z.string(), api: z.string(), project: z.string().nullable() }),
  timeoutSeconds: 5,
  run: async (client, _input, context) => {
    const version = await getJson(client, Version, { path: "/version" }, context);
    return { version: version.Version, api: version.ApiVersion, project: client.project ?? null };
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
    const missing = await missingImages(client, present, context);
    return {
      project: client.project ?? null,
      total: listed.length,
      truncated: listed.length > shown.length,
      containers: present.map((inspect) => describe(client, inspect, missing)),
    };
  },
});

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
    logDriver: z.string(),
    environment: z.array(z.string()),
    mounts: z.array(z.object({ type: z.string(), from: z.string(), to: z.string(), writable: z.boolean() })),
  }),
  run: async (client, { container }, context) => {
    const found = await findContainer(client, container, context);
    const missing = await missingImages(client, [found], context);
    const { Config: config, HostConfig: host } = found;
    return {
      ...describe(client, found, missing),
      user: config.User,
      command: clip(redact([...(config.Entrypoint ?? []), ...(config.Cmd ?? [])].join(" ")), 300),
      network: host.NetworkMode,
      readOnlyRoot: host.ReadonlyRootfs,
      cpus: host.NanoCpus ? host.NanoCpus / 1e9 : null,
      logDriver: host.LogConfig?.Type ?? "",
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

/** The engine's answer in our words. */
export function describe(client: DockerClient, found: Inspect, missing: ReadonlySet<string>): Container {
  const { State: state, Config: config, HostConfig: host } = found;
  const running = ["running", "paused"].includes(state.Status);
  const failed = state.Health?.Log?.findLast((probe) => probe.ExitCode !== 0);
  return {
    id: found.Id,
    name: plainName(found),
    service: config.Labels?.["com.docker.compose.service"] ?? plainName(found),
    image: config.Image,
    imageMissing: missing.has(found.Image),
    state: state.Status,
    exitCode: state.ExitCode,
    error: clip(redact(state.Error), 500),
    oomKilled: state.OOMKilled,
    health: healthWord(state.Health?.Status),
    failingStreak: state.Health?.FailingStreak ?? 0,
    lastProbe: clip(redact(failed?.Output.trim() ?? ""), 500),
    restartCount: found.RestartCount,
    restartPolicy: host.RestartPolicy?.Name || "no",
    ...(running && state.Pid > 0 ? { pid: state.Pid } : {}),
    startedAt: state.StartedAt,
    finishedAt: state.FinishedAt,
    uptimeSeconds: running ? Math.max(0, (Date.now() - Date.parse(state.StartedAt)) / 1000) : null,
    memoryLimit: host.Memory,
    oneOff: config.Labels?.["com.docker.compose.oneoff"] === "True",
    ports: publishedPorts(found),
    protected: isSelf(client, found.Id) || config.Labels?.["diagbot.protected"] === "true",
  };
}

const healthWord = (status: string | undefined): Container["health"] =>
  status === "starting" || status === "healthy" || status === "unhealthy" ? status : "none";

const publishedPorts = (found: Inspect): z.output<typeof Port>[] =>
  Object.entries(found.HostConfig.PortBindings ?? {}).flatMap(([container, bindings]) =>
    (bindings ?? [])
      .filter((binding) => /^\d+$/.test(binding.HostPort))
      .map((binding) => ({ container, hostIp: binding.HostIp, hostPort: Number(binding.HostPort) })),
  );

/** Ids of images the engine no longer has. A running container's is not looked up: the engine keeps it. */
async function missingImages(
  client: DockerClient,
  found: readonly Inspect[],
  context: ActionContext,
): Promise<Set<string>> {
  const stopped = found.filter((one) => one.State.Status !== "running").map((one) => one.Image);
  const missing = await inTurns([...new Set(stopped)], 4, async (image) => {
    const path = `/images/${encodeURIComponent(image)}/json`;
    const answer = await client.request({ method: "GET", path, ok: [200, 404], cut: true }, context);
    return answer.toString("utf8").includes("No such image") ? image : undefined;
  });
  return new Set(missing.filter((image) => image !== undefined));
}

/** Maps with at most `width` at a time, in order. */
export async function inTurns<T, U>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<U>,
): Promise<U[]> {
  const results: U[] = new Array(items.length);
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
  return results;
}
