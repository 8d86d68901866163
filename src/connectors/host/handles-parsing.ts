import { z } from "zod";
import { clip } from "../../core/words/format.ts";
import { linesOf } from "../machine/script.ts";

/** What the descriptors of a process are, of at most 20,000 looked at. */
export const Kinds = z.object({
  sockets: z.int(),
  pipes: z.int(),
  files: z.int(),
  deleted: z.int(),
  /** Of the kernel's: epoll, inotify, timers, memory files. */
  kernel: z.int(),
  /** The folder with the most of them. */
  folder: z.object({ path: z.string(), files: z.int() }).nullable(),
});
export type Kinds = z.output<typeof Kinds>;

const Part = z.object({ name: z.string(), n: z.int() });

export const Inotify = z.object({
  maxInstances: z.int(),
  maxWatches: z.int(),
  /** Nearest to a limit first; `mostOf`: by name of program, whose most of them are. */
  users: z
    .array(
      z.object({
        ...{ uid: z.int(), instances: z.int(), watches: z.int() },
        mostOf: z.object({ instances: Part, watches: Part }),
      }),
    )
    .max(5),
});
export const TaskGroup = z.object({ path: z.string(), tasks: z.int(), max: z.int(), ratio: z.number() });
export const UserTasks = z.object({ uid: z.int(), tasks: z.int(), limit: z.int(), ratio: z.number() });

/** Of a process: its soft limits; null: unlimited. */
export interface Known {
  readonly name: string;
  readonly uid: number;
  readonly threads: number;
  readonly files: number | null;
  readonly tasks: number | null;
}

/** Lines of `grep -H` over /proc/PID/limits and /proc/PID/status. */
export function processesOf(limits: string, status: string): Map<number, Known> {
  const found = new Map<number, Known>();
  const none: Known = { name: "", uid: -1, threads: 0, files: null, tasks: null };
  for (const line of [...linesOf(status), ...linesOf(limits)]) {
    const [, id = "", rest = ""] = /^\/proc\/(\d+)\/\w+:(.*)$/.exec(line) ?? [];
    if (id === "") continue;
    const known = found.get(Number(id)) ?? none;
    found.set(Number(id), { ...known, ...partOf(rest) });
  }
  // One that ended between the two looks has only half of it.
  return new Map([...found].filter(([, { name, uid }]) => name !== "" && uid >= 0));
}

function partOf(line: string): Partial<Known> {
  const words = line.split(/\s+/);
  const soft = (at: number) => (words[at] === "unlimited" ? null : Number(words[at]));
  if (words[0] === "Name:") return { name: line.slice(5).trim() };
  if (words[0] === "Uid:") return { uid: Number(words[1]) };
  if (words[0] === "Threads:") return { threads: Number(words[1]) };
  return words[1] === "open" ? { files: soft(3) } : { tasks: soft(2) };
}

/** Blocks `at PID`, then `kind N sockets` and `folder N /path`. */
export function kindsOf(text: string): Map<number, Kinds> {
  const found = new Map<number, Kinds>();
  for (const block of text.split(/^at /m).slice(1)) {
    const [pid = "", ...lines] = linesOf(block);
    const of = (name: string) =>
      Number(lines.find((line) => line.startsWith("kind ") && line.endsWith(` ${name}`))?.split(" ")[1] ?? 0);
    const [, files, path] = /^folder (\d+) (.*)$/m.exec(block) ?? [];
    const folder = path === undefined ? null : { path: clip(path, 200), files: Number(files) };
    const kinds = { sockets: of("sockets"), pipes: of("pipes"), files: of("files") };
    const one = { ...kinds, deleted: of("deleted"), kernel: of("kernel"), folder };
    // A folder that may not be read gives nothing at all.
    if (lines.length > 0) found.set(Number(pid), one);
  }
  return found;
}

