import { z } from "zod";

/** A `kind: host` connection. */
export const HostSettings = z
  .strictObject({
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
    /** File systems to watch; empty: all real ones. */
    mounts: z.array(z.string().startsWith("/")).default([]),
    /** Folders the disk-full runbook may look into and clean (rotated logs, temporary files). */
    cleanable: z.array(z.string().startsWith("/")).default([]),
    /** Folders that may hold so many bytes (logs, uploads): over the disk threshold of that is a finding. */
    budgets: z
      .array(z.strictObject({ path: z.string().startsWith("/"), bytes: z.number().positive() }))
      .default([]),
    /** Programs that may hold so many bytes of memory: each process whose command line contains `match`. */
    processes: z
      .array(z.strictObject({ match: z.string().min(3).max(100), bytes: z.number().positive() }))
      .default([]),
    connectSeconds: z.number().positive().max(600).default(5),
  })
  .refine((host) => host.local !== (host.ssh !== undefined), "give either `local: true` or `ssh: user@host`");
export type HostSettings = z.output<typeof HostSettings>;
