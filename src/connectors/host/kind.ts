import { actionsIn } from "../../core/words/action.ts";
import type { Connector } from "../../core/words/connector.ts";
import { asks } from "../../core/words/health.ts";
import { connectionKind } from "../../core/words/kind.ts";
import * as host from "./actions.ts";
import { checkHost } from "./check.ts";
import { type HostClient, openHost } from "./client.ts";
import { judgeDisk, judgeLoad, judgeMemory } from "./health.ts";
import { HostSettings } from "./settings.ts";
import { hostTrouble } from "./trouble.ts";

/** Linux machines: this one, or one behind SSH. */
export const hostConnector: Connector<HostClient, HostSettings> = {
  actions: actionsIn(host),
  open: ({ settings }) => openHost(settings),
  check: checkHost,
  close: (client) => client.machine.close(),
  trouble: hostTrouble,
};

/** The host of `user@host:port`. */
const addressOf = (ssh: string): string =>
  /^[^@]*@(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/
    .exec(ssh)
    ?.slice(1)
    .find((part) => part !== undefined) ?? ssh;

export const kind = connectionKind({
  name: "host",
  settings: HostSettings,
  about: ({ local, ssh = "" }) => (local ? { local } : { machine: addressOf(ssh) }),
  health: [
    asks(host.load(), judgeLoad),
    asks(host.disk(), judgeDisk, "disk"),
    asks(host.memory(), judgeMemory, "memory"),
  ],
  connector: hostConnector,
});