/** Lines `/proc/PID/fdinfo/FD:watches`; the limits are those of a user, whatever the process. */
export function inotifyOf(
  limits: string,
  text: string,
  processes: ReadonlyMap<number, Known>,
): z.output<typeof Inotify> | null {
  const [maxInstances, maxWatches] = linesOf(limits).map(Number);
  if (maxInstances === undefined || maxWatches === undefined) return null;
  const nearness = ({ instances, watches }: { instances: number; watches: number }): number =>
    Math.max(instances / Math.max(1, maxInstances), watches / Math.max(1, maxWatches));
  const users = new Map<number, Record<"instances" | "watches", Map<string, number>>>();
  for (const line of linesOf(text)) {
    const [, pid, n] = /^\/proc\/(\d+)\/fdinfo\/\d+:(\d+)$/.exec(line) ?? [];
    const process = processes.get(Number(pid));
    if (process === undefined) continue;
    const one = users.get(process.uid) ?? { instances: new Map(), watches: new Map() };
    add(one.instances, process.name, 1);
    add(one.watches, process.name, Number(n));
    users.set(process.uid, one);
  }
  return {
    ...{ maxInstances, maxWatches },
    users: [...users]
      .map(([uid, { instances, watches }]) => ({
        ...{ uid, instances: sumOf(instances), watches: sumOf(watches) },
        mostOf: { instances: largest(instances), watches: largest(watches) },
      }))
      .sort((a, b) => nearness(b) - nearness(a))
      .slice(0, 5),
  };
}

const add = (to: Map<string, number>, name: string, n: number) => to.set(name, (to.get(name) ?? 0) + n);

const sumOf = (parts: ReadonlyMap<string, number>): number =>
  [...parts.values()].reduce((sum, n) => sum + n, 0);

const largest = (parts: ReadonlyMap<string, number>) => {
  const [name = "", n = 0] = [...parts].sort((a, b) => b[1] - a[1])[0] ?? [];
  return { name: clip(name, 60), n };
};

/** Lines `/sys/fs/cgroup/x/pids.max:100`, `…/pids.current:3`; those without a limit are left out. */
export function groupsOf(text: string): z.output<typeof TaskGroup>[] {
  const found = new Map<string, { tasks?: number; max?: number }>();
  for (const line of linesOf(text)) {
    const [, path = "", what, n = ""] = /^(.*)\/pids\.(max|current):(\d+|max)$/.exec(line) ?? [];
    if (path === "" || n === "max") continue;
    const more = what === "max" ? { max: Number(n) } : { tasks: Number(n) };
    found.set(path, { ...found.get(path), ...more });
  }
  return [...found]
    .flatMap(([path, { tasks, max }]) =>
      tasks === undefined || max === undefined
        ? []
        : [
            {
              path: clip(path.replace(/^\/sys\/fs\/cgroup/, "") || "/", 200),
              ...{ tasks, max, ratio: max === 0 ? 1 : tasks / max },
            },
          ],
    )
    .sort((a, b) => b.ratio - a.ratio)
    .slice(0, 8);
}

/**
 * Threads of each user against the nproc that most of its processes have; root is not held to it. The kernel holds each process to its
 * own: one that was given a small one on purpose, so that it starts nothing (`LimitNPROC=1`), says nothing of the user.
 */
export function usersOf(processes: ReadonlyMap<number, Known>): z.output<typeof UserTasks>[] {
  const users = new Map<number, { tasks: number; limits: (number | null)[] }>();
  for (const { uid, threads, tasks } of processes.values()) {
    const one = users.get(uid) ?? { tasks: 0, limits: [] };
    users.set(uid, { tasks: one.tasks + threads, limits: [...one.limits, tasks] });
  }
  return [...users]
    .flatMap(([uid, { tasks, limits }]) => {
      const limit = usual(limits);
      return uid === 0 || limit === null || limit < LEAST_NPROC
        ? []
        : [{ uid, tasks, limit, ratio: tasks / limit }];
    })
    .sort((a, b) => b.ratio - a.ratio)
    .slice(0, 5);
}

/** Below it a limit is a ban on starting anything, and as it should be. */
const LEAST_NPROC = 16;

/** The value most of them have; of two that are as frequent the lower one. */
function usual(limits: readonly (number | null)[]): number | null {
  const counts = new Map<number | null, number>();
  for (const one of limits) counts.set(one, (counts.get(one) ?? 0) + 1);
  const [first] = [...counts].sort(([a, n], [b, m]) => m - n || (a ?? Infinity) - (b ?? Infinity));
  return first?.[0] ?? null;
}
