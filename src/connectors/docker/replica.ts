import { z } from "zod";
import type { ActionContext } from "../../core/words/action.ts";
import { sayBytes } from "../../core/words/format.ts";
import type { Json } from "../../core/words/json.ts";
import { inTurns } from "../../lib/in-turns.ts";
import { type DockerClient, getJson } from "./client.ts";
import { PROJECT } from "./find.ts";
import { type Inspect, Stats } from "./shapes.ts";
import { usageOf } from "./stats.ts";

const COMPOSE = "com.docker.compose";
const SERVICE = `${COMPOSE}.service`;
const NUMBER = `${COMPOSE}.container-number`;
/** Of a replica that diagbot made: the effect key of the write. Only what has it is ever removed. */
export const ADDED = "diagbot.added";
/** Of the machine's memory at most so much for all containers. */
const MOST = 0.8;
const MOST_COUNTED = 60;

const Item = z.object({
  Id: z.string(),
  Names: z.array(z.string()).nullish(),
  State: z.string().default(""),
  Labels: z.record(z.string(), z.string()).nullish(),
});
export type Item = z.output<typeof Item>;

/** What a container is made of, as the engine says and takes it again. */
const Made = z.object({
  Id: z.string(),
  Name: z.string(),
  Image: z.string(),
  Config: z.record(z.string(), z.json()),
  HostConfig: z.record(z.string(), z.json()),
  NetworkSettings: z.object({
    Networks: z
      .record(
        z.string(),
        z.object({
          Aliases: z.array(z.string()).nullish(),
          IPAMConfig: z.record(z.string(), z.json()).nullish(),
          DriverOpts: z.record(z.string(), z.string()).nullish(),
        }),
      )
      .nullish(),
  }),
});
export type Made = z.output<typeof Made>;

export const madeOf = (client: DockerClient, id: string, context: ActionContext): Promise<Made> =>
  getJson(client, Made, { path: `/containers/${id}/json` }, context);

/** All containers of the service of this one, stopped ones included. */
export async function siblingsOf(
  client: DockerClient,
  found: Inspect,
  context: ActionContext,
): Promise<Item[]> {
  const labels = found.Config.Labels ?? {};
  const filters = JSON.stringify({
    label: [PROJECT, SERVICE].map((name) => `${name}=${labels[name] ?? ""}`),
  });
  return getJson(client, z.array(Item), { path: "/containers/json", query: { all: true, filters } }, context);
}

export const numberOf = ({ Labels }: Pick<Item, "Labels">): number => Number(Labels?.[NUMBER] ?? Number.NaN);

/** `shop-worker-3` of `shop-worker-1`; undefined: its name is not one that compose numbers. */
export function nameOf(found: Pick<Inspect, "Name" | "Config">, number: number): string | undefined {
  const labels = found.Config.Labels ?? {};
  const [, base, own] = /^\/?(.*[-_])(\d{1,4})$/.exec(found.Name) ?? [];
  const isNumbered =
    base !== undefined &&
    own === labels[NUMBER] &&
    ["-", "_"].some((sign) => base === `${labels[PROJECT]}${sign}${labels[SERVICE]}${sign}`);
  return isNumbered ? `${base}${number}` : undefined;
}

const PINNED_VOLUME = /^[0-9a-f]{64}(:|$)/;

/** Why no second one like it can be made (trap compose-scale): it has what only one can have. Pure; undefined: it can. */
export function whyOnlyOne(found: Inspect, made: Made): string | undefined {
  const labels = found.Config.Labels ?? {};
  if (labels[PROJECT] === undefined || labels[SERVICE] === undefined) return "it is not one of compose's";
  if (labels[`${COMPOSE}.oneoff`]?.toLowerCase() === "true") return "it was made by `docker compose run`";
  if (nameOf(found, 1) === undefined)
    return "it has a name of its own (`container_name:`), which two cannot have";
  const fixed = Object.values(found.HostConfig.PortBindings ?? {})
    .flatMap((all) => all ?? [])
    .find(({ HostPort }) => /^[1-9]\d*$/.test(HostPort));
  if (fixed !== undefined)
    return `it publishes port ${fixed.HostPort} of the machine, which two cannot have: publish none, or a range`;
  const mode = found.HostConfig.NetworkMode;
  if (mode === "host" || mode.startsWith("container:"))
    return `it uses the network of ${mode === "host" ? "the machine" : "another container"}, where two cannot have the same port`;
  const networks = Object.values(made.NetworkSettings.Networks ?? {});
  if (networks.some(({ IPAMConfig }) => IPAMConfig?.IPv4Address || IPAMConfig?.IPv6Address))
    return "it has a fixed address, which two cannot have";
  const binds = z.array(z.string()).catch([]).parse(made.HostConfig.Binds);
  if (binds.some((bind) => PINNED_VOLUME.test(bind)))
    return "it has a volume of its own without a name, which two would write to";
  return undefined;
}

/** The body of `POST /containers/create` for one more like it: same image, settings, mounts and networks; its own name and number. Pure. */
export function anotherOf(made: Made, number: number, effectKey: string): Json {
  const plain = made.Name.replace(/^\//, "");
  const short = made.Id.slice(0, 12);
  const { Hostname, Labels, ...config } = made.Config;
  const labels = z.record(z.string(), z.string()).catch({}).parse(Labels);
  const kept = Object.fromEntries(Object.entries(labels).filter(([name]) => name !== `${COMPOSE}.replace`));
  return {
    ...config,
    // A host name that was not set is the first's own id.
    ...(Hostname === undefined || Hostname === short ? {} : { Hostname }),
    // By its id: the name may be another image's by now.
    Image: made.Image,
    Labels: { ...kept, [NUMBER]: String(number), [ADDED]: effectKey },
    HostConfig: made.HostConfig,
    NetworkingConfig: {
      EndpointsConfig: Object.fromEntries(
        Object.entries(made.NetworkSettings.Networks ?? {}).map(([name, { Aliases, DriverOpts }]) => [
          name,
          {
            Aliases: (Aliases ?? []).filter((alias) => alias !== short && alias !== plain),
            ...(DriverOpts == null ? {} : { DriverOpts }),
          },
        ]),
      ),
    },
  };
}

const heldBy = async (client: DockerClient, id: string, context: ActionContext): Promise<number | null> => {
  const query = { stream: false, "one-shot": true };
  const sample = await getJson(client, Stats, { path: `/containers/${id}/stats`, query }, context);
  return usageOf(sample, 0).memory;
};

/** Why the machine has no room for so many more that hold as much as this one; undefined: it has. */
export async function whyNoRoom(
  client: DockerClient,
  found: Inspect,
  more: number,
  context: ActionContext,
): Promise<string | undefined> {
  const [{ MemTotal }, running] = await Promise.all([
    getJson(client, z.object({ MemTotal: z.number() }), { path: "/info" }, context),
    getJson(client, z.array(Item), { path: "/containers/json" }, context),
  ]);
  if (running.length > MOST_COUNTED)
    return `${running.length} containers run on the engine: what they hold together is not added up`;
  const held = await inTurns(running, 8, async ({ Id }) => ({
    Id,
    bytes: await heldBy(client, Id, context),
  }));
  const own = held.find(({ Id }) => Id === found.Id)?.bytes;
  if (own == null || held.some(({ bytes }) => bytes === null))
    return "what the containers of this engine hold in memory is not known";
  const all = held.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
  return all + own * more > MemTotal * MOST
    ? `the containers hold ${sayBytes(all)} and each more about ${sayBytes(own)}: that is beyond ${MOST * 100} % of the machine's ${sayBytes(MemTotal)}`
    : undefined;
}
