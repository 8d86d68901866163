import { actionsIn } from "../../core/words/action.ts";
import type { Connector } from "../../core/words/connector.ts";
import { asks } from "../../core/words/health.ts";
import { connectionKind } from "../../core/words/kind.ts";
import { aboutMachine } from "../machine/reach.ts";
import { machineTrouble } from "../machine/trouble.ts";
import * as host from "./actions.ts";
import { checkHost } from "./check.ts";
import { type HostClient, openHost } from "./client.ts";
import { judgeDisk, judgeLoad, judgeMemory } from "./health.ts";
import { HostSettings } from "./settings.ts";

/** Linux machines: this one, or one behind SSH. */
export const hostConnector: Connector<HostClient, HostSettings> = {
  actions: actionsIn(host),
  open: ({ settings }) => openHost(settings),
  check: checkHost,
  close: (client) => client.machine.close(),
  trouble: machineTrouble,
};

export const kind = connectionKind({
  name: "host",
  settings: HostSettings,
  about: (settings) => ({
    ...aboutMachine(settings),
    ...(settings.dumps.length === 0 ? {} : { dumps: settings.dumps.map(({ name }) => name).join(" ") }),
    ...(settings.grow === undefined ? {} : { grow: settings.grow.mounts.join(" ") }),
    ...(settings.logs.length === 0 ? {} : { logs: settings.logs.map(({ name }) => name).join(" ") }),
  }),
  health: [
    asks(host.load(), judgeLoad),
    asks(host.disk(), judgeDisk, "disk"),
    asks(host.memory(), judgeMemory, "memory"),
  ],
  connector: hostConnector,
});
