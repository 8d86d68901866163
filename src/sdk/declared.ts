import {
  COMMANDS_FACT,
  type CommandParams,
  callsOf,
  isSettled,
  MOST_OFFERED,
  partsOf,
  remedyParts,
} from "../core/rules/commands/offer.ts";
import type { Call } from "../core/words/action.ts";
import type { Offer } from "../core/words/command.ts";
import type { AnyAdvice, AnyExecutable, AnySeen, RunContext } from "../core/words/runbook.ts";
import { given } from "./given.ts";
import { type BookSteps, listOf, type Some, stepsOf } from "./remedies.ts";

type ParamsOf = (values: unknown, context: unknown) => Some<CommandParams>;

/** A declared write as a remedy: advice until it is known what diagbot.yaml declares. */
export function running(book: BookSteps, run: string, steps: readonly string[], params: ParamsOf): AnyAdvice {
  return {
    title: run,
    risk: "low",
    advice: `No connection here declares the command ${run}: docs/commands.md says how, and then it is offered for approval.`,
    declared: { run, as: (offer) => asOffered(book, run, steps, params, offer) },
    source: ["runs", run, steps, params],
  };
}

function asOffered(
  book: BookSteps,
  run: string,
  steps: readonly string[],
  params: ParamsOf,
  offer: Offer,
): AnyExecutable {
  const { within, ...parts } = remedyParts(offer.command);
  const planned = (seen: AnySeen, context: RunContext): readonly Call[] | undefined => {
    const values = given(seen, steps);
    return values && callsOf(run, offer, listOf(params(values, book.fill(context))));
  };
  const asked = steps.map((name) => name.replace(/\?$/, ""));
  return {
    ...parts,
    do: (seen, context) =>
      declares(context, run) ? (planned(seen, context) ?? []).slice(0, MOST_OFFERED) : [],
    verify: {
      within,
      check: (seen, context) => stepsOf(book, asked, seen, context),
      holds: (after, done, context) => {
        const still = planned(after, context);
        return still !== undefined && isSettled(done, still);
      },
    },
    source: ["runs", run, steps, params, offer.declared],
  };
}

/** Whether the system of this run has the command. */
function declares({ system }: RunContext, run: string): boolean {
  const { connection, name } = partsOf(run);
  const names = system.connections.find((face) => face.name === connection)?.about?.[COMMANDS_FACT];
  return Array.isArray(names) && names.includes(name);
}
