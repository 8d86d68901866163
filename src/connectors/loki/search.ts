import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { groupLines, LogFound, LogQuestion } from "../log-groups.ts";
import { type LogLine, readLine } from "../log-line.ts";
import type { LokiClient } from "./client.ts";
import { queryOf, selectorOf } from "./logql.ts";

const { read } = actionsOn<LokiClient>("loki");
/** Entries of one answer: what Loki gives by default at most (max_entries_limit_per_query). */
const MOST_LINES = 5_000;

const Streams = z.object({
  resultType: z.literal("streams"),
  result: z.array(
    z.object({
      stream: z.record(z.string(), z.string()),
      /** Nanoseconds as text, the line; newer versions add an object. */
      values: z.array(z.tuple([z.string(), z.string()]).rest(z.unknown())),
    }),
  ),
});

/** Labels that say which program a stream is of, the most telling first. */
const COMPONENTS = ["component", "app", "service_name", "container", "job"];

/**
 * Lines of the connection's streams that are asked for, grouped by what they say. The time looked at and the time before it are
 * asked for one by one, so that many lines now do not hide those before (trap log-raw-uniq). ai-saas.triage-logs.
 */
export const searchLogs = read({
  name: "loki.search-logs",
  title: "Search the logs in Loki",
  input: LogQuestion,
  output: LogFound.extend({ notSeen }),
  timeoutSeconds: 40,
  run: async (client, question, context) => {
    const now = Date.now() / 1000;
    const span = question.minutes * 60;
    const ask = (from: number, to: number) => linesOf(client, question, from, to, context);
    const [recent, before] = [await ask(now - span, now), await ask(now - 2 * span, now - span)];
    const isCut = [recent, before].map(({ length }) => length >= MOST_LINES);
    const unseen: NotSeen[] = isCut.flatMap((cut, index) =>
      cut
        ? [
            {
              what: `older lines of the ${question.minutes} min ${index === 0 ? "looked at" : "before"}`,
              why: `${MOST_LINES} lines are read at once, the newest first`,
              fix: "ask for fewer minutes, or with a text",
            },
          ]
        : [],
    );
    const isNone = recent.length + before.length === 0;
    // Nothing in the time before is news only of streams that were there then.
    const wereThere = before.length > 0 || (!isNone && (await countStreams(client, context, now - span)) > 0);
    if (isNone && (await countStreams(client, context)) === 0)
      unseen.push({
        what: `the logs of ${selectorOf(client.labels)}`.slice(0, 300),
        why: "Loki has had no stream of these labels within the last day",
        fix: "correct `labels:` in diagbot.yaml; what ships the logs (Promtail, Alloy, Fluent Bit) may be down",
      });
    const found = groupLines([...before, ...recent], question, now, wereThere && !isCut.includes(true));
    return { ...found, ...(unseen.length === 0 ? {} : { notSeen: unseen }) };
  },
});

async function linesOf(
  client: LokiClient,
  question: LogQuestion,
  from: number,
  to: number,
  context: ActionContext,
): Promise<LogLine[]> {
  const data = await client.get(
    "query_range",
    {
      query: queryOf(client.labels, question),
      start: nanoseconds(from),
      end: nanoseconds(to),
      limit: String(MOST_LINES),
      direction: "backward",
    },
    context,
  );
  const parsed = Streams.safeParse(data);
  if (!parsed.success) throw new DiagError("bad_output", "Loki: the answer holds no streams");
  return parsed.data.result.flatMap(({ stream, values }) => {
    const component = COMPONENTS.map((name) => stream[name]).find((value) => value !== undefined) ?? "";
    return values.map(([at, text]) => lineOf(text, Number(at) / 1e9, component, stream));
  });
}

/** Milliseconds are exact enough, and nanoseconds are beyond what a number holds. */
const nanoseconds = (seconds: number): string => `${Math.floor(seconds * 1000)}000000`;

/** The line's own level and component; else those of its stream (`detected_level` is Loki's guess by words, and not taken). */
function lineOf(
  text: string,
  at: number,
  component: string,
  stream: Readonly<Record<string, string>>,
): LogLine {
  const line = readLine(text, at);
  const level = line.level ?? readLine(`level=${(stream.level ?? "").replace(/\W/g, "")}`).level;
  return { ...line, level, component: line.component === "" ? component : line.component };
}

/** Whether Loki answers, and whether there is a stream of these labels within the last day. */
export const streams = read({
  name: "loki.streams",
  title: "Whether Loki answers",
  input: z.object({}),
  output: z.object({ ms: z.number(), streams: z.int() }),
  run: async (client, _input, context) => {
    const begun = performance.now();
    const there = await countStreams(client, context);
    return { ms: performance.now() - begun, streams: there };
  },
});

/** Streams of the connection's labels within the day before `to` (unix seconds; default: now). */
export async function countStreams(
  client: LokiClient,
  context: ActionContext,
  to = Date.now() / 1000,
): Promise<number> {
  const span = { start: nanoseconds(to - 86_400), end: nanoseconds(to) };
  const data = await client.get("series", { "match[]": selectorOf(client.labels), ...span }, context);
  const found = z.array(z.unknown()).safeParse(data ?? []);
  if (!found.success) throw new DiagError("bad_output", "Loki: the answer lists no streams");
  return found.data.length;
}
