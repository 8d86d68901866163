import { actionsIn } from "../../core/words/action.ts";
import type { Connector } from "../../core/words/connector.ts";
import { asks } from "../../core/words/health.ts";
import { connectionKind } from "../../core/words/kind.ts";
import { aboutMachine } from "../machine/reach.ts";
import * as exec from "./actions.ts";
import { checkExec, judgeHealth } from "./check.ts";
import { type ExecClient, openExec } from "./client.ts";
import { columnsOf, ExecSettings } from "./settings.ts";
import { execTrouble } from "./trouble.ts";

const connector: Connector<ExecClient, ExecSettings> = {
  actions: actionsIn(exec),
  open: ({ settings }) => openExec(settings),
  check: checkExec,
  close: (client) => client.machine.close(),
  trouble: execTrouble,
};

/** Scripts of a system's own on a machine: an allow-list. */
export const kind = connectionKind({
  name: "exec",
  settings: ExecSettings,
  about: (settings) => ({ ...aboutMachine(settings), commands: Object.keys(settings.commands) }),
  commands: ({ commands }) => commands,
  columns: ({ commands }, name) => {
    const command = commands[name];
    return command && columnsOf(command);
  },
  health: [asks(exec.programs(), judgeHealth)],
  connector,
});
