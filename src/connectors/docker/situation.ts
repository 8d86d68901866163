import { z } from "zod";
import type { ActionContext } from "../../core/words/action.ts";
import type { Json } from "../../core/words/json.ts";
import { refused } from "../before-effect.ts";
import type { DockerClient } from "./client.ts";
import { Reference } from "./container.ts";
import { findIfThere, isSelf, plainName } from "./find.ts";
import type { Inspect } from "./shapes.ts";

/** A container and the state it was decided on: acting on anything else is refused. */
export const Target = z.object({
  container: Reference,
  name: z.string().max(255),
  state: z.string().max(20),
  startedAt: z.string().max(40),
});
export type Target = z.output<typeof Target>;

/** What an approval is bound to: the container, its state and when it last started. */
export const Witness = z.union([
  z.object({ id: z.string(), state: z.string(), startedAt: z.string() }),
  z.object({ gone: z.literal(true) }),
]);

export const witnessOf = (found: Inspect | undefined): Json =>
  found === undefined
    ? { gone: true }
    : { id: found.Id, state: found.State.Status, startedAt: found.State.StartedAt };

/** Why this container may never be touched by diagbot; undefined: it may. */
export function refusal(client: DockerClient, found: Inspect): string | undefined {
  const name = plainName(found);
  if (isSelf(client, found.Id)) return `${name} is the container diagbot itself runs in`;
  if (found.Config.Labels?.["diagbot.protected"] === "true") return `${name} is labelled diagbot.protected`;
  return undefined;
}

/** How the container differs from what was decided on; undefined: it does not. */
export function moved(target: Target, found: Inspect): string | undefined {
  if (found.State.Status !== target.state) return `it was ${target.state} and is ${found.State.Status}`;
  if (found.State.StartedAt !== target.startedAt) return `it was started again at ${found.State.StartedAt}`;
  return undefined;
}

/** Looks again right before the effect and refuses whatever is not as decided. */
export async function asDecided(
  client: DockerClient,
  target: Target,
  context: ActionContext,
): Promise<Inspect> {
  const found = await findIfThere(client, target.container, context);
  if (found === undefined) throw refused(`container ${target.name} is gone`, "404");
  const why = refusal(client, found) ?? moved(target, found);
  if (why !== undefined) throw refused(`${target.name}: ${why}`);
  return found;
}

/** A container that is gone needs nothing more: no drift. Anything else that differs voids the approval. */
export function driftOf(then: Json, now: Json): string[] {
  const before = Witness.safeParse(then);
  const after = Witness.safeParse(now);
  if (!before.success || !after.success) return ["the witness cannot be read"];
  if ("gone" in after.data) return [];
  if ("gone" in before.data) return ["the container is there again"];
  const lines: string[] = [];
  if (before.data.id !== after.data.id) lines.push("the container was recreated");
  if (before.data.state !== after.data.state)
    lines.push(`state: ${before.data.state} -> ${after.data.state}`);
  if (before.data.startedAt !== after.data.startedAt)
    lines.push(`last start: ${before.data.startedAt} -> ${after.data.startedAt}`);
  return lines;
}
