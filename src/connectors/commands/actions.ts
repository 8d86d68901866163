import { asWanted } from "../../core/rules/checks/wanted.ts";
import { actionsOn } from "../../core/words/action.ts";
import { type Command, CommandCall, WriteCall } from "../../core/words/command.ts";
import { Reading, Wants } from "../../core/words/reading.ts";
import { Look, SECONDS } from "./look.ts";
import type { Runner } from "./runner.ts";
import { settledAction } from "./settled.ts";
import { runAction } from "./write.ts";

/**
 * The actions of a kind whose commands are declared in diagbot.yaml: `ask` and `run`, and the reads that show what a write sees
 * and did. A write is carried out as it was declared when it was approved, or not at all.
 */
export function commandActions<Client, C extends Command>(kind: string, runner: Runner<Client, C>) {
  const settled = settledAction(kind, runner);
  return {
    ask: askAction(kind, runner),
    state: stateAction(kind, runner),
    settled,
    run: runAction(kind, runner, settled),
  };
}

const askAction = <Client, C extends Command>(kind: string, runner: Runner<Client, C>) =>
  actionsOn<Client>(kind).read({
    name: `${kind}.ask`,
    title: "Asks a declared command",
    timeoutSeconds: SECONDS,
    input: CommandCall.extend({ wants: Wants.prefault({}) }),
    output: Reading,
    run: async (client, { wants, ...call }, context) => {
      const { command, values } = new Look(runner, client, context).find(call, "read");
      return asWanted(await runner.ask(client, command, values, context), wants);
    },
  });

const stateAction = <Client, C extends Command>(kind: string, runner: Runner<Client, C>) =>
  actionsOn<Client>(kind).read({
    name: `${kind}.state`,
    title: "How things stand before a declared write",
    timeoutSeconds: SECONDS,
    input: WriteCall,
    output: Reading,
    run: async (client, input, context) => {
      const look = new Look(runner, client, context);
      const { kept } = await look.state(look.find(input, "write"));
      const columns = Object.keys(kept).map((name) => ({ name }));
      return { columns, rows: [Object.values(kept)], more: false };
    },
  });
