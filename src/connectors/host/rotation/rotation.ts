import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { clip } from "../../../core/words/format.ts";
import { type NotSeen, notSeen } from "../../../core/words/not-seen.ts";
import { linesOf, partsOf, script } from "../../machine/script.ts";
import type { HostClient } from "../client.ts";
import { leftoverKind } from "../rotated.ts";
import { type DryRun, parseDryRun } from "./parse.ts";
import { ROTATION_LOOK } from "./rotation-script.ts";

const { read } = actionsOn<HostClient>("host");
const MIB = 1_048_576;
/** Names of files that are written to as logs are; anything else in a folder is none of rotation's. */
const LOG =
  /\.(log|out|err)$|^(syslog|messages|mail|daemon|kern|auth|catalina\.out)$|^[\w-]*(access|error)[-_]?log$/;

const Writer = z.object({ pid: z.int(), process: z.string() });
const LogFile = z.object({
  path: z.string(),
  id: z.string(),
  bytes: z.number(),
  modifiedAt: z.number(),
  /** Processes that have it open for writing; only root sees those of others. */
  writers: z.array(Writer).max(10),
  /** Files beside it that rotation has put aside. */
  aside: z.int(),
  /** The pattern that takes it; null: none. */
  rule: z
    .object({
      pattern: z.string(),
      when: z.string(),
      keeps: z.int(),
      due: z.boolean(),
      error: z.string().nullable(),
    })
    .nullable(),
});
export type RotatedLog = z.output<typeof LogFile>;

const Output = z.object({
  /** Null: logrotate is not installed. */
  version: z.string().nullable(),
  /** Unix seconds of its last whole run; null: it never ran here, or its state is not where it is looked for. */
  ranAt: z.number().nullable(),
  now: z.number(),
  /** Words of what starts it: `timer active`, `cron /etc/cron.daily/logrotate`; empty: nothing that was looked for. */
  startedBy: z.array(z.string()).max(10),
  /** Result of the unit's last run: `success`, `exit-code`; null: there is no unit. */
  result: z.string().nullable(),
  /** What it says of its configuration; errors of one file stand at the file. */
  errors: z.array(z.string()).max(30),
  failed: z.array(z.object({ path: z.string(), error: z.string() })).max(30),
  /** Live logs over the size, largest first. */
  large: z.array(LogFile).max(30),
  /** Written to although rotation has put them aside: what writes was never told. */
  held: z.array(z.object({ path: z.string(), bytes: z.number(), writers: z.array(Writer).max(10) })).max(20),
  files: z.int(),
  notSeen,
});
export type Rotation = z.output<typeof Output>;

/**
 * Whether log files are rotated: large ones without a rule, what logrotate would do and what it refuses (`logrotate -d`), when it ran and
 * what starts it, and files that are written to after they were put aside. resync.log-rotation, resync.log-rotation-script.
 */
export const rotation = read({
  name: "host.rotation",
  title: "Rotation of log files",
  input: z.object({ mib: z.number().min(0.001).max(1_000_000).default(100) }),
  output: Output,
  timeoutSeconds: 30,
  run: async (client, { mib }, context) => {
    const { main, state } = client.logrotate;
    const places = placesOf(client);
    const said = await script(client, ROTATION_LOOK, [main, state ?? "", ...places], context, {
      maxBytes: 4_000_000,
    });
    return judgeRotation(said, mib * MIB, places.length);
  },
});

/** Folders of the declared logs (their names may hold the day) and those that may be cleaned. */
const placesOf = ({ logs, cleanable }: HostClient): string[] =>
  [...new Set([...logs.map(({ path }) => path.slice(0, path.lastIndexOf("/")) || "/"), ...cleanable])].slice(
    0,
    20,
  );

