import { z } from "zod";
import { type ActionContext, actionsOn } from "../../../core/words/action.ts";
import { sayBytes } from "../../../core/words/format.ts";
import { beforeEffect, refused } from "../../before-effect.ts";
import type { MysqlClient } from "../client.ts";
import { figure } from "../values.ts";
import { connectionUsage } from "./connections.ts";
import { serverState, shown } from "./state.ts";

/** Beside connections the server needs files for tables; it keeps this many for them at least. */
const FILES_FOR_TABLES = 400;
/** More than so many at once is a matter of planning. */
const MOST_MORE = 500;

const Wanted = z.object({ from: z.int().min(1).max(100_000), to: z.int().min(10).max(100_000) });
type Wanted = z.output<typeof Wanted>;

const facts = (client: MysqlClient, context: ActionContext) =>
  client.read(context, async (sql) => {
    const names = ["max_connections", "open_files_limit"];
    const buffers = ["sort_buffer_size", "join_buffer_size", "read_buffer_size", "read_rnd_buffer_size"];
    const variables = await shown(sql, "VARIABLES", [...names, ...buffers, "thread_stack"]);
    return {
      max: figure(variables, "max_connections"),
      files: figure(variables, "open_files_limit"),
      bytes: [...buffers, "thread_stack"].reduce((sum, name) => sum + (figure(variables, name) ?? 0), 0),
    };
  });

type Facts = Awaited<ReturnType<typeof facts>>;

/** Why it is not done; a way back to fewer is never in the way. */
function why({ from, to }: Wanted, { max, files }: Facts): string | undefined {
  if (max !== from) return `max_connections is ${max ?? "unknown"} now, not ${from}`;
  if (to === from) return "that is what it is";
  if (to - from > Math.min(MOST_MORE, from))
    return `${to - from} more at once: at most ${Math.min(MOST_MORE, from)} are given without a plan for the machine's memory`;
  if (to > from && files !== null && to > files - FILES_FOR_TABLES)
    return `open_files_limit is ${files}: it leaves room for ${Math.max(0, files - FILES_FOR_TABLES)} connections`;
  return undefined;
}

/** `SET GLOBAL max_connections`: at once, until the server is restarted. Needs CONNECTION_ADMIN or SYSTEM_VARIABLES_ADMIN. */
export const setMaxConnections = actionsOn<MysqlClient>("mysql").write({
  name: "mysql.set-max-connections",
  title: "Allow more connections until the next restart",
  class: "guarded",
  risk: "high",
  input: Wanted,
  output: z.object({ from: z.int(), to: z.int() }),
  target: () => "max_connections",
  preview: async (client, wanted, context) => {
    const now = await facts(client, context);
    const { from, to } = wanted;
    const witness = { max: now.max, files: now.files };
    const memory = `${to > from ? "up to " : ""}${sayBytes(Math.abs(to - from) * now.bytes)} ${to > from ? "more" : "less"} if every session used its buffers once`;
    const changes = [`max_connections ${from} → ${to} until the server is restarted (${memory})`];
    if (now.max === to) return { changes: [], witness, nothingToDo: `max_connections is ${to} already` };
    const not = why(wanted, now);
    return not === undefined ? { changes, witness } : { changes, witness, refused: not };
  },
  run: async (client, wanted, context) => {
    const not = why(wanted, await beforeEffect(() => facts(client, context)));
    if (not !== undefined) throw refused(not);
    await client.act(context, "SET GLOBAL max_connections = ?", [wanted.to]);
    return wanted;
  },
  probe: async (client, { from, to }, _witness, context) => {
    const { max } = await facts(client, context);
    const evidence = `max_connections is ${max ?? "unknown"}`;
    return { verdict: max === to ? "done" : max === from ? "not-done" : "unknown", evidence };
  },
  undo: ({ from, to }) => ({ action: "mysql.set-max-connections", input: { from: to, to: from } }),
  leaves: "sessions that came meanwhile stay until they end; the configuration file is as it was",
  says: ({ from, to }) => `max_connections ${from} → ${to}`,
  settled: {
    check: () => ({ state: serverState(), usage: connectionUsage() }),
    holds: ({ state }, { to }) => state.maxConnections === to,
    figures: ({ state, usage }, { from }) =>
      `max_connections ${from} → ${state.maxConnections ?? "?"}, ${usage.used ?? "?"} taken`,
  },
});
