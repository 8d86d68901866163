import { z } from "zod";

/** How a machine is reached: the settings that every kind of connection to something on a machine begins with. */
export const MACHINE = {
  local: z.boolean().default(false),
  /** user@host[:port]; the host key must be in `knownHosts` (default ~/.ssh/known_hosts). */
  ssh: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]*@[a-z0-9.:[\]-]+$/i, "user@host or user@host:port")
    .optional(),
  identity: z.string().optional(),
  /** Socket of an ssh agent, e.g. `${SSH_AUTH_SOCK}`. */
  agent: z.string().optional(),
  knownHosts: z.string().optional(),
  connectSeconds: z.number().positive().max(600).default(5),
} as const;

const Reach = z.object(MACHINE);
export type MachineSettings = z.output<typeof Reach>;

/** This machine or another, not both: the refinement of every kind that takes `MACHINE`. */
export const isOneMachine = [
  ({ local, ssh }: Pick<MachineSettings, "local" | "ssh">): boolean => local !== (ssh !== undefined),
  "give either `local: true` or `ssh: user@host`",
] as const;
