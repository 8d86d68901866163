import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { clip } from "../../core/words/format.ts";
import { redactor } from "../../lib/redact.ts";
import { linesOf, partsOf, script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";

const { read } = actionsOn<HostClient>("host");
const redact = redactor([]);

// Argument: minutes. The answer: lines of the journal that speak of a port that could not be had, how journalctl ended, and what it said.
const FAILURES = `export LC_ALL=C; command -v journalctl >/dev/null 2>&1 || { echo none; exit 0; }
e=$(mktemp 2>/dev/null || echo /dev/null)
{ timeout -s KILL 8 journalctl --no-pager -b --since="-$1min" --output=json --output-fields=MESSAGE,_SYSTEMD_UNIT,UNIT,_COMM,_PID 2>"$e"; echo "exit $?"; } |
grep -aiE '^exit |address already in use|EADDRINUSE|already in use|port is already allocated|connection in use|only one usage|(already|another).{0,60}running on port|bind.{0,80}(permission denied|EACCES)|(permission denied|EACCES).{0,80}(bind|listen|:[0-9]|port)|cannot assign requested address|EADDRNOTAVAIL' | tail -n 60; echo ==
head -c 500 "$e"; [ "$e" = /dev/null ] || rm -f "$e"`;

const Failure = z.object({
  /** Unix seconds, and seconds after this boot, which no change of the clock moves. */
  at: z.number(),
  afterBoot: z.number(),
  /** Null: the line does not name it. */
  port: z.int().nullable(),
  /** Null: it does not say which. */
  protocol: z.enum(["tcp", "udp"]).nullable().default(null),
  /** A socket of a file and no port; empty: it is none. */
  socket: z.string().default(""),
  /** In use; not permitted (a privileged port); or an address this machine does not have. */
  why: z.enum(["in-use", "denied", "no-address"]),
  unit: z.string(),
  program: z.string(),
  pid: z.int().nullable(),
  line: z.string(),
});
export type BindFailure = z.output<typeof Failure>;

const Output = z.object({
  failures: z.array(Failure).max(60),
  /** Why the journal could not be read, or not whole; empty: it was. */
  unread: z.string(),
});

/** What programs wrote of ports they could not have, from the machine's journal of the last minutes, newest last. */
export const bindFailures = read({
  name: "host.bind-failures",
  title: "Ports that programs could not have",
  input: z.object({ minutes: z.int().min(1).max(1_440).default(60) }),
  output: Output,
  timeoutSeconds: 15,
  run: async (client, { minutes }, context) =>
    failuresOf(await script(client, FAILURES, [String(minutes)], context, { cut: true })),
});

/** Pure. Exported for its test. */
export function failuresOf(said: string): z.output<typeof Output> {
  const [lines = "", complaints = ""] = partsOf(said);
  if (lines.startsWith("none")) return { failures: [], unread: "there is no journalctl on the machine" };
  const ended = /^exit (\d+)$/m.exec(lines)?.[1] ?? "";
  const unread =
    ended === "137"
      ? "the journal of that time is too long to be read within 8 s"
      : /not seeing messages from other users|no journal files were (opened|found)/i.test(complaints)
        ? "diagbot's user may not read the journal of the system (group systemd-journal), or there is none"
        : "";
  return { unread, failures: linesOf(lines).flatMap((line) => failureOf(line) ?? []) };
}

const Entry = z.object({
  MESSAGE: z.string(),
  __REALTIME_TIMESTAMP: z.string(),
  __MONOTONIC_TIMESTAMP: z.string(),
  _SYSTEMD_UNIT: z.string().optional(),
  UNIT: z.string().optional(),
  _COMM: z.string().optional(),
  _PID: z.string().optional(),
});

function failureOf(line: string): BindFailure | undefined {
  if (!line.startsWith("{")) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const entry = Entry.safeParse(value).data;
  if (entry === undefined) return undefined;
  const text = clip(entry.MESSAGE, 2_000);
  const why = whyOf(text);
  if (why === undefined) return undefined;
  return {
    at: Number(entry.__REALTIME_TIMESTAMP) / 1e6,
    afterBoot: Number(entry.__MONOTONIC_TIMESTAMP) / 1e6,
    port: portOf(text),
    protocol: /\budp[46]?\b/i.test(text) ? "udp" : /\btcp[46]?\b/i.test(text) ? "tcp" : null,
    socket: portOf(text) === null ? (SOCKET_FILE.exec(text)?.[1] ?? "") : "",
    why,
    unit: clip(entry.UNIT ?? entry._SYSTEMD_UNIT ?? "", 120),
    program: clip(entry._COMM ?? "", 40),
    pid: entry._PID === undefined ? null : Number(entry._PID),
    line: clip(redact(text), 240),
  };
}

/** What the line says of a port; undefined: something else is in use or denied. Pure. */
export function whyOf(text: string): BindFailure["why"] | undefined {
  if (/EADDRNOTAVAIL|cannot assign requested address/i.test(text)) return "no-address";
  if (
    /EADDRINUSE|address already in use|port is already allocated|connection in use|only one usage/i.test(text)
  )
    return "in-use";
  if (/port \d{1,5} (is|was) already in use/i.test(text)) return "in-use";
  // Postgres and MySQL name the port in a second line.
  if (/(?:already|another).{0,60}running on port/i.test(text)) return "in-use";
  const isDenied = /permission denied|EACCES/i.test(text) && /\b(bind|listen)/i.test(text);
  return isDenied && portOf(text) !== null ? "denied" : undefined;
}

/** `/run/app.sock`, quoted or behind `unix:`. */
const SOCKET_FILE = /(?:^|[\s"'(:=])(\/[\w./@+-]{1,150}(?:\.sock(?:et)?\b|\/\.s\.PGSQL\.\d{1,5}))/;

const PORTS = [
  // Python: ('0.0.0.0', 8000)
  /\('[^']{0,60}', (\d{1,5})[,)]/,
  /\bport ?[:=]? {0,2}(\d{1,5})\b/i,
  // An address before the colon, or nothing at all (`listen tcp :8080`): never the minutes of a time.
  /(?:\d\.\d{1,3}|\]|\*|::|localhost|^|[\s(]):(\d{1,5})(?!\d|:\d)/,
];

/** The port a line names; null: none. Pure. */
export function portOf(text: string): number | null {
  for (const pattern of PORTS) {
    const port = Number(pattern.exec(text)?.[1] ?? 0);
    if (port >= 1 && port <= 65_535) return port;
  }
  return null;
}
