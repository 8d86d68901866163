import { z } from "zod";
import { isOneMachine, MACHINE } from "../machine/settings.ts";
import { fullName, UNIT_PATTERN } from "./names.ts";

/** A `kind: systemd` connection: the units of a machine that the system consists of. */
export const SystemdSettings = z
  .strictObject({
    ...MACHINE,
    /** Names (`api`, `api.timer`) or globs (`shop-*`) of units; without an ending a service is meant. Writes touch no others. */
    units: z
      .array(
        z.string().max(255).regex(UNIT_PATTERN, "a unit's name, or a glob with * and ?").transform(fullName),
      )
      .min(1)
      .max(50),
    /** Writes are made with `sudo -n`; `diagbot doctor` prints the lines for sudoers. */
    sudo: z.boolean().default(false),
  })
  .refine(...isOneMachine);
export type SystemdSettings = z.output<typeof SystemdSettings>;
