import { z } from "zod";
import { type ActionContext, actionsOn, type Preview, type Probed } from "../../core/words/action.ts";
import { count } from "../../core/words/format.ts";
import { beforeEffect, refused } from "../before-effect.ts";
import { type DockerClient, getJson } from "./client.ts";
import { Reference } from "./container.ts";
import { PROJECT } from "./find.ts";
import { containersOn, networks } from "./networks.ts";
import { sendWrite } from "./send-write.ts";
import { Network } from "./shapes.ts";

const { write } = actionsOn<DockerClient>("docker");

const Input = z.object({ network: Reference, name: z.string().max(255) });

const networkNow = async (client: DockerClient, id: string, context: ActionContext) =>
  (await getJson(client, z.array(Network), { path: "/networks" }, context)).find(({ Id }) => Id === id);

/** Why it stays; undefined: nobody is on it, and it is this project's. */
async function why(client: DockerClient, { network, name }: z.output<typeof Input>, context: ActionContext) {
  const found = await networkNow(client, network, context);
  if (found === undefined) return undefined;
  const { project } = client;
  if (project === undefined || found.Labels?.[PROJECT] !== project)
    return `${name} is not labelled as one of the configured project`;
  const on = await containersOn(client, found, context);
  return on > 0 ? `${on} containers are on it or were made for it` : undefined;
}

/**
 * Removes one network of the configured project that no container of the engine is on, stopped ones included. Never all that
 * are unused: `docker network prune` takes those of other projects, too (trap compose-down-prune). tektra.docker-network.
 */
export const removeNetwork = write({
  name: "docker.remove-network",
  title: "Remove a network that nobody is on",
  class: "cas",
  risk: "destructive",
  input: Input,
  output: z.object({ network: z.string() }),
  target: ({ network }) => network,
  preview: async (client, input, context): Promise<Preview> => {
    const witness = { network: input.network };
    if ((await networkNow(client, input.network, context)) === undefined)
      return { changes: [], witness, nothingToDo: `${input.name} is gone` };
    const no = await why(client, input, context);
    return {
      changes: [`remove network ${input.name}, which no container is on`],
      witness,
      ...(no === undefined ? {} : { refused: no }),
    };
  },
  run: async (client, input, context) => {
    await beforeEffect(async () => {
      const no = await why(client, input, context);
      if (no !== undefined) throw refused(no);
    });
    const path = `/networks/${input.network}`;
    await sendWrite(client, { method: "DELETE", path, ok: [204, 404] }, context);
    return { network: input.network };
  },
  probe: async (client, { network, name }, _witness, context): Promise<Probed> => {
    const found = await networkNow(client, network, context);
    return found === undefined
      ? { verdict: "done", evidence: `${name} is gone` }
      : { verdict: "not-done", evidence: `${name} is still there` };
  },
  undo: "none: `docker compose up -d` makes it again where a file of the project names it",
  says: ({ name }) => `network ${name} removed`,
  settled: {
    within: "30s",
    check: () => ({ now: networks() }),
    holds: ({ now }, { network }) => !now.networks.some(({ id }) => id === network),
    figures: ({ now }) => `${count(now.networks.length, "network")} on the engine now`,
  },
});
