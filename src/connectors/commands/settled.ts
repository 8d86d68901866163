import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { Condition } from "../../core/words/check.ts";
import { type Command, WriteCall } from "../../core/words/command.ts";
import { CellsShape, Look, SECONDS } from "./look.ts";
import type { Runner } from "./runner.ts";

/** The row that shows whether a declared write has had its effect, and what must hold of it. */
export const settledAction = <Client, C extends Command>(kind: string, runner: Runner<Client, C>) =>
  actionsOn<Client>(kind).read({
    name: `${kind}.settled`,
    title: "Whether a declared write has had its effect",
    timeoutSeconds: SECONDS,
    input: WriteCall,
    output: z.object({ row: CellsShape, when: z.record(z.string(), Condition) }),
    run: async (client, input, context) => {
      const look = new Look(runner, client, context);
      return look.settled(look.find(input, "write"));
    },
  });

/** The read that shows the effect of a write. */
export type SettledAction = ReturnType<typeof settledAction>;
