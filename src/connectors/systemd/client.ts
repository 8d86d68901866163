import type { Machine } from "../machine/machine.ts";
import { openMachine } from "../machine/reach.ts";
import type { SystemdSettings } from "./settings.ts";

/** A machine and the units on it that belong to the system. */
export interface SystemdClient {
  readonly machine: Machine;
  /** Names and globs, with their endings. */
  readonly units: readonly string[];
  readonly sudo: boolean;
}

/** Opens lazily: SSH is dialled at the first command. */
export const openSystemd = (settings: SystemdSettings): SystemdClient => ({
  machine: openMachine(settings),
  units: settings.units,
  sudo: settings.sudo,
});
