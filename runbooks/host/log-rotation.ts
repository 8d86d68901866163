import { host, runbookOn, shellWord, z } from "../../src/sdk/index.ts";
import {
  askedFinding,
  failingFinding,
  heldFindings,
  idleFinding,
  largeFindings,
  ruleFor,
  sayWriters,
} from "./rotation-findings.ts";

/** Log files that grow without end, and why rotation does not help. */
const book = runbookOn(
  "host",
  {
    id: "log-rotation",
    title: "Rotation of log files",
    covers: ["resync.log-rotation", "resync.log-rotation-script"],
    alerts: [],
    params: z.object({
      mib: z
        .number()
        .min(0.001)
        .max(1_000_000)
        .default(100)
        .describe("a live log of so many MiB or more is large"),
      keep: z.int().min(1).max(1_000).default(14).describe("old logs the told rule keeps"),
      config: z
        .string()
        .regex(/^\/[\w./@+-]{1,300}$/, "a whole path")
        .optional()
        .describe("rotate the large logs of this configuration file now"),
    }),
  },
  ({ params: { mib } }) => ({ rotation: host.rotation({ mib }) }),
).andThen(["rotation"], (_seen, { params: { config } }): { taken?: ReturnType<typeof host.logsOf> } =>
  config === undefined ? {} : { taken: host.logsOf({ config }) },
);

export const logRotation = book
  .remedies({
    rotate: book.does(
      host.rotateLogs,
      ["rotation", "taken?"],
      ({ taken }, { params: { config } }) =>
        config !== undefined && taken !== undefined && taken.logs.length > 0 && { config, logs: taken.logs },
      {
        recheck: ["rotation"],
        // What writes has to write to the new one: otherwise the old one only grows under another name.
        holds: ({ rotation }, done) =>
          done.every(
            ({ input }) => !rotation.held.some(({ path }) => input.logs.some((log) => path.startsWith(log))),
          ),
      },
    ),
    addRule: book.advises("Give it a rule", "low", ({ rotation }, { params }) => {
      const file = rotation?.large.find(({ rule }) => rule === null);
      if (file === undefined)
        return "A file in /etc/logrotate.d names the log, when it is rotated and how many are kept.";
      const name = (file.path.split("/").at(-1) ?? "app").replace(/[^\w-]+/g, "-");
      const ruleFile = ruleFor(file, params);
      const at = `/etc/logrotate.d/${name}`;
      return `As root, the whole rule:\n\`\`\`\n${ruleFile}\n\`\`\`\nto \`${shellWord(at)}\`, mode 0644. \`logrotate -d ${shellWord(at)}\` says what it would do and does nothing. ${sayWriters(file)}`;
    }),
    byTheSize: book.advises("Let the size count, too", "low", (_seen, { params: { mib } }) => {
      return `In the block of that log \`maxsize ${shellWord(`${Math.max(1, Math.round(mib))}M`)}\` (with \`daily\`: at the day or at the size, whichever is first; \`size\` alone forgets the day). Rules are looked at when logrotate runs: with the daily timer a size counts once a day. Hourly: \`systemctl edit logrotate.timer\` with \`[Timer]\`, \`OnCalendar=\`, \`OnCalendar=hourly\`.`;
    }),
    fixRules: book.advises("Correct the configuration", "low", ({ rotation }) => {
      const said = [...(rotation?.errors ?? []), ...(rotation?.failed ?? []).map(({ error }) => error)].join(
        "\n",
      );
      const fixes = [
        [
          /insecure permissions/,
          "the folder may be written to by others than its owner: `su USER GROUP` in the block (the owner of the logs, as `stat -c '%U %G' FOLDER` says), or `chmod g-w,o-w FOLDER`",
        ],
        [
          /writable by group or others|bad file mode/,
          "the rule's file may be written to by others, so all of it is ignored: `chmod 644 FILE`",
        ],
        [/owner is wrong/, "the rule's file must be root's: `chown root:root FILE`"],
        [
          /duplicate log entry/,
          "two blocks take the same file, and of the later file all is skipped: take the path out of one",
        ],
        [/unknown option/, "a word of the block is none: correct it, the rest of the line is ignored"],
        [
          /No such file or directory/,
          "a log that may be missing needs `missingok`; one that was moved, its new path",
        ],
      ] as const;
      const told = fixes.filter(([pattern]) => pattern.test(said)).map(([, text]) => text);
      return `${told.length === 0 ? "What it says stands in the evidence" : told.join("; ")}. Then \`logrotate -d /etc/logrotate.conf\` (does nothing) must say no \`error:\` any more.`;
    }),
    start: book.advises("Have it run every day", "low", ({ rotation }) =>
      rotation?.version === null
        ? "Install it: `apt-get install -y logrotate` (dnf, apk likewise); its timer or cron.daily comes with it."
        : "`systemctl enable --now logrotate.timer`, where there is no systemd a file in /etc/cron.daily (and a cron that runs: `pgrep -a cron`). What its last run said: `journalctl -u logrotate.service --since -3d --no-pager -n 50`; once by hand: `logrotate -v /etc/logrotate.conf`.",
    ),
    reopen: book.advises("Have what writes open its log anew", "high", ({ rotation }) => {
      const file = rotation?.held[0];
      const pids = (file?.writers ?? []).map(({ pid, process }) => `${process} (pid ${pid})`).join(", ");
      return `${pids === "" ? "It" : pids} writes to ${file === undefined ? "the old file" : shellWord(file.path)}. Now: the signal its manual names for that (nginx \`nginx -s reopen\`, rsyslog \`systemctl kill -s HUP rsyslog\`, many others HUP; one that does not expect HUP ends), otherwise a restart. For good: \`postrotate\` with that line in the block (and \`delaycompress\`), or \`copytruncate\` where it cannot reopen: a few lines may be lost between copy and truncation, and a program that does not append leaves a hole.`;
    }),
  })
  .findings((find) => [
    find(["rotation"], ({ rotation }) => failingFinding(rotation)),
    find(["rotation"], ({ rotation }) => idleFinding(rotation)),
    find(["rotation"], ({ rotation }) => heldFindings(rotation)),
    find(["rotation"], ({ rotation }) => largeFindings(rotation)),
    find(["rotation", "taken"], ({ taken }, { params: { config } }) =>
      config === undefined ? undefined : askedFinding(config, taken.logs),
    ),
  ]);
