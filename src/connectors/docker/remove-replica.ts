import { z } from "zod";
import { type ActionContext, actionsOn, type Preview, type Probed } from "../../core/words/action.ts";
import { beforeEffect, refused } from "../before-effect.ts";
import type { DockerClient } from "./client.ts";
import { Reference } from "./container.ts";
import { containers } from "./containers.ts";
import { findIfThere, isSelf } from "./find.ts";
import { ADDED } from "./replica.ts";
import { sendWrite } from "./send-write.ts";
import type { Inspect } from "./shapes.ts";

const { write } = actionsOn<DockerClient>("docker");
const GRACE_SECONDS = 10;
/** The grace period, and what the engine needs to remove it. */
const LEAST_MS = (GRACE_SECONDS + 5) * 1_000;

const Input = z.object({ container: Reference, name: z.string().max(255) });

const why = (client: DockerClient, found: Inspect): string | undefined => {
  if (isSelf(client, found.Id)) return "diagbot itself runs in it";
  return found.Config.Labels?.[ADDED] === undefined ? "it was not made by diagbot" : undefined;
};

const mine = async (
  client: DockerClient,
  id: string,
  context: ActionContext,
): Promise<Inspect | undefined> => {
  const found = await findIfThere(client, id, context);
  return found?.Id === id ? found : undefined;
};

/** Stops and removes a container that `docker.add-replica` made: its way back, and offered for nothing else. */
export const removeReplica = write({
  name: "docker.remove-replica",
  title: "Stop and remove a container that was added",
  class: "cas",
  risk: "high",
  input: Input,
  output: z.object({ container: z.string() }),
  timeoutSeconds: 40,
  target: ({ container }) => container,
  preview: async (client, input, context): Promise<Preview> => {
    const found = await mine(client, input.container, context);
    const witness = { container: input.container };
    if (found === undefined) return { changes: [], witness, nothingToDo: `${input.name} is gone` };
    const no = why(client, found);
    const line = `stop container ${input.name} (${GRACE_SECONDS} s grace) and remove it with its unnamed volumes`;
    return { changes: [line], witness, ...(no === undefined ? {} : { refused: no }) };
  },
  drift: () => [],
  run: async (client, input, context) => {
    await beforeEffect(async () => {
      const found = await mine(client, input.container, context);
      if (found === undefined) throw refused(`${input.name} is gone`, "404");
      const no = why(client, found);
      if (no !== undefined) throw refused(no);
    });
    const path = `/containers/${input.container}`;
    const stop = {
      method: "POST",
      path: `${path}/stop`,
      query: { t: GRACE_SECONDS },
      ok: [204, 304],
    } as const;
    await sendWrite(client, stop, context, { leastMs: LEAST_MS });
    await sendWrite(client, { method: "DELETE", path, query: { v: true }, ok: [204, 404] }, context);
    return { container: input.container };
  },
  probe: async (client, input, _witness, context): Promise<Probed> => {
    const found = await mine(client, input.container, context);
    return found === undefined
      ? { verdict: "done", evidence: `${input.name} is gone` }
      : { verdict: "not-done", evidence: `${input.name} is there, ${found.State.Status}` };
  },
  undo: "none: it takes back what was done, and another can be added",
  says: ({ name }) => `${name} stopped and removed`,
  settled: {
    within: "30s",
    check: () => ({ list: containers() }),
    holds: ({ list }, { container }) => !list.containers.some(({ id }) => id === container),
    figures: ({ list }, { name }) => `${name} is gone; ${list.total} containers are left`,
  },
});
