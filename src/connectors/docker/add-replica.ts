import { z } from "zod";
import {
  type ActionContext,
  actionsOn,
  type Call,
  type Preview,
  type Probed,
  type WriteContext,
} from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { count } from "../../core/words/format.ts";
import { beforeEffect, refused } from "../before-effect.ts";
import { type DockerClient, parseAs } from "./client.ts";
import { isUp } from "./container.ts";
import { containers } from "./containers.ts";
import { findIfThere, plainName } from "./find.ts";
import { removeReplica } from "./remove-replica.ts";
import { ADDED, anotherOf, madeOf, nameOf, numberOf, siblingsOf, whyNoRoom, whyOnlyOne } from "./replica.ts";
import { sendWrite } from "./send-write.ts";
import type { Inspect } from "./shapes.ts";
import { asDecided, driftOf, moved, refusal, Target, witnessOf } from "./situation.ts";

const { write } = actionsOn<DockerClient>("docker");
/** What creating and starting one takes. */
const LEAST_MS = 8_000;
const Created = z.object({ Id: z.string() });

const Input = Target.extend({
  service: z.string().max(255),
  /** Of the new one, as compose numbers them. */
  number: z.int().min(1).max(1_000),
  /** Replicas there shall be in the end. */
  wanted: z.int().min(2).max(100),
});
type Input = z.output<typeof Input>;

/** Why it is not made; undefined: it may be. */
async function why(
  client: DockerClient,
  input: Input,
  found: Inspect,
  context: ActionContext,
): Promise<string | undefined> {
  const no = refusal(client, found) ?? moved(input, found) ?? beyond(client, input);
  if (no !== undefined) return no;
  if (found.State.Status !== "running") return `it is ${found.State.Status}: find out why first`;
  const only = whyOnlyOne(found, await madeOf(client, found.Id, context));
  if (only !== undefined) return only;
  const all = await siblingsOf(client, found, context);
  if (all.some((one) => numberOf(one) === input.number)) return `there is a number ${input.number} already`;
  const running = all.filter(({ State }) => State === "running").length;
  // Never downward: what is taken away loses its work.
  if (running >= input.wanted) return `${count(running, "replica")} of ${input.service} run already`;
  return whyNoRoom(client, found, input.wanted - running, context);
}

function beyond({ scale, databaseBudget }: DockerClient, { service, wanted }: Input): string | undefined {
  if (wanted > scale.max)
    return `${wanted} is more than the ${scale.max} that \`scale:\` of the connection allows`;
  const budget = Object.hasOwn(databaseBudget, service) ? databaseBudget[service] : undefined;
  if (budget === undefined || wanted * budget.perReplica <= budget.total) return undefined;
  return `${wanted} replicas with ${budget.perReplica} connections each want ${wanted * budget.perReplica} of the database, which has ${budget.total} for them (\`databaseBudget:\`)`;
}

/** One that cannot start is not left behind. Throws what the start threw, or `target_refused` once nothing is left of it. */
async function startOrRemove(client: DockerClient, id: string, context: WriteContext): Promise<void> {
  const path = `/containers/${id}`;
  try {
    await sendWrite(client, { method: "POST", path: `${path}/start`, ok: [204, 304] }, context);
  } catch (thrown) {
    // The engine removes none that runs after all.
    const isGone = await client
      .request({ method: "DELETE", path, query: { v: true }, ok: [204, 404] }, context)
      .then(
        () => true,
        () => false,
      );
    throw isGone && thrown instanceof DiagError ? refused(thrown.message, thrown.detail, thrown) : thrown;
  }
}

/**
 * One more container of a compose service, made like one that runs: what `docker compose up -d --no-recreate --scale` does, by the
 * engine's API, which has no scaling of its own (trap compose-scale). Only upward; refused where two cannot be. resync.high-cpu-memory.
 */
export const addReplica = write({
  name: "docker.add-replica",
  title: "Start one more container of a service",
  class: "cas",
  risk: "high",
  input: Input,
  output: z.object({ container: z.string(), name: z.string() }),
  timeoutSeconds: 40,
  target: ({ container }) => container,
  preview: async (client, input, context): Promise<Preview> => {
    const found = await findIfThere(client, input.container, context);
    const witness = witnessOf(found);
    if (found === undefined) return { changes: [], witness, nothingToDo: `${input.name} is gone` };
    const no = await why(client, input, found, context);
    const line = `start one more container of ${input.service}, number ${input.number}, made like ${input.name} (${found.Config.Image})`;
    return { changes: [line], witness, ...(no === undefined ? {} : { refused: no }) };
  },
  drift: driftOf,
  run: async (client, input, context) => {
    const { name, body } = await beforeEffect(async () => {
      const found = await asDecided(client, input, context);
      const no = await why(client, input, found, context);
      if (no !== undefined) throw refused(no);
      const made = await madeOf(client, found.Id, context);
      return {
        name: nameOf(found, input.number) ?? "",
        body: anotherOf(made, input.number, context.effectKey),
      };
    });
    const said = await sendWrite(
      client,
      { method: "POST", path: "/containers/create", query: { name }, body, ok: [201] },
      context,
      { leastMs: LEAST_MS },
    );
    const { Id } = parseAs(Created, said.toString("utf8"));
    await startOrRemove(client, Id, context);
    return { container: Id, name };
  },
  probe: async (client, input, _witness, context): Promise<Probed> => {
    const first = await findIfThere(client, input.container, context);
    const name = first === undefined ? undefined : nameOf(first, input.number);
    if (name === undefined) return { verdict: "unknown", evidence: `container ${input.name} is gone` };
    const found = await findIfThere(client, name, context);
    if (found?.Config.Labels?.[ADDED] === undefined)
      return { verdict: "not-done", evidence: `there is no ${name} that diagbot made` };
    return found.State.Status === "running"
      ? { verdict: "done", evidence: `${plainName(found)} runs since ${found.State.StartedAt}` }
      : { verdict: "unknown", evidence: `${plainName(found)} was made, and is ${found.State.Status}` };
  },
  undo: (_input, _witness, { container, name }): Call => removeReplica({ container, name }),
  leaves: "what it works on when it is stopped, and the work that went to it",
  says: ({ service }, { name }) => `${name} of ${service} started`,
  settled: {
    within: "3m",
    check: () => ({ list: containers() }),
    holds: ({ list }, _input, { container }) => isUp(list.containers, container),
    figures: ({ list }, { service }) => {
      const mine = list.containers.filter((one) => one.service === service);
      const up = mine.filter(({ id }) => isUp(list.containers, id)).length;
      return `${up} of ${count(mine.length, "container")} of ${service} up`;
    },
  },
});
