import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { type DockerClient, parseAs } from "./client.ts";
import { projectFilter } from "./find.ts";
import { EngineEvent } from "./shapes.ts";

const { read } = actionsOn<DockerClient>("docker");
const MAX_EVENTS = 200;

const Event = z.object({
  /** Unix seconds. */
  at: z.number(),
  /** create, start, restart, kill, stop, die, oom, pause, unpause, destroy, `health_status: unhealthy`. */
  what: z.string(),
  container: z.string(),
  name: z.string(),
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
});
export type Event = z.output<typeof Event>;

/** What looks of health checks and exec leave in the engine's memory is noise here. */
const TELLING = /^(create|start|restart|kill|stop|die|oom|pause|unpause|destroy|rename|health_status: .+)$/;

/**
 * What happened to the project's containers lately: who was stopped on request, who died, who was killed for memory. The
 * engine keeps its last 256 events. docs.docker.com/reference/api/engine `GET /events`; tektra.auto-restart.
 */
export const events = read({
  name: "docker.events",
  title: "What happened to the containers lately",
  input: z.object({ minutes: z.int().min(1).max(1440).default(60) }),
  output: z.object({ events: z.array(Event) }),
  timeoutSeconds: 5,
  run: async (client, { minutes }, context) => ({
    events: (await eventsOf(client, {}, minutes, context)).slice(-MAX_EVENTS),
  }),
});

/** Past events, oldest first; `until` is now, so that the engine ends its answer. */
export async function eventsOf(
  client: DockerClient,
  filter: Readonly<Record<string, string[]>>,
  minutes: number,
  context: ActionContext,
): Promise<Event[]> {
  const now = Date.now() / 1000;
  const filters = JSON.stringify({ type: ["container"], ...projectFilter(client), ...filter });
  const query = { since: (now - minutes * 60).toFixed(3), until: now.toFixed(3), filters };
  const raw = await client.request({ method: "GET", path: "/events", query, ok: [200] }, context);
  return raw
    .toString("utf8")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => parseAs(EngineEvent, line))
    .filter((event) => TELLING.test(event.Action))
    .map((event) => ({
      at: event.time,
      what: event.Action,
      container: event.Actor.ID,
      name: event.Actor.Attributes.name ?? "",
      exitCode: numberOrNull(event.Actor.Attributes.exitCode),
      signal: event.Actor.Attributes.signal ?? null,
    }));
}

const numberOrNull = (text: string | undefined): number | null =>
  text !== undefined && /^-?\d+$/.test(text) ? Number(text) : null;
