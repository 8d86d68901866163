import {
  count,
  type Evidence,
  type Finding,
  facts,
  type host,
  rows,
  sayBytes,
  sayDuration,
  saySeconds,
  text,
} from "../../src/sdk/index.ts";

type Rotation = host.Rotation;
type Log = host.RotatedLog;
type Remedy = "rotate" | "addRule" | "byTheSize" | "fixRules" | "start" | "reopen";

/** Rules are of days at most: two days without a run is one that was left out. */
const MOST_IDLE = 2 * 86_400;

/** What logrotate ignores or skips of its configuration. */
export function failingFinding({ errors, failed, result }: Rotation): Finding<Remedy> | undefined {
  const all = errors.length + failed.length;
  if (all === 0) return undefined;
  const named = failed.map(({ path }) => `rotation-large:${path}`);
  return {
    id: "rotation-fails",
    severity: "warning",
    title: `logrotate refuses ${count(all, "part")} of its configuration: ${failed[0]?.path ?? errors[0] ?? ""}`,
    because: `Logs of these parts are not rotated${result !== null && result !== "success" ? `, and its unit ends with ${result}` : ""}. All others are.`,
    evidence: [text([...errors, ...failed.map(({ error }) => error)].slice(0, 15).join("\n"))],
    remedies: ["fixRules"],
    explains: ["rotation-idle", ...named],
  };
}

/** It does not run, or has not for days. */
export function idleFinding(seen: Rotation): Finding<Remedy> | undefined {
  const { version, ranAt, now, startedBy, files } = seen;
  if (files === 0) return undefined;
  if (version === null)
    return seen.large.length === 0
      ? undefined
      : {
          id: "rotation-idle",
          severity: "warning",
          title: "logrotate is not installed, and logs are large",
          because: "Nothing that was looked for cuts them; a program may do it itself.",
          evidence: evidenceOf(seen),
          remedies: ["start"],
        };
  const isOld = ranAt !== null && now - ranAt > MOST_IDLE;
  if (!isOld && (ranAt !== null || startedBy.length > 0)) return undefined;
  return {
    id: "rotation-idle",
    severity: "warning",
    title:
      ranAt === null
        ? "logrotate never ran here, and nothing starts it"
        : `logrotate last ran ${sayDuration((now - ranAt) * 1000)} ago`,
    because:
      startedBy.length === 0
        ? "Neither its timer is active nor is there a line of cron for it."
        : `${startedBy.join(", ")} should start it: either the machine was off, or its run ends before the state is written.`,
    evidence: evidenceOf(seen),
    remedies: ["start"],
    explains: seen.large.map(({ path }) => `rotation-large:${path}`),
  };
}

/** Put aside, and written to all the same: the space is used under another name, and readers of the log see nothing. */
export const heldFindings = ({ held }: Rotation): Finding<Remedy>[] =>
  held.slice(0, 5).map(({ path, bytes, writers }) => ({
    id: `rotation-held:${path}`,
    severity: "warning",
    title: `${writers.map(({ process }) => process).join(", ")} still writes to ${path} (${sayBytes(bytes)}), which was rotated away`,
    because:
      "It was renamed while it was open, and what writes was not told: the new log stays empty, and the old one grows until it is removed, then without a name.",
    evidence: [rows("", [...writers], { process: (one) => one.process, pid: (one) => one.pid })],
    remedies: ["reopen"],
  }));

/** Large live logs: without a rule, due, or with a rule that waits for the day. */
export const largeFindings = (seen: Rotation): Finding<Remedy>[] =>
  seen.large
    .slice(0, 8)
    .map((file) => (file.rule === null ? withoutRule(seen, file) : withRule(seen, file, file.rule)));

const shared = ({ writers }: Log): string =>
  writers.length > 1
    ? ` ${count(writers.length, "process", "processes")} write to it: one that rotates it by itself (RotatingFileHandler) takes it from the others.`
    : "";

