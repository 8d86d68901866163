import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { sayDuration } from "../../core/words/duration.ts";
import { clip, count } from "../../core/words/format.ts";
import { beforeEffect, refused } from "../before-effect.ts";
import type { AlertmanagerClient } from "./client.ts";
import {
  type Alert,
  alertsNow,
  MOST_NAME,
  MOST_VALUE,
  parsed,
  type Silence,
  sayMatchers,
  silencesNow,
} from "./shapes.ts";

const { read, write } = actionsOn<AlertmanagerClient>("alertmanager");

/** More alerts than that nobody silences from a chat. */
const MOST_ALERTS = 20;
const MOST_MINUTES = 24 * 60;
const OURS = "diagbot";

/** Labels of the alerts that are meant, each to be equal. */
const Labels = z
  .record(z.string().min(1).max(MOST_NAME), z.string().min(1).max(MOST_VALUE))
  .refine(
    (labels) => labels.alertname !== undefined,
    "alertname has to be among the labels: a silence without it hides what nobody has seen yet",
  );
type Labels = z.output<typeof Labels>;

/** The silences that hold now, and those that will. */
export const silences = read({
  name: "alertmanager.silences",
  title: "Silences that hold now",
  input: z.object({}),
  output: z.object({
    silences: z
      .array(z.object({ id: z.string(), state: z.string(), matchers: z.string(), endsAt: z.string() }))
      .max(200),
  }),
  run: async (client, _input, context) => {
    const { silences: all } = await silencesNow(client, context);
    return {
      silences: all.map(({ id, state, matchers, endsAt }) => ({
        id,
        state,
        matchers: sayMatchers(matchers),
        endsAt,
      })),
    };
  },
});

/** A silence of exactly these labels, and of nothing else. */
const isOf = ({ matchers }: Silence, labels: Labels): boolean =>
  matchers.length === Object.keys(labels).length &&
  matchers.every(({ name, value, isRegex, isEqual }) => !isRegex && isEqual && labels[name] === value);

interface Ground {
  readonly alerts: readonly Alert[];
  readonly held: readonly Silence[];
  readonly refused: string | undefined;
}

async function groundFor(
  client: AlertmanagerClient,
  labels: Labels,
  context: ActionContext,
): Promise<Ground> {
  const foreign = Object.entries(client.labels).find(([name, value]) => labels[name] !== value);
  const { alerts, total } = await alertsNow(client, labels, context);
  const { silences: all } = await silencesNow(client, context);
  const held = all.filter((one) => one.state === "active" && isOf(one, labels));
  return { alerts, held, refused: refusalOf(total, foreign) };
}

function refusalOf(total: number, foreign: [string, string] | undefined): string | undefined {
  if (foreign !== undefined)
    return `only alerts of this connection may be silenced: ${foreign[0]}="${foreign[1]}" has to be among the labels`;
  if (total === 0) return "no alert with these labels fires: there is nothing to silence";
  return total > MOST_ALERTS
    ? `it would silence ${total} alerts, more than ${MOST_ALERTS}: too wide`
    : undefined;
}

const sayLabels = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${clip(value, 60)}"`)
    .join(", ");

/**
 * A silence of at most a day whose matchers are equal to labels of alerts that fire, `alertname` among them. It hides no more than 20
 * alerts now, and none of other systems. Undo ends it. Others still see the alerts in Alertmanager and Prometheus. Its comment says that
 * diagbot made it and why; who approved stands in the thread and in the audit record, found by the key in the comment.
 */
