import {
  count,
  type Evidence,
  type Finding,
  facts,
  type host,
  mostOf,
  rows,
  sayPercent,
} from "../../src/sdk/index.ts";
import { NEAR, REACHED } from "./limits-network.ts";

type Handles = host.Handles;
type Holder = Handles["processes"][number];
export type HandlesRemedy = "raiseFiles" | "closeFiles" | "raiseInotify" | "raiseTasks";

const gravity = (ratio: number) => (ratio >= REACHED ? "critical" : "warning");

/** Open files: of the machine, and of each process against its own limit. */
export function fileFindings({ files, processes }: Handles): Finding<HandlesRemedy>[] {
  const most = [...processes].sort((a, b) => b.open - a.open);
  const machine = files.max === null ? 0 : files.open / files.max;
  return [
    ...(machine >= NEAR
      ? [
          {
            ...({ id: "files-machine", severity: gravity(machine) } as const),
            title: `${files.open} of ${files.max ?? 0} open files of the machine (${sayPercent(machine)})${most[0] === undefined ? "" : `, ${mostOf(most[0].open, files.open)} of them of ${sayWho(most[0])}`}`,
            because: "Beyond it every program fails to open anything (ENFILE), whatever its own limit.",
            evidence: [holders(most)],
            remedies: ["raiseFiles", "closeFiles"] as const,
          },
        ]
      : []),
    ...processes
      .filter(({ ratio, limit }) => ratio >= NEAR && limit !== null)
      .slice(0, 5)
      .map((one) => ({
        ...({ id: `files:${one.pid}`, severity: gravity(one.ratio) } as const),
        title: `${one.name} (pid ${one.pid}) has ${one.open} of ${one.limit ?? 0} files open (${sayPercent(one.ratio)} of its limit)`,
        because: `Beyond it it opens no file and takes no connection (EMFILE, "too many open files"). ${sayKinds(one)}`,
        evidence: [...kindsOf(one), holders(processes)],
        remedies: ["closeFiles", "raiseFiles"] as const,
      })),
  ];
}

const sayWho = ({ name, pid, open }: Holder): string => `${name} (pid ${pid}: ${open})`;

/** What most of them are, and what that speaks for. */
function sayKinds({ kinds }: Holder): string {
  if (kinds === null) return "What they are could not be looked at.";
  const { folder } = kinds;
  const counted = [
    [
      "sockets",
      kinds.sockets,
      "connections: its clients, or those it opens and does not give back (a leak, a pool without a limit)",
    ],
    ["pipes", kinds.pipes, "pipes: children it started and whose ends it does not close"],
    ["deleted", kinds.deleted, "deleted files: it opens logs or temporary files and does not close them"],
    ["kernel", kinds.kernel, "handles of the kernel's own: epoll, inotify, timers"],
    [
      "files",
      kinds.files,
      `files${folder === null ? "" : `, ${folder.files} of them in ${folder.path}`}: a data store that keeps many open by design, or files it does not close`,
    ],
  ] as const;
  const [, n, words] = [...counted].sort((a, b) => b[1] - a[1])[0] ?? counted[0];
  return `Most of them (${n}) are ${words}.`;
}

const kindsOf = ({ kinds }: Holder): Evidence[] =>
  kinds === null
    ? []
    : [
        facts({
          sockets: kinds.sockets,
          files: kinds.files,
          pipes: kinds.pipes,
          "deleted files": kinds.deleted,
          "of the kernel": kinds.kernel,
        }),
      ];

const holders = (processes: readonly Holder[]): Evidence =>
  rows("Processes", processes.slice(0, 8), {
    process: (one) => one.name,
    pid: (one) => one.pid,
    open: (one) => one.open,
    limit: (one) => one.limit ?? "none",
  });

/** Watches and instances of inotify are counted per user, whatever the process. */
export function inotifyFindings({ inotify }: Handles): Finding<HandlesRemedy>[] {
  if (inotify === null) return [];
  const { maxInstances, maxWatches } = inotify;
  return inotify.users.flatMap(({ uid, instances, watches, mostOf: of }): Finding<HandlesRemedy>[] => {
    const ratios = [
      {
        what: "inotify watches",
        n: watches,
        most: of.watches,
        max: maxWatches,
        errno: 'ENOSPC ("no space left on device", though no disk is full)',
      },
      {
        what: "inotify instances",
        n: instances,
        most: of.instances,
        max: maxInstances,
        errno: 'EMFILE ("too many open files", though its own limit is far)',
      },
    ];
    return ratios
      .filter(({ n, max }) => max > 0 && n / max >= NEAR)
      .map(({ what, n, max, most, errno }) => ({
        id: `${what === "inotify watches" ? "inotify-watches" : "inotify-instances"}:${uid}`,
        severity: gravity(n / max),
        title: `User ${uid} has ${n} of ${max} ${what} (${sayPercent(n / max)}), ${mostOf(most.n, n)} of them of ${most.name}`,
        because: `The limit is the user's, in all its processes; beyond it programs that watch files fail with ${errno}.`,
        remedies: ["raiseInotify"],
      }));
  });
}

/** Processes and threads: of the machine, of a control group, of a user. */
export function taskFindings({ threads, groups, users }: Handles): Finding<HandlesRemedy>[] {
  // A thread takes a number as a process does: the lower of the two is the limit.
  const max = Math.min(threads.max, threads.pidMax);
  const ratio = max === 0 ? 0 : threads.count / max;
  const because =
    'Beyond it nothing can be started: fork fails with EAGAIN ("resource temporarily unavailable"), threads too ("unable to create new native thread", which is not memory).';
  return [
    ...(ratio >= NEAR
      ? [
          {
            ...({ id: "tasks-machine", severity: gravity(ratio) } as const),
            title: `${count(threads.count, "thread")} of ${max} the machine may have (${sayPercent(ratio)})`,
            because: `${because} The limit is ${threads.pidMax <= threads.max ? "kernel.pid_max" : "kernel.threads-max"}.`,
            remedies: ["raiseTasks"] as const,
          },
        ]
      : []),
    ...groups
      .filter((one) => one.ratio >= NEAR)
      .map((one) => ({
        ...({ id: `tasks-group:${one.path.slice(-60)}`, severity: gravity(one.ratio) } as const),
        title: `${one.tasks} of ${one.max} tasks in ${one.path} (${sayPercent(one.ratio)})`,
        because: `The limit of the unit or container (pids.max). ${because} The machine has room.`,
        remedies: ["raiseTasks"] as const,
      })),
    ...users
      .filter((one) => one.ratio >= NEAR)
      .map((one) => ({
        ...({ id: `tasks-user:${one.uid}`, severity: gravity(one.ratio) } as const),
        title: `User ${one.uid} has ${one.tasks} of ${one.limit} processes and threads (${sayPercent(one.ratio)})`,
        because: `The limit of the user (nproc). ${because}`,
        remedies: ["raiseTasks"] as const,
      })),
  ];
}
