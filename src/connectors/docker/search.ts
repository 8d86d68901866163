import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { toDiagError } from "../../core/words/errors.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { inTurns } from "../../lib/in-turns.ts";
import { groupLines, LogFound, LogQuestion, ofContainer } from "../log-groups.ts";
import { type LogLine, readLine } from "../log-line.ts";
import { type DockerClient, getJson } from "./client.ts";
import { PROJECT } from "./find.ts";
import { demultiplex } from "./logs.ts";
import { Inspect, ListItem } from "./shapes.ts";

const { read } = actionsOn<DockerClient>("docker");
/** Containers, and lines and bytes of each: the last ones. */
const MOST_CONTAINERS = 12;
const MOST_LINES = 4_000;
const MOST_BYTES = 8_000_000;
/** Of the first line of a log only its time is wanted. */
const FIRST_BYTES = 400;

/**
 * Lines of the project's containers that are asked for, grouped by what they say: bounded by time, lines and bytes, never followed
 * (traps docker-logs-unbounded, log-raw-uniq). Nothing is called new in the log of a container that was made within the time, or
 * whose beginning was rotated away. resync.container-logs, tektra.log-search.
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
    const begin = now - question.minutes * 120;
    const reads = await inTurns(mine.slice(0, MOST_CONTAINERS), 4, async ({ Id, Names }): Promise<Read> => {
      const name = (Names?.[0] ?? Id).replace(/^\//, "");
      try {
        return await logOf(client, { id: Id, name, begin }, context);
      } catch (thrown) {
        if (context.signal.aborted) throw thrown;
        const why = toDiagError(thrown, "target_error").message.slice(0, 500);
        return { name, unread: { what: `the log of ${name}`.slice(0, 300), why } };
      }
    });
    const unseen = [...unlisted(client, mine.length), ...reads.flatMap(({ unread }) => unread ?? [])];
    return {
      logs: reads.flatMap(({ name, lines, isWhole }) =>
        lines === undefined
          ? []
          : [{ name, ...groupLines(lines, ofContainer(name, question), now, isWhole === true) }],
      ),
      ...(unseen.length === 0 ? {} : { notSeen: unseen }),
    };
  },
});

/** A log as far as it could be read. `isWhole`: all lines of the time, and it reaches back to its beginning. */
interface Read {
  readonly name: string;
  readonly lines?: readonly LogLine[];
  readonly isWhole?: boolean;
  readonly unread?: NotSeen;
}

interface Wanted {
  readonly id: string;
  readonly name: string;
  /** Unix seconds. */
  readonly begin: number;
}

async function logOf(
  client: DockerClient,
  { id, name, begin }: Wanted,
  context: ActionContext,
): Promise<Read> {
  const { Config, Created, HostConfig } = await getJson(
    client,
    Inspect,
    { path: `/containers/${id}/json` },
    context,
  );
  const ask = (more: Record<string, number>, maxBytes: number) =>
    client.request(
      {
        method: "GET",
        path: `/containers/${id}/logs`,
        query: { stdout: true, stderr: true, timestamps: true, follow: false, ...more },
        ok: [200],
        maxBytes,
        cut: true,
      },
      context,
    );
  const readAll = (bytes: Buffer) => linesOf(Config.Tty ? bytes.toString("utf8") : demultiplex(bytes));
  const raw = await ask({ tail: MOST_LINES, since: Math.floor(begin) }, MOST_BYTES);
  const lines = readAll(raw);
  if (lines.length >= MOST_LINES || raw.length >= MOST_BYTES) {
    const why = `${MOST_LINES} lines or ${MOST_BYTES / 1e6} MB of a container are read`;
    return { name, lines, unread: { what: `lines of ${name}`, why, fix: "ask for fewer minutes" } };
  }
  const isWhole = reachesBack({ Created, HostConfig }, begin);
  if (isWhole !== undefined) return { name, lines, isWhole };
  const [first] = readAll(await ask({}, FIRST_BYTES));
  return { name, lines, isWhole: first?.at != null && first.at <= begin };
}

/**
 * Whether its log goes back so far: that of a container that was made since does not, and one that is never rotated does. Undefined:
 * its first line tells, since the driver drops the oldest. Pure.
 */
export function reachesBack(
  { Created, HostConfig: { LogConfig: log } }: Pick<z.output<typeof Inspect>, "Created" | "HostConfig">,
  begin: number,
): boolean | undefined {
  if (Date.parse(Created) / 1000 > begin) return false;
  return log?.Type === "json-file" && log.Config?.["max-size"] === undefined ? true : undefined;
}

/** Containers beyond what is read; and that there is none at all, which is no quiet log. */
function unlisted({ project }: DockerClient, there: number): NotSeen[] {
  if (there > MOST_CONTAINERS)
    return [
      {
        what: `the logs of ${there - MOST_CONTAINERS} containers`,
        why: `${MOST_CONTAINERS} are read at once`,
      },
    ];
  return there > 0
    ? []
    : [
        {
          what: `the logs of ${project === undefined ? "the engine" : `the project ${project}`}`,
          why: "it has no container, not even one that has ended",
          fix: "`docker compose ls -a` lists projects by name: correct `project:` in diagbot.yaml",
        },
      ];
}

/** Lines with the engine's own time stamp in front; one without goes on with the line before. */
const linesOf = (text: string): LogLine[] =>
  text.split(/\r?\n/).flatMap((line) => {
    const [, at, rest] = /^(\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:\d\d))(?: (.*))?$/.exec(line) ?? [];
    return at === undefined || rest === undefined || rest === ""
      ? []
      : [readLine(rest, Date.parse(at) / 1000)];
  });
