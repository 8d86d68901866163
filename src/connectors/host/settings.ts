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
    /** Log files that may be read and searched, and no others. `%Y%m%d` and the like stand for the day, by the machine's clock. */
    logs: z
      .array(
        z.strictObject({
          name: z.string().regex(/^[\w.-]{1,60}$/),
          path: z
            .string()
            .max(500)
            .regex(/^\/[\w./%@:+-]+$/, "a whole path, without * and spaces"),
        }),
      )
      .max(20)
      .default([]),
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
