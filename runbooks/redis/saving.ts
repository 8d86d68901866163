import {
  type Finding,
  type RunContext,
  type redis,
  sayBytes,
  sayDuration,
  saySeconds,
} from "../../src/sdk/index.ts";
import type { Role } from "./memory.ts";

const MINUTES_10 = 600;

/** The alert asks for the age of the last save. */
const isAsked = ({ alert }: Pick<RunContext, "alert">): boolean =>
  /backup|rdb|persist|save/i.test((alert?.labels.alertname ?? "").slice(0, 200));

/** What is to outlive the process: jobs always; what may be a cache, where somebody asks. */
const mustStay = (role: Role, context: Pick<RunContext, "alert">): boolean =>
  role === "queue" || (role === "mixed" && isAsked(context));

/** Whether what is written is meant to outlive the process, and does. A save that failed is said by how the server stands. Pure. */
export function savingFinding<const R extends string>(
  { persistence: seen, keys }: redis.RedisState,
  role: Role,
  context: Pick<RunContext, "alert">,
  remedies: { readonly hangs: R; readonly nothing: R; readonly due: R },
): Finding<R> | undefined {
  if (!seen.rdbOk || !seen.aofOk) return undefined;
  const hangs = hanging(seen, remedies.hangs);
  if (hangs !== undefined) return hangs;
  const isOff = seen.rules === "" && !seen.aofOn;
  if (isOff && keys.total > 0 && mustStay(role, context))
    return {
      id: "nothing-saved",
      severity: isAsked(context) ? "warning" : "info",
      title: `Nothing is saved: a restart loses all ${keys.total} keys`,
      because: `\`save\` is empty and appendonly is off, so nothing is ever written to disk. ${ROLES[role]}`,
      remedies: [remedies.nothing],
    };
  return isAsked(context) ? asked(seen, role, remedies.due) : undefined;
}

const ROLES: Readonly<Record<Role, string>> = {
  queue:
    "The connection's role is queue: jobs that wait would be gone, and a replica that follows a master which comes back empty is emptied, too.",
  mixed:
    "For a pure cache that is right (say so: `role: cache` in diagbot.yaml); for jobs or sessions it is not.",
  cache: "",
};

function hanging<const R extends string>(
  { savingSeconds, lastSaveSeconds }: redis.RedisState["persistence"],
  remedy: R,
): Finding<R> | undefined {
  if (savingSeconds === null || savingSeconds <= Math.max(MINUTES_10, 10 * (lastSaveSeconds ?? 0)))
    return undefined;
  const last = lastSaveSeconds === null ? "" : `; the last one took ${sayDuration(lastSaveSeconds * 1000)}`;
  return {
    id: "save-hangs",
    severity: "warning",
    title: `A save has been running for ${sayDuration(savingSeconds * 1000)}${last}`,
    because:
      "While it runs no other begins, so what was written since is nowhere but in memory, and every page that changes is kept twice. The disk or the share it writes to is very slow or hangs, or its process was stopped.",
    remedies: [remedy],
  };
}

/** What answers an alert about the age of the last save, where nothing is wrong with it. */
function asked<const R extends string>(
  { rules, aofOn, changesSinceSave, savedSecondsAgo }: redis.RedisState["persistence"],
  role: Role,
  remedy: R,
): Finding<R> {
  const age = savedSecondsAgo === null ? "at an unknown time" : `${sayDuration(savedSecondsAgo * 1000)} ago`;
  const base = { id: "save-age", severity: "info", remedies: [] } as const;
  const files =
    "A file beside the server is no backup: whether it is copied elsewhere cannot be seen from here.";
  if (aofOn)
    return {
      ...base,
      title: `The last RDB was saved ${age}, but the append-only file is on`,
      because: `It has every change (as far as appendfsync wrote it), so an old RDB loses nothing. ${files}`,
    };
  if (rules === "" && role === "cache")
    return {
      ...base,
      title: "Nothing is saved here, as is right for a pure cache",
      because:
        "`save` is empty, appendonly is off and the connection's role is cache: an alert on the age of its last save always fires. Leave this instance out of it.",
    };
  if (changesSinceSave === 0)
    return {
      ...base,
      title: `The last save was ${age}, and nothing has changed since`,
      because: `Redis saves when something changed (${rules === null ? "its rules may not be asked" : `save ${rules}`}): the file holds all there is. ${files}`,
    };
  if (rules === null)
    return {
      ...base,
      title: `The last save was ${age}, ${changesSinceSave ?? "an unknown number of"} changes ago`,
      because: `Whether it is meant to save by itself cannot be told: CONFIG GET save is not to be had. ${files}`,
    };
  const due = dueIn(rules, changesSinceSave ?? 0, savedSecondsAgo ?? 0);
  return due === undefined
    ? {
        ...base,
        title: `The last save was ${age}; by its own rules none is due`,
        because: `save ${rules}: too few changes (${changesSinceSave ?? "unknown"}) for any of them. ${files}`,
      }
    : {
        ...base,
        severity: "warning" as const,
        remedies: [remedy],
        title: `A save has been due for ${sayDuration(due * 1000)} and has not begun`,
        because: `${changesSinceSave} changes since the last save, ${age}; save ${rules}. Another save or a rewrite of the append-only file may hold it up, or it was only now configured. ${files}`,
      };
}

