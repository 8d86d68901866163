import { z } from "zod";
import { actionsOn, type Preview, type Probed } from "../../core/words/action.ts";
import { saySeconds } from "../../core/words/format.ts";
import { beforeEffect, refused } from "../before-effect.ts";
import type { DockerClient } from "./client.ts";
import { isUp, sayNow } from "./container.ts";
import { containers } from "./containers.ts";
import { eventsOf, restartsOf } from "./events.ts";
import { findIfThere } from "./find.ts";
import { sendWrite } from "./send-write.ts";
import { asDecided, driftOf, moved, refusal, Target, Witness, witnessOf } from "./situation.ts";

const { write } = actionsOn<DockerClient>("docker");
/** Restarts of one container within an hour beyond which one more will not help (tektra.auto-restart, trap `restart-loop`). */
const RESTARTS_PER_HOUR = 3;
/** What the engine needs besides the grace period to start a container again. */
const START_MS = 5_000;

/**
 * Restarts one container: SIGTERM (or the image's stop signal), `graceSeconds`, SIGKILL, start. Environment and compose
 * changes are not picked up (trap `compose-restart-env`). tektra.auto-restart, sergas-accounts.cognee-restart.
 */
export const restartContainer = write({
  name: "docker.restart-container",
  title: "Restart a container",
  class: "guarded",
  risk: "high",
  input: Target.extend({ graceSeconds: z.int().min(0).max(30).default(10) }),
  output: z.object({ container: z.string(), startedBefore: z.string() }),
  timeoutSeconds: 45,
  target: ({ container }) => container,
  preview: async (client, input, context): Promise<Preview> => {
    const found = await findIfThere(client, input.container, context);
    const witness = witnessOf(found);
    if (found === undefined) return { changes: [], witness, nothingToDo: `${input.name} is gone` };
    if (found.State.Status === "running" && found.State.Health?.Status === "healthy")
      return { changes: [], witness, nothingToDo: `${input.name} is running and healthy again` };
    const restarts = await restartsOf(client, found.Id, context);
    const why =
      refusal(client, found) ??
      moved(input, found) ??
      (restarts !== null && restarts >= RESTARTS_PER_HOUR
        ? `it was restarted ${restarts} times within the last hour: one more will not help, escalate`
        : undefined);
    const often =
      restarts === null
        ? "; how often it was restarted within the last hour the engine no longer remembers"
        : "";
    const up = (Date.now() - Date.parse(found.State.StartedAt)) / 1000;
    const line = `restart container ${input.name} (${found.Config.Image}, ${found.State.Status}, up ${saySeconds(up)}, ${input.graceSeconds} s grace)${often}`;
    return { changes: [line], witness, ...(why === undefined ? {} : { refused: why }) };
  },
  drift: driftOf,
  run: async (client, input, context) => {
    const found = await beforeEffect(() => asDecided(client, input, context));
    // It came back by itself since the last look.
    if (found.State.Status === "running" && found.State.Health?.Status === "healthy")
      throw refused(`${input.name} is running and healthy again`);
    await sendWrite(
      client,
      {
        method: "POST",
        path: `/containers/${found.Id}/restart`,
        query: { t: input.graceSeconds },
        ok: [204],
      },
      context,
      {
        leastMs: input.graceSeconds * 1000 + START_MS,
        why: `too little time is left for a grace period of ${input.graceSeconds} s`,
      },
    );
    return { container: found.Id, startedBefore: input.startedAt };
  },
  probe: async (client, input, witness, context): Promise<Probed> => {
    const before = Witness.safeParse(witness);
    const found = await findIfThere(client, input.container, context);
    if (found === undefined) return { verdict: "unknown", evidence: `container ${input.name} is gone` };
    const startedBefore =
      before.success && "startedAt" in before.data ? before.data.startedAt : input.startedAt;
    if (found.State.StartedAt !== startedBefore)
      return { verdict: "done", evidence: `${input.name} was started again at ${found.State.StartedAt}` };
    const kills = await eventsOf(client, { container: [found.Id], event: ["kill"] }, 2, context);
    // The engine goes on stopping a container after its caller is gone.
    if (kills.length > 0 || found.State.Status !== input.state)
      return {
        verdict: "unknown",
        evidence: `${input.name} is ${found.State.Status}, was signalled to stop, and has not started again`,
      };
    return {
      verdict: "not-done",
      evidence: `${input.name} still runs since ${startedBefore} and was not signalled`,
    };
  },
  undo: "none: the process that ran before is gone",
  asBefore: "the same container runs again, with the settings it had",
  settled: {
    within: "3m",
    check: () => ({ list: containers() }),
    holds: ({ list }, { container }) => isUp(list.containers, container),
    figures: ({ list }, { container, name, state }) => sayNow(list.containers, { container, name, state }),
  },
});
