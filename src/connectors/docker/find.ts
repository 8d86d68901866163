import type { ActionContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { type DockerClient, getJson } from "./client.ts";
import { Inspect } from "./shapes.ts";

/** The label of a container's compose project. */
export const PROJECT = "com.docker.compose.project";

/** The label filter of the engine's lists and events: the configured project, or nothing. */
export const projectFilter = (client: DockerClient): Record<string, string[]> =>
  client.project === undefined ? {} : { label: [`${PROJECT}=${client.project}`] };

/**
 * Inspects one container by id or name. A container outside the configured project is as good as absent:
 * `target_refused` with detail `404`, like the engine's own answer for an unknown one.
 */
export async function findContainer(
  client: DockerClient,
  reference: string,
  context: ActionContext,
): Promise<Inspect> {
  const path = `/containers/${encodeURIComponent(reference)}/json`;
  const found = await getJson(client, Inspect, { path }, context);
  if (client.project !== undefined && found.Config.Labels?.[PROJECT] !== client.project)
    throw new DiagError("target_refused", `no container ${reference} in project ${client.project}`, {
      detail: "404",
    });
  return found;
}

/** As `findContainer`; undefined where there is no such container. */
export async function findIfThere(
  client: DockerClient,
  reference: string,
  context: ActionContext,
): Promise<Inspect | undefined> {
  try {
    return await findContainer(client, reference, context);
  } catch (thrown) {
    if (thrown instanceof DiagError && thrown.detail === "404") return undefined;
    throw thrown;
  }
}

/** Is it the container diagbot itself runs in? */
export const isSelf = (client: DockerClient, id: string): boolean =>
  client.self.some((own) => id.startsWith(own) || own.startsWith(id));

/** `/checkout-1` -> `checkout-1`. */
export const plainName = (inspect: Inspect): string => inspect.Name.replace(/^\//, "");