export const createSilence = write({
  name: "alertmanager.create-silence",
  title: "Silence an alert for a time",
  class: "guarded",
  risk: "high",
  input: z.object({
    labels: Labels,
    minutes: z.int().min(5).max(MOST_MINUTES).default(60),
    comment: z.string().min(1).max(300),
  }),
  output: z.object({ id: z.string(), until: z.string() }),
  target: ({ labels }) => `silence/${sayLabels(labels)}`,
  preview: async (client, { labels, minutes }, context) => {
    const { alerts, held, refused: not } = await groundFor(client, labels, context);
    const witness = { held: held.map(({ id }) => id).sort() };
    const changes = [
      `silence ${sayLabels(labels)} for ${sayDuration(minutes * 60_000)}: nobody is told of ${count(alerts.length, "alert")} that ${alerts.length === 1 ? "fires" : "fire"} now, and of new ones with these labels`,
    ];
    const [same] = held;
    if (same !== undefined)
      return {
        changes: [],
        witness,
        nothingToDo: `silence ${same.id} of ${same.by} hides it until ${same.endsAt.slice(0, 16)}Z`,
      };
    return not === undefined ? { changes, witness } : { changes, witness, refused: not };
  },
  run: async (client, { labels, minutes, comment }, context) => {
    const { held, refused: not } = await beforeEffect(() => groundFor(client, labels, context));
    if (not !== undefined) throw refused(not);
    if (held[0] !== undefined) throw refused(`silence ${held[0].id} holds already`);
    if (context.remainingMs() < 1_000) throw refused("too little time is left");
    const now = Date.now();
    const until = new Date(now + minutes * 60_000).toISOString();
    const body = {
      matchers: Object.entries(labels).map(([name, value]) => ({
        name,
        value,
        isRegex: false,
        isEqual: true,
      })),
      startsAt: new Date(now).toISOString(),
      endsAt: until,
      createdBy: OURS,
      comment: `${comment} (${context.effectKey})`,
    };
    const { silenceID } = parsed(
      z.object({ silenceID: z.string() }),
      await client.send("POST", "silences", body, context),
    );
    return { id: silenceID, until };
  },
  probe: async (client, { labels }, _witness, context) => {
    const { silences: all } = await silencesNow(client, context);
    const mine = all.find((one) => one.by === OURS && one.state === "active" && isOf(one, labels));
    return mine === undefined
      ? { verdict: "not-done", evidence: "there is no silence of diagbot's with these labels" }
      : { verdict: "done", evidence: `silence ${mine.id} holds until ${mine.endsAt}` };
  },
  undo: (_input, _witness, { id }) => ({ action: "alertmanager.expire-silence", input: { id } }),
  settled: {
    check: () => ({ now: silences() }),
    holds: ({ now }, _input, output) =>
      now.silences.some(({ id, state }) => id === output.id && state === "active"),
    figures: ({ now }, { labels }, output) =>
      now.silences.some(({ id }) => id === output?.id)
        ? `${sayLabels(labels)} is silenced until ${output?.until.slice(0, 16)}Z`
        : `no silence of ${sayLabels(labels)} holds`,
  },
  leaves: "nobody is told afterwards of what fired and ended meanwhile",
  says: (_input, { until }) => `silenced until ${until.slice(0, 16)}Z`,
});

/** Ends a silence now, by its id; whoever made it. What it hid is notified of again, where it still fires. */
export const expireSilence = write({
  name: "alertmanager.expire-silence",
  title: "End a silence",
  class: "cas",
  risk: "low",
  input: z.object({ id: z.uuid() }),
  output: z.object({ matchers: z.string(), endsAt: z.string() }),
  target: ({ id }) => `silence/${id}`,
  preview: async (client, { id }, context) => {
    const found = await silenceNow(client, id, context);
    const witness = {
      endsAt: found?.endsAt ?? null,
      matchers: found === undefined ? "" : sayMatchers(found.matchers),
    };
    if (found === undefined)
      return { changes: [], witness, nothingToDo: "it has ended, or there is none of that id" };
    const changes = [
      `end silence ${id} of ${found.by} (${clip(found.comment, 80)}): people are told again of ${clip(sayMatchers(found.matchers), 200)}`,
    ];
    return { changes, witness };
  },
  run: async (client, { id }, context) => {
    const found = await beforeEffect(() => silenceNow(client, id, context));
    if (found === undefined) throw refused("it has ended, or there is none of that id");
    if (context.remainingMs() < 1_000) throw refused("too little time is left");
    await client.send("DELETE", `silence/${encodeURIComponent(id)}`, undefined, context);
    return { matchers: sayMatchers(found.matchers), endsAt: found.endsAt };
  },
  probe: async (client, { id }, _witness, context) =>
    (await silenceNow(client, id, context)) === undefined
      ? { verdict: "done", evidence: "it holds no more" }
      : { verdict: "not-done", evidence: "it still holds" },
  undo: "none: it does not come back under its id; a new one is made by whoever wants it",
  settled: {
    check: () => ({ now: silences() }),
    holds: ({ now }, { id }) => !now.silences.some((one) => one.id === id),
    figures: ({ now }, { id }, output) =>
      `${clip(output?.matchers ?? id, 120)} ${now.silences.some((one) => one.id === id) ? "is still silenced" : "is not silenced any more"}; ${count(now.silences.length, "silence")} left`,
  },
  says: (_input, { matchers }) => `${clip(matchers, 120)} is not silenced any more`,
});

async function silenceNow(
  client: AlertmanagerClient,
  id: string,
  context: ActionContext,
): Promise<Silence | undefined> {
  return (await silencesNow(client, context)).silences.find((one) => one.id === id);
}
