import type { Machine } from "../machine/machine.ts";
import { openMachine } from "../machine/reach.ts";
import type { NginxSettings } from "./settings.ts";

/** One nginx on a machine. */
export interface NginxClient {
  readonly machine: Machine;
  readonly settings: Pick<NginxSettings, "binary" | "config" | "sudo" | "status" | "health">;
}

/** Opens lazily: SSH is dialled at the first command. */
export const openNginx = (settings: NginxSettings): NginxClient => ({
  machine: openMachine(settings),
  settings,
});
