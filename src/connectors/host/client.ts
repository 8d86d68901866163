import type { Machine } from "../machine/machine.ts";
import { openMachine } from "../machine/reach.ts";
import type { BaseSettings, DumpSettings } from "./dumps/declared.ts";
import type { HostSettings } from "./settings.ts";
import type { Answer } from "./statfs.ts";

/** A machine and what diagbot may look at and clean there. */
export interface HostClient {
  readonly machine: Machine;
  readonly mounts: readonly string[];
  readonly cleanable: readonly string[];
  readonly budgets: readonly { readonly path: string; readonly bytes: number }[];
  readonly logs: readonly { readonly name: string; readonly path: string }[];
  readonly dumps: readonly DumpSettings[];
  readonly baseBackups: readonly BaseSettings[];
  readonly processes: readonly { readonly match: string; readonly bytes: number }[];
  readonly firewall: HostSettings["firewall"];
  readonly swapFile: HostSettings["swapFile"];
  readonly grow: HostSettings["grow"];
  readonly logrotate: HostSettings["logrotate"];
  readonly environments: HostSettings["environments"];
  readonly smart: { readonly program: string; readonly sudo: boolean };
  readonly nvidiaSmi: string;
  /** Answers of other machines' mounts, by path, and when they were asked for (`performance.now()`). */
  readonly answers: Map<string, { readonly at: number; readonly answer: Promise<Answer> }>;
}

/** Opens lazily: SSH is dialled at the first command. */
export const openHost = (connection: HostSettings): HostClient => ({
  machine: openMachine(connection),
  mounts: connection.mounts.map(plainPath),
  cleanable: connection.cleanable.map(plainPath),
  budgets: connection.budgets.map(({ path, bytes }) => ({ path: plainPath(path), bytes })),
  logs: connection.logs,
  dumps: connection.dumps,
  baseBackups: connection.baseBackups,
  processes: connection.processes,
  firewall: connection.firewall,
  swapFile: connection.swapFile,
  grow:
    connection.grow === undefined
      ? undefined
      : { ...connection.grow, mounts: connection.grow.mounts.map(plainPath) },
  logrotate: connection.logrotate,
  environments: connection.environments,
  smart: { program: connection.smart.program ?? "smartctl", sudo: connection.smart.sudo },
  nvidiaSmi: connection.nvidiaSmi ?? "nvidia-smi",
  answers: new Map(),
});

/** Without a slash at the end. */
const plainPath = (path: string): string => (path === "/" ? path : path.replace(/(?<!\/)\/+$/, ""));