const withoutRule = (seen: Rotation, file: Log): Finding<Remedy> => ({
  id: `rotation-large:${file.path}`,
  severity: "warning",
  title: `${file.path} has ${sayBytes(file.bytes)}, and ${seen.version === null ? "nothing rotates it" : "no rule of logrotate takes it"}`,
  because: `It grows until the disk is full, unless its program cuts it (${file.aside === 0 ? "no older ones stand beside it" : `${count(file.aside, "older one")} beside it`}).${shared(file)}`,
  evidence: evidenceOf(seen),
  remedies: ["addRule"],
});

const withRule = (seen: Rotation, file: Log, rule: NonNullable<Log["rule"]>): Finding<Remedy> => ({
  id: `rotation-large:${file.path}`,
  severity: "info",
  title: `${file.path} has ${sayBytes(file.bytes)}${rule.due ? " and is due: it is rotated at the next run" : `; its rule waits (${rule.when})`}`,
  because: `${rule.keeps === 0 ? "Old ones are not kept. " : ""}Its rule is ${rule.pattern}, ${rule.when}.${shared(file)}`,
  evidence: evidenceOf(seen),
  remedies: ["byTheSize"],
});

/** A person names a configuration whose logs are to be rotated now. */
export const askedFinding = (config: string, logs: readonly string[]): Finding<Remedy> => ({
  id: "asked-to-rotate",
  severity: logs.length === 0 ? "info" : "warning",
  title:
    logs.length === 0
      ? `${config} is not rotated: it takes no log, or is not declared`
      : `The logs of ${config} are to be rotated now: ${logs.slice(0, 5).join(", ")}`,
  because:
    logs.length === 0
      ? "`logrotate: { configs: [...] }` of the connection names what may be rotated on request."
      : "A person asked for it. logrotate does it, with the main configuration's settings and its own scripts.",
  ...(logs.length === 0 ? {} : { remedies: ["rotate" as const] }),
});

const evidenceOf = (seen: Rotation): Evidence[] => [
  facts({
    "last run": seen.ranAt === null ? "unknown" : `${saySeconds(Math.max(0, seen.now - seen.ranAt))} ago`,
    "started by": seen.startedBy.join(", ") || "nothing that was found",
    "its unit's last result": seen.result ?? "no unit",
    "live logs looked at": seen.files,
  }),
  rows("Large", seen.large.slice(0, 10), {
    file: (one) => one.path,
    size: (one) => sayBytes(one.bytes),
    "last written": (one) => `${saySeconds(Math.max(0, seen.now - one.modifiedAt))} ago`,
    "older ones": (one) => one.aside,
    "written by": (one) => one.writers.map(({ process, pid }) => `${process} ${pid}`).join(", "),
    rule: (one) => (one.rule === null ? "none" : one.rule.when),
  }),
];

/** The whole block; a path with spaces in quotes. */
export function ruleFor(
  { path, writers }: Log,
  { mib, keep }: { readonly mib: number; readonly keep: number },
): string {
  const cut =
    writers.length > 0 &&
    writers.every(({ process }) => /^(python|node|java|gunicorn|uvicorn|ruby)/.test(process));
  return [
    `"${path.replaceAll('"', "")}" {`,
    "    daily",
    `    maxsize ${Math.max(1, Math.round(mib))}M`,
    `    rotate ${keep}`,
    ...["    missingok", "    notifempty", "    compress", "    delaycompress"],
    cut
      ? "    copytruncate"
      : "    # the program opens its log anew by this line:\n    # postrotate\n    #     systemctl kill -s HUP UNIT\n    # endscript",
    "}",
  ].join("\n");
}

/** What the rule leaves open. */
export const sayWriters = ({ writers }: Log): string =>
  writers.length === 0
    ? "Nobody was seen to write to it: see who does before (`fuser -v FILE`), for it has to open its log anew (postrotate), or copytruncate is needed."
    : `${writers.map(({ process, pid }) => `${process} (pid ${pid})`).join(", ")} ${writers.length === 1 ? "writes" : "write"} to it. copytruncate is for what cannot open its log anew: a few lines may be lost. Programs that rotate themselves while several write to one file lose more: write to standard output, or to one file each.`;
