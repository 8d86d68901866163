import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { type DockerClient, parseAs } from "./client.ts";
import { Reference } from "./container.ts";
import { projectFilter } from "./find.ts";
import { EngineEvent } from "./shapes.ts";

const { read } = actionsOn<DockerClient>("docker");
const MAX_EVENTS = 256;
/** How many events of all kinds the engine keeps in memory; each health check is three of them (moby, daemon/events). */
const ENGINE_KEEPS = 256;

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
 * What happened to these containers, as far back as the engine remembers: who was stopped on request, who died, who was killed
 * for memory. `since`: from when on a container's past matters; what the engine no longer remembers of that is said to be not
 * seen. docs.docker.com/reference/api/engine `GET /events`; tektra.auto-restart.
 */
export const events = read({
  name: "docker.events",
  title: "What happened to the containers lately",
  input: z.object({
    of: z.array(z.object({ container: Reference, name: z.string(), since: z.string() })).max(100),
  }),
  output: z.object({
    events: z.array(Event),
    /** Unix seconds of the oldest event of any container that the engine remembers; null: it forgot none. */
    forgotBefore: z.number().nullable(),
    notSeen,
  }),
  timeoutSeconds: 5,
  run: async (client, { of }, context) => {
    const all = await everything(client, context);
    const forgotBefore = all.length < ENGINE_KEEPS ? null : Math.min(...all.map(({ time }) => time));
    const ids = new Set(of.map(({ container }) => container));
    const mine = all.filter(({ Type, Actor }) => Type === "container" && ids.has(Actor.ID)).map(eventOf);
    return {
      events: mine.filter(({ what }) => TELLING.test(what)).slice(-MAX_EVENTS),
      forgotBefore,
      ...forgotten(of, forgotBefore),
    };
  },
});

/** Pure. Exported for its test. */
export function forgotten(
  of: readonly { readonly name: string; readonly since: string }[],
  forgotBefore: number | null,
): { notSeen?: NotSeen[] } {
  if (forgotBefore === null) return {};
  const names = of.filter(({ since }) => Date.parse(since) / 1000 < forgotBefore).map(({ name }) => name);
  if (names.length === 0) return {};
  const from = new Date(forgotBefore * 1000).toISOString().slice(11, 19);
  const some = `${names.slice(0, 3).join(", ")}${names.length > 3 ? ` and ${names.length - 3} more` : ""}`;
  return {
    notSeen: [
      {
        what: `what happened to ${some} before ${from} UTC`.slice(0, 300),
        why: `the engine keeps its last ${ENGINE_KEEPS} events, and health checks fill them`,
        fix: "ask sooner, or lengthen the intervals of health checks; kills for memory are in the kernel's log (runbook high-memory on a connection of kind host)",
      },
    ],
  };
}

/** All the engine remembers, oldest first; `until` is now, so that it ends its answer. */
async function everything(client: DockerClient, context: ActionContext): Promise<EngineEvent[]> {
  const until = (Date.now() / 1000).toFixed(3);
  const call = { method: "GET", path: "/events", query: { since: 1, until }, ok: [200] } as const;
  return linesOf(await client.request(call, context));
}

/** Restarts of one container within the last hour; null: the engine does not remember that long, and saw none since. */
export async function restartsOf(
  client: DockerClient,
  id: string,
  context: ActionContext,
): Promise<number | null> {
  const hourAgo = Date.now() / 1000 - 3600;
  const all = await everything(client, context);
  const restarts = all.filter(
    ({ Action, Actor, time }) => Action === "restart" && Actor.ID === id && time >= hourAgo,
  );
  const forgot = all.length >= ENGINE_KEEPS && Math.min(...all.map(({ time }) => time)) > hourAgo;
  return restarts.length === 0 && forgot ? null : restarts.length;
}

/** Past events of the project within so many minutes, oldest first. */
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
  return linesOf(raw)
    .map(eventOf)
    .filter(({ what }) => TELLING.test(what));
}

const linesOf = (raw: Buffer): EngineEvent[] =>
  raw
    .toString("utf8")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => parseAs(EngineEvent, line));

const eventOf = ({ time, Action, Actor }: EngineEvent): Event => ({
  at: time,
  what: Action,
  container: Actor.ID,
  name: Actor.Attributes.name ?? "",
  exitCode: numberOrNull(Actor.Attributes.exitCode),
  signal: Actor.Attributes.signal ?? null,
});

const numberOrNull = (text: string | undefined): number | null =>
  text !== undefined && /^-?\d+$/.test(text) ? Number(text) : null;
