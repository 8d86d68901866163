import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { toDiagError } from "../../core/words/errors.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { groupLines, LogFound, LogQuestion } from "../log-groups.ts";
import { readLine } from "../log-line.ts";
import { type DockerClient, getJson } from "./client.ts";
import { inTurns } from "./containers.ts";
import { PROJECT } from "./find.ts";
import { demultiplex } from "./logs.ts";
import { Inspect, ListItem } from "./shapes.ts";

const { read } = actionsOn<DockerClient>("docker");
/** Containers, and lines and bytes of each: the last ones. */
const MOST_CONTAINERS = 12;
const MOST_LINES = 4_000;
const MOST_BYTES = 8_000_000;

/**
 * Lines of the project's containers that are asked for, grouped by what they say: bounded by time, lines and bytes, never followed
 * (traps docker-logs-unbounded, log-raw-uniq). resync.container-logs, tektra.log-search.
 */
export const searchLogs = read({
  name: "docker.search-logs",
  title: "Search the logs of containers",
  input: LogQuestion,
  output: z.object({ logs: z.array(LogFound.extend({ name: z.string() })), notSeen }),
  timeoutSeconds: 30,
  run: async (client, question, context) => {
    const query = { all: true };
    const listed = await getJson(client, z.array(ListItem), { path: "/containers/json", query }, context);
    const mine = listed.filter(
      ({ Labels }) => client.project === undefined || Labels?.[PROJECT] === client.project,
    );
    const now = Date.now() / 1000;
    const unseen: NotSeen[] =
      mine.length <= MOST_CONTAINERS
        ? []
        : [
            {
              what: `the logs of ${mine.length - MOST_CONTAINERS} containers`,
              why: `${MOST_CONTAINERS} are read at once`,
            },
          ];
    const logs = await inTurns(mine.slice(0, MOST_CONTAINERS), 4, async ({ Id, Names }) => {
      const name = (Names?.[0] ?? Id).replace(/^\//, "");
      try {
        const { Config } = await getJson(client, Inspect, { path: `/containers/${Id}/json` }, context);
        const asked = {
          stdout: true,
          stderr: true,
          timestamps: true,
          follow: false,
          tail: MOST_LINES,
          since: Math.floor(now - question.minutes * 120),
        };
        const raw = await client.request(
          {
            method: "GET",
            path: `/containers/${Id}/logs`,
            query: asked,
            ok: [200],
            maxBytes: MOST_BYTES,
            cut: true,
          },
          context,
        );
        const lines = linesOf(Config.Tty ? raw.toString("utf8") : demultiplex(raw));
        const isCut = lines.length >= MOST_LINES || raw.length >= MOST_BYTES;
        if (isCut)
          unseen.push({
            what: `lines of ${name}`,
            why: `${MOST_LINES} lines or ${MOST_BYTES / 1e6} MB of a container are read`,
            fix: "ask for fewer minutes",
          });
        return [{ name, ...groupLines(lines, question, now, !isCut) }];
      } catch (thrown) {
        if (context.signal.aborted) throw thrown;
        unseen.push({
          what: `the log of ${name}`.slice(0, 300),
          why: toDiagError(thrown, "target_error").message.slice(0, 500),
        });
        return [];
      }
    });
    return { logs: logs.flat(), ...(unseen.length === 0 ? {} : { notSeen: unseen }) };
  },
});

/** Lines with the engine's own time stamp in front; one without goes on with the line before. */
const linesOf = (text: string) =>
  text.split(/\r?\n/).flatMap((line) => {
    const [, at, rest] = /^(\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:\d\d))(?: (.*))?$/.exec(line) ?? [];
    return at === undefined || rest === undefined || rest === ""
      ? []
      : [readLine(rest, Date.parse(at) / 1000)];
  });
