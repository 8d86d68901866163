import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { linesOf, script } from "../machine/script.ts";
import type { ExecClient } from "./client.ts";

const STATES = ["ok", "absent", "closed", "unknown"] as const;
// As another user it may be there although this one cannot see it.
const LOOK = `for p; do
  if [ -f "$p" ] && [ -x "$p" ]; then echo ok; elif [ -e "$p" ]; then echo closed; else echo absent; fi
done`;

/** Whether the program of each declared command is there and may be run. As another user that is not known. */
export const programs = actionsOn<ExecClient>("exec").read({
  name: "exec.programs",
  title: "Whether the declared programs are there",
  input: z.object({}),
  output: z.object({
    programs: z.array(z.object({ command: z.string(), program: z.string(), state: z.enum(STATES) })).max(500),
  }),
  run: async (client, _input, context) => {
    const all = Object.entries(client.commands).slice(0, 500);
    const lines = linesOf(
      await script(
        client,
        LOOK,
        all.map(([, { argv }]) => argv[0] ?? ""),
        context,
      ),
    );
    return {
      programs: all.map(([command, { argv, user }], index) => {
        const state = STATES.find((one) => one === lines[index]) ?? "unknown";
        return {
          command,
          program: argv[0] ?? "",
          state: state !== "ok" && user !== undefined ? "unknown" : state,
        };
      }),
    };
  },
});