/** Pure. Exported for its test. */
export function judgeRotation(said: string, least: number, places: number): Rotation {
  const [head = "", state = "", schedule = "", dry = "", list = "", open = ""] = partsOf(said);
  const version = /logrotate (\d[\w.-]*)/.exec(head)?.[1] ?? null;
  const [, ranAt] = /^state (\d+) /m.exec(state) ?? [];
  const done = parseDryRun(dry);
  const writers = writersOf(open);
  const files = linesOf(list).flatMap((line) => {
    const [, id = "", bytes = "0", at = "0", path = ""] = /^(\d+:\d+) (\d+) (\d+) (\/.*)$/.exec(line) ?? [];
    return path === "" ? [] : [{ id, bytes: Number(bytes), modifiedAt: Number(at), path }];
  });
  const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);
  const aside = files.filter(({ path }) => leftoverKind(nameOf(path)) === "rotated log");
  const live = files.filter(({ path }) => LOG.test(nameOf(path)) && leftoverKind(nameOf(path)) === undefined);
  const word = (name: string) => new RegExp(`^${name}=(.+)$`, "m").exec(schedule)?.[1];
  return {
    version,
    ranAt: ranAt === undefined ? null : Number(ranAt),
    now: Number(/^now (\d+)$/m.exec(state)?.[1] ?? 0),
    startedBy: [
      ...(word("timer ActiveState") === "active" ? ["timer active"] : []),
      ...linesOf(schedule).filter((line) => line.startsWith("cron ")),
    ],
    result: word("service Result") ?? null,
    errors: done.errors
      .filter((one) => !/Permission denied|state file/i.test(one))
      .map((one) => clip(one, 300))
      .slice(0, 30),
    failed: done.rules
      .flatMap(({ files: taken }) => taken)
      .flatMap(({ path, error }) =>
        error === null || /Permission denied/i.test(error)
          ? []
          : [{ path: clip(path, 300), error: clip(error, 300) }],
      )
      .slice(0, 30),
    large: live
      .filter(({ bytes }) => bytes >= least)
      .sort((a, b) => b.bytes - a.bytes)
      .slice(0, 30)
      .map((file) => ({
        ...file,
        writers: (writers.get(file.path) ?? []).slice(0, 10),
        aside: aside.filter(({ path }) => path.startsWith(file.path)).length,
        rule: ruleOf(file.path, done),
      })),
    held: aside
      .filter(({ path }) => writers.has(path))
      .slice(0, 20)
      .map(({ path, bytes }) => ({ path, bytes, writers: (writers.get(path) ?? []).slice(0, 10) })),
    files: live.length,
    notSeen: unseenOf({ dry, places, version, isRoot: /^user 0$/m.test(head) }),
  };
}

function ruleOf(path: string, { rules }: DryRun): RotatedLog["rule"] {
  for (const { pattern, when, keeps, files } of rules) {
    const file = files.find((one) => one.path === path);
    if (file !== undefined)
      return { pattern: clip(pattern, 200), when, keeps, due: file.due, error: file.error };
  }
  return null;
}

/** `4711 node\t/var/log/app.log`. */
function writersOf(open: string): Map<string, z.output<typeof Writer>[]> {
  const found = new Map<string, z.output<typeof Writer>[]>();
  for (const line of linesOf(open)) {
    const [, pid = "", process = "", path = ""] = /^(\d+) ([^\t]*)\t(.*)$/.exec(line) ?? [];
    if (path !== "") found.set(path, [...(found.get(path) ?? []), { pid: Number(pid), process }]);
  }
  return found;
}

function unseenOf(seen: { dry: string; places: number; version: string | null; isRoot: boolean }): NotSeen[] {
  const { dry, places, version, isRoot } = seen;
  const denied = /^error: .*Permission denied/m.test(dry);
  return [
    ...(places === 0
      ? [
          {
            what: "log files",
            why: "no folder of logs is declared",
            fix: "`logs:` or `cleanable:` of the connection",
          },
        ]
      : []),
    ...(version !== null && /^(closed|absent) \//m.test(dry)
      ? [
          {
            what: "what logrotate would do",
            why: `${/^(?:closed|absent) (.*)$/m.exec(dry)?.[1] ?? ""} is not there or may not be read`,
            fix: "`logrotate: { main: … }` of the connection",
          },
        ]
      : []),
    ...(denied
      ? [
          {
            what: "a part of what logrotate would do",
            why: "diagbot's user may not read all of its files",
            fix: "`logrotate -d /etc/logrotate.conf` as root",
          },
        ]
      : []),
    ...(isRoot
      ? []
      : [{ what: "which processes of other users write to a log", why: "only root sees their open files" }]),
  ];
}
