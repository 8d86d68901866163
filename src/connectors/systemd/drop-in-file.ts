import { z } from "zod";
import { UnitName } from "./names.ts";

/** Settings of a unit, and the name of the file they stand in. */
export const Input = z.object({
  unit: UnitName,
  /** Names the file: /etc/systemd/system/<unit>.d/diagbot-<key>.conf. */
  key: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/),
  openFiles: z.int().min(64).max(10_000_000).optional(),
  /** Bytes. */
  memoryMax: z
    .int()
    .min(16 * 1024 * 1024)
    .optional(),
  tasksMax: z.int().min(8).max(4_000_000).optional(),
  /** 100 is one CPU. */
  cpuPercent: z.int().min(5).max(10_000).optional(),
  /** Plain values only: systemd gives `%`, `$`, quotes and backslashes a meaning. */
  environment: z
    .record(z.string().regex(/^[A-Z_][A-Z0-9_]{0,60}$/), z.string().regex(/^[\w@+:,./= -]{0,200}$/))
    .optional(),
  /** Start it (anew) afterwards: limits of open files and environment are taken on at a start only. */
  restart: z.boolean().default(false),
  invocation: z.string().max(40).default(""),
});
export type Input = z.output<typeof Input>;

export const pathOf = ({ unit, key }: Pick<Input, "unit" | "key">): string =>
  `/etc/systemd/system/${unit}.d/diagbot-${key}.conf`;

/** The lines it sets; MemoryMax, not the older MemoryLimit (trap memorylimit). */
export const settingsOf = ({
  openFiles,
  memoryMax,
  tasksMax,
  cpuPercent,
  environment = {},
}: Input): string[] => [
  ...(openFiles === undefined ? [] : [`LimitNOFILE=${openFiles}`]),
  ...(memoryMax === undefined ? [] : [`MemoryMax=${memoryMax}`]),
  ...(tasksMax === undefined ? [] : [`TasksMax=${tasksMax}`]),
  ...(cpuPercent === undefined ? [] : [`CPUQuota=${cpuPercent}%`]),
  ...Object.entries(environment).map(([name, value]) => `Environment="${name}=${value}"`),
];

/** The whole file. Exported for its test. */
export const fileOf = (input: Input): string =>
  [
    "# Written by diagbot. To take it back: remove this file, then `systemctl daemon-reload`.",
    "[Service]",
    ...settingsOf(input),
    "",
  ].join("\n");

// Arguments: path. The answer: absent, or the file; the machine's memory and the most open files a process may have.
export const STATE = `awk '/^MemTotal:/ { print $2 }' /proc/meminfo; cat /proc/sys/fs/nr_open
if [ -L "$1" ]; then echo link; elif [ ! -e "$1" ]; then echo absent; else echo present; cat "$1"; fi`;

// Arguments: sudo or nothing, path, text (write only). Exit 44: it is there already, or not; nothing was done.
const HEAD = `way=; [ "$1" = sudo ] && way="sudo -n"
`;
export const WRITE = `${HEAD}[ -e "$2" ] || [ -L "$2" ] && { echo "$2 is there already" >&2; exit 44; }
printf '%s' "$3" | $way install -D -m 0644 /dev/stdin "$2" || exit 45
$way systemctl daemon-reload || exit 46`;
export const REMOVE = `${HEAD}[ "$(cat "$2" 2>/dev/null; echo .)" = "$3." ] || { echo "$2 is not as it was written" >&2; exit 44; }
$way rm -f -- "$2" || exit 45
rmdir "\${2%/*}" 2>/dev/null
$way systemctl daemon-reload || exit 46`;

/** Values of the environment may be secrets: the name says what changes. */
export const withoutValue = (line: string): string =>
  line.replace(/^Environment="([^=]*)=.*/, "Environment $1");
