import { localMachine } from "./local.ts";
import type { Machine } from "./machine.ts";
import type { MachineSettings } from "./settings.ts";
import { sshMachine } from "./ssh.ts";

/** Opens lazily: SSH is dialled at the first command. */
export const openMachine = (settings: MachineSettings): Machine =>
  settings.local ? localMachine() : sshMachine(settings);

/** What runbooks may know of the machine: `local`, or the host of `user@host:port` as `machine`. */
export const aboutMachine = ({ local, ssh = "" }: MachineSettings): { local: true } | { machine: string } =>
  local ? { local } : { machine: addressOf(ssh) };

const addressOf = (ssh: string): string =>
  /^[^@]*@(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/
    .exec(ssh)
    ?.slice(1)
    .find((part) => part !== undefined) ?? ssh;
