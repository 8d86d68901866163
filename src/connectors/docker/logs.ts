import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { toDiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { inTurns } from "../../lib/in-turns.ts";
import { redactor } from "../../lib/redact.ts";
import type { DockerClient } from "./client.ts";
import { Reference } from "./container.ts";
import { findContainer, findIfThere, plainName } from "./find.ts";

const { read } = actionsOn<DockerClient>("docker");
const MAX_BYTES = 256_000;
const MAX_TEXT = 16_000;
/** Beyond those that are asked for, so many are looked through for lines that name an error: wrappers write much after it. */
const LOOK_BACK = 200;
const MOST_EARLIER = 10;
const redact = redactor([]);

const Log = z.object({
  container: z.string(),
  name: z.string(),
  /** Last lines, oldest first, redacted; empty where there are none. */
  lines: z.array(z.string()),
  /** How many of them, from the end, were written since the last start. */
  ofLastRun: z.int(),
  /** Of the lines of the last run before these, those that name an error; oldest first. Absent in recordings from before. */
  earlier: z.array(z.string()).max(MOST_EARLIER).optional(),
  truncated: z.boolean(),
  /** Why the log could not be read; null where it could. */
  error: z.string().nullable(),
});

/**
 * Last log lines of up to eight containers: bounded by lines and bytes, never followed (traps `docker-logs-unbounded`,
 * `endless-commands`), stdout and stderr taken apart. resync.container-logs, resync.container-failure.
 */
export const logs = read({
  name: "docker.logs",
  title: "Last log lines of containers",
  input: z.object({
    containers: z.array(Reference).max(8),
    lines: z.int().min(1).max(500).default(30),
    sinceMinutes: z.int().min(1).max(10_080).optional(),
    /** Of how many they were chosen, where not all could be: the rest is said not to have been looked at. */
    of: z.int().min(1).max(10_000).optional(),
  }),
  output: z.object({ logs: z.array(Log), notSeen }),
  timeoutSeconds: 15,
  run: async (client, input, context) => {
    const unread: NotSeen[] = leftOut(input.containers.length, input.of);
    // One unreadable log (driver "none", container removed) must not hide the others.
    const logs = await inTurns(input.containers, 4, (container) =>
      logOf(client, container, input, context).catch(async (thrown) => {
        if (context.signal.aborted) throw thrown;
        const error = toDiagError(thrown, "target_error").message;
        const found = await findIfThere(client, container, context).catch(() => undefined);
        const name = found === undefined ? container : plainName(found);
        if (found !== undefined) unread.push(unreadable(name, found.HostConfig.LogConfig?.Type ?? "", error));
        return { container, name, lines: [], ofLastRun: 0, truncated: false, error };
      }),
    );
    return { logs, ...(unread.length > 0 ? { notSeen: unread } : {}) };
  },
});

/** What `of` containers leave out of which so many logs were read. Pure. Exported for its test. */
export const leftOut = (looked: number, of = looked): NotSeen[] =>
  of <= looked
    ? []
    : [
        {
          what: `the logs of ${of - looked} of ${of} containers`,
          why: `${looked} logs are read at once: those of what failed last; of the others only the state is known`,
          fix: "ask container-failure for one of them by its parameter `service`",
        },
      ];

/** Where the lines of drivers that cannot be read back went (docs.docker.com/engine/logging/configure). */
const ELSEWHERE: Readonly<Record<string, string>> = {
  none: "nothing is kept: set `logging: { driver: local }` for the service",
  awslogs: "read its log group in CloudWatch",
  gcplogs: "read them in Google Cloud Logging",
  splunk: "read them in Splunk",
  fluentd: "read them where fluentd sends them",
  gelf: "read them in the Graylog it sends to",
  syslog: "read them in the syslog it sends to",
  logentries: "read them at Logentries",
  etwlogs: "read them in the event log of Windows",
};

function unreadable(name: string, driver: string, error: string): NotSeen {
  const place = ELSEWHERE[driver];
  return {
    what: `the log of ${name}`.slice(0, 300),
    why:
      place === undefined
        ? error.slice(0, 500)
        : `its log driver is ${driver}, which the engine cannot read back`,
    ...(place === undefined ? {} : { fix: place }),
  };
}

async function logOf(
  client: DockerClient,
  container: string,
  { lines, sinceMinutes }: { lines: number; sinceMinutes?: number | undefined },
  context: ActionContext,
): Promise<z.output<typeof Log>> {
  const found = await findContainer(client, container, context);
  const since = sinceMinutes === undefined ? 0 : Math.floor(Date.now() / 1000) - sinceMinutes * 60;
  const path = `/containers/${found.Id}/logs`;
  const ask = (tail: number) => {
    const query = { stdout: true, stderr: true, tail, since, follow: false, timestamps: true };
    return client.request({ method: "GET", path, query, ok: [200], maxBytes: MAX_BYTES, cut: true }, context);
  };
  const more = await ask(Math.max(lines, LOOK_BACK));
  // Of what was cut the end is missing, and that is what was asked for.
  const raw = more.length < MAX_BYTES || lines >= LOOK_BACK ? more : await ask(lines);
  const text = found.Config.Tty ? raw.toString("utf8") : demultiplex(raw);
  const { lines: read, ofLastRun } = sinceStart(text, found.State.StartedAt);
  const said = read.slice(-lines);
  const whole = said.join("\n");
  const kept = [...redact(whole)].slice(-MAX_TEXT).join("");
  const shown = kept.split("\n").filter((line) => line !== "");
  return {
    container: found.Id,
    name: plainName(found),
    lines: shown,
    ofLastRun: Math.min(ofLastRun, shown.length),
    earlier: errorsIn(read.slice(-lines - Math.max(0, ofLastRun - lines), -lines)),
    truncated: raw.length >= MAX_BYTES || kept.length < whole.length,
    error: null,
  };
}

/** `Error: listen EADDRINUSE…`, `Caused by: java.net.BindException: …`, `[emerg] bind() failed`: not a word of a path, nor a count. */
const NAMES_ERROR = /(^|[\s[(])(\w{0,60}error|\w{0,60}exception|fatal|panic|emerg|err!?)(\]|:|\s*\()/i;

/** Lines that name an error, clipped and redacted. Pure. Exported for its test. */
export const errorsIn = (lines: readonly string[]): string[] =>
  lines
    .filter((line) => NAMES_ERROR.test(line.slice(0, 300)))
    .slice(-MOST_EARLIER)
    .map((line) => redact(clip(line, 500)));

/**
 * The engine notes a start once the program runs: what ends at once has written its last words by then. A run before ended
 * longer ago, for a restart takes its time.
 */
const NOTED_LATE_MS = 1000;

/** Takes the engine's time stamp off each line; what came since the last start is the last run's. Exported for its test. */
export function sinceStart(text: string, startedAt: string): { lines: string[]; ofLastRun: number } {
  const start = Date.parse(startedAt) - NOTED_LATE_MS;
  const lines: string[] = [];
  let ofLastRun = 0;
  let isOfLastRun = false;
  for (const line of text.split(/\r?\n/)) {
    const [, at, rest] = /^(\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:\d\d))(?: (.*))?$/.exec(line) ?? [];
    // A line without a stamp goes on with the one before.
    if (at !== undefined) isOfLastRun = Date.parse(at) >= start;
    const said = at === undefined ? line : (rest ?? "");
    if (said === "") continue;
    lines.push(said);
    if (isOfLastRun) ofLastRun += 1;
  }
  return { lines, ofLastRun };
}

/** Takes the 8-byte frame heads (stream, 0, 0, 0, length) out of a log; what is cut at the end is shown as far as it goes. */
export function demultiplex(raw: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= raw.length; ) {
    const length = raw.readUInt32BE(at + 4);
    parts.push(raw.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Buffer.concat(parts).toString("utf8");
}
