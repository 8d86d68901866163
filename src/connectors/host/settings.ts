import { z } from "zod";
import { isOneMachine, MACHINE } from "../machine/settings.ts";

/** A `kind: host` connection. */
export const HostSettings = z
  .strictObject({
    ...MACHINE,
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
  })
  .refine(...isOneMachine);
export type HostSettings = z.output<typeof HostSettings>;
