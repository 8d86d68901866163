import { z } from "zod";
import { actionsOn } from "../words/action.ts";
import { DiagError } from "../words/errors.ts";
import { asks } from "../words/health.ts";
import { type ConnectionKind, connectionKind } from "../words/kind.ts";

const LEFT_OUT = "its pack was left out";
const ADVICE = "`diagbot check` says what is wrong with the packs of diagbot.yaml.";

/**
 * Stands in the place of a kind whose pack was left out. Its connections may stay in diagbot.yaml as they are: whatever asks one
 * (health, doctor) is told why it cannot be asked, and everything else serves. `why`: of the pack.
 */
export function absentKind(name: string, why: string): ConnectionKind {
  const error = () =>
    new DiagError("missing_connection", `diagbot does not know the kind ${name}: ${why}`, { hint: ADVICE });
  const state = actionsOn<unknown>(name).read({
    name: `${name}.absent`,
    title: "Cannot be asked: its pack was left out",
    input: z.strictObject({}),
    output: z.null(),
    run: async () => {
      throw error();
    },
  });
  const kind = connectionKind({
    name,
    settings: z.strictObject({}),
    // Nothing of its settings is understood, so nothing of them is shown either.
    endpoint: () => undefined,
    health: [asks(state(), () => LEFT_OUT)],
    failure: ({ message }) => ({ title: LEFT_OUT, because: `${message}.`, advice: ADVICE }),
    connector: {
      actions: [state.action],
      open: () => null,
      check: async () => {
        throw error();
      },
      close: async () => {},
    },
  });
  return { ...kind, settings: kind.settings.loose() };
}
