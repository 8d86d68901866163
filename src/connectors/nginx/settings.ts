import { z } from "zod";
import { isOneMachine, MACHINE } from "../machine/settings.ts";
import { url } from "../settings.ts";

const path = z
  .string()
  .max(500)
  .regex(/^\/[^\0\n]*$/, "an absolute path");

/** A `kind: nginx` connection: one nginx on a machine. */
export const NginxSettings = z
  .strictObject({
    ...MACHINE,
    /** The program; default: `nginx` of the PATH. */
    binary: path.optional(),
    /** Its configuration, as `-c` names it; default: the one it was built with. */
    config: path.optional(),
    /** It is asked and reloaded with `sudo -n`; `diagbot doctor` prints the lines for sudoers. */
    sudo: z.boolean().default(false),
    /** Address of `stub_status` as the machine itself reaches it. */
    status: url.optional(),
    /** Path that members of upstreams are asked for. Any answer counts as one. */
    health: z
      .string()
      .max(300)
      .regex(/^\/[^\s\0]*$/, "a path that begins with /")
      .default("/"),
  })
  .refine(...isOneMachine);
export type NginxSettings = z.output<typeof NginxSettings>;