/** Seconds since which the earliest rule that applies is due; undefined: none is. `3600 1 300 100`. Pure. */
export function dueIn(rules: string, changes: number, seconds: number): number | undefined {
  const words = rules.split(" ").map(Number);
  const due = words.flatMap((after, at) => {
    const wanted = words[at + 1];
    const isRule = at % 2 === 0 && Number.isFinite(after) && wanted !== undefined;
    // It looks ten times a second, but after a failure waits 5 s: a minute is no delay.
    return isRule && changes >= wanted && seconds > after + 60 ? [seconds - after] : [];
  });
  return due.length === 0 ? undefined : Math.max(...due);
}

const GIB = 1024 ** 3;
/** Some 10 to 20 ms a GiB where the page tables are copied by the machine itself. */
const SLOW_FORK = { ms: 500, msPerGib: 100, atLeastMs: 200 };

/** The fork of a save, a rewrite or a copy holds all clients while page tables are copied. Pure. */
export function forkFinding<const R extends string>(
  { persistence: { forkMs, rules }, memory }: redis.RedisState,
  remedy: R,
): Finding<R> | undefined {
  if (forkMs === null || memory === null) return undefined;
  const rate = forkMs / (Math.max(memory.rss ?? memory.used, GIB / 4) / GIB);
  const isSlow = forkMs >= SLOW_FORK.ms || (forkMs >= SLOW_FORK.atLeastMs && rate >= SLOW_FORK.msPerGib);
  if (!isSlow) return undefined;
  return {
    id: "slow-fork",
    severity: "warning",
    title: `The last fork held Redis and all its clients for ${saySeconds(forkMs / 1000)}`,
    because: `That is ${Math.round(rate)} ms a GiB, with ${sayBytes(memory.rss ?? memory.used)} in memory (10 to 20 are usual${rate >= SLOW_FORK.msPerGib ? "; so much comes of a virtual machine without nested paging, a machine short of memory or of processor time" : ": it is the size that does it"}). It forks for every save${rules === null || rules === "" ? "" : ` (save ${rules})`}, rewrite of the append-only file and whole copy to a replica. When the last one was is not said.`,
    explains: ["slow-answers"],
    remedies: [remedy],
  };
}

export const FORK_ADVICE =
  'Fork more seldom: let a replica save and take `save` off the master (CONFIG SET save "", and in its configuration), raise auto-aof-rewrite-percentage and -min-size, and keep replicas from copying again and again. Or make each smaller: several instances of a few GiB. Machines whose hypervisor copies page tables in hardware fork ten times faster. Transparent huge pages belong off: not for the fork, but for the copies after it.';
export const NOTHING_ADVICE =
  "If anything here must outlive the process: appendonly yes (CONFIG SET appendonly yes writes what is there first; then in its configuration as well) loses at most a second; `save 3600 1 300 100` alone loses up to minutes. It needs a disk with room for twice the data, and memory for the copy while it forks. Do not restart before.";
export const DUE_ADVICE =
  "`redis-cli BGSAVE` begins one, or says why it cannot (an append-only file is being rewritten: BGSAVE SCHEDULE takes the next moment). INFO persistence: rdb_bgsave_in_progress, aof_rewrite_in_progress, rdb_last_bgsave_status; after a save that failed it tries again only after 5 s, and its log says why. It needs memory for what changes meanwhile and room for a second file.";
export const HANGS_ADVICE =
  "On its machine look at the child process (`ps` shows redis-rdb-bgsave or redis-aof-rewrite: state D waits for the disk, T was stopped) and at the disk or network share under `CONFIG GET dir`. Once the disk answers it ends by itself; a child that hangs for good may be ended (SIGTERM to the child only), and the next save begins anew. Do not restart Redis before: its memory is the newest copy.";
