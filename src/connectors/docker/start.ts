import { z } from "zod";
import { type ActionContext, actionsOn, type Preview, type Probed } from "../../core/words/action.ts";
import { sayBytes } from "../../core/words/format.ts";
import { beforeEffect, refused } from "../before-effect.ts";
import type { DockerClient } from "./client.ts";
import { isUp, sayNow } from "./container.ts";
import { containers } from "./containers.ts";
import { eventsOf } from "./events.ts";
import { findIfThere } from "./find.ts";
import { sendWrite } from "./send-write.ts";
import type { Inspect } from "./shapes.ts";
import { asDecided, driftOf, moved, refusal, Target, witnessOf } from "./situation.ts";

const { write } = actionsOn<DockerClient>("docker");
/** Starts of one container within an hour beyond which one more will not help. */
const STARTS_PER_HOUR = 4;
const STARTABLE = ["created", "exited", "paused"];

/**
 * Starts a container that is stopped, or resumes a paused one. The container's last start is the precondition, so a repeat
 * does nothing. Refused for one killed for memory twice within an hour: the limit comes first (resync.api-not-accessible).
 */
export const startContainer = write({
  name: "docker.start-container",
  title: "Start a stopped container",
  class: "cas",
  risk: "high",
  input: Target,
  output: z.object({ container: z.string(), startedBefore: z.string() }),
  timeoutSeconds: 30,
  target: ({ container }) => container,
  preview: async (client, input, context): Promise<Preview> => {
    const found = await findIfThere(client, input.container, context);
    const witness = witnessOf(found);
    if (found === undefined) return { changes: [], witness, nothingToDo: `${input.name} is gone` };
    if (found.State.Status === "running")
      return { changes: [], witness, nothingToDo: `${input.name} is running again` };
    const why =
      refusal(client, found) ?? moved(input, found) ?? (await tooOften(client, found, input.name, context));
    const verb = found.State.Status === "paused" ? "resume" : "start";
    const line = `${verb} container ${input.name} (${found.Config.Image}, ${found.State.Status}, exit code ${found.State.ExitCode})`;
    return { changes: [line], witness, ...(why === undefined ? {} : { refused: why }) };
  },
  drift: driftOf,
  run: async (client, input, context) => {
    const found = await beforeEffect(() => asDecided(client, input, context));
    if (!STARTABLE.includes(found.State.Status))
      throw refused(`a container that is ${found.State.Status} cannot be started`);
    const verb = found.State.Status === "paused" ? "unpause" : "start";
    await sendWrite(
      client,
      // 304: it was started meanwhile.
      { method: "POST", path: `/containers/${found.Id}/${verb}`, ok: [204, 304] },
      context,
    );
    return { container: found.Id, startedBefore: input.startedAt };
  },
  probe: async (client, input, _witness, context): Promise<Probed> => {
    const found = await findIfThere(client, input.container, context);
    if (found === undefined) return { verdict: "unknown", evidence: `container ${input.name} is gone` };
    if (found.State.Status === "running" || found.State.StartedAt !== input.startedAt)
      return {
        verdict: "done",
        evidence: `${input.name} is ${found.State.Status}, started at ${found.State.StartedAt}`,
      };
    return {
      verdict: "not-done",
      evidence: `${input.name} is still ${found.State.Status}, last started at ${input.startedAt}`,
    };
  },
  undo: "none: stopping it again would bring the fault back",
  asBefore: "the same container runs again, with the settings it had",
  settled: {
    within: "2m",
    check: () => ({ list: containers() }),
    holds: ({ list }, { container }) => isUp(list.containers, container),
    figures: ({ list }, { container, name, state }) => sayNow(list.containers, { container, name, state }),
  },
});

/** Why starting it once more will not help; undefined: it may. */
async function tooOften(
  client: DockerClient,
  found: Inspect,
  name: string,
  context: ActionContext,
): Promise<string | undefined> {
  const recent = await eventsOf(client, { container: [found.Id], event: ["start", "oom"] }, 60, context);
  const starts = recent.filter((event) => event.what === "start").length;
  const ooms = recent.filter((event) => event.what === "oom").length;
  if (found.State.OOMKilled && starts > 1 && ooms > 1)
    return `${name} ran out of memory (limit ${found.HostConfig.Memory > 0 ? sayBytes(found.HostConfig.Memory) : "none"}) again after a start within the last hour: raise the limit first`;
  if (starts >= STARTS_PER_HOUR)
    return `${name} was started ${starts} times within the last hour and did not stay up: escalate`;
  return undefined;
}
