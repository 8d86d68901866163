import type { Entry, Intake } from "../core/ports/intake.ts";
import type { Reader } from "../core/ports/reader.ts";
import { accountOf, type Caller } from "../core/words/caller.ts";
import type { Intent } from "../core/words/intent.ts";
import { type Reply, say } from "../core/words/reply.ts";
import { mustBeKnown } from "./rights.ts";
import { runOrThrow } from "./show-runs.ts";

interface Deps {
  readonly intake: Pick<Intake, "requestCancel">;
  readonly reader: Reader;
}
interface Asked {
  readonly entry: Entry;
  readonly caller: Caller;
}

/** Stops a run, or all of its thread: for the one who asked and for the people of diagbot.yaml. Throws `unknown_run`. */
export async function cancelRun(
  { intake, reader }: Deps,
  { entry, caller }: Asked,
  { run: id, all }: Extract<Intent, { do: "cancel" }>,
): Promise<Reply> {
  const run = await runOrThrow(reader, id);
  if (!isSameCaller(run.caller, caller))
    mustBeKnown(caller, `cancel run #${id}, which somebody else asked for`);
  const outcome = await intake.requestCancel(entry, id, caller, all === true);
  return {
    ...say(
      outcome === "ended"
        ? `Run #${id} has already ended${all === true ? ", and so has every run of its thread" : ""}`
        : `${all === true ? `Every run of the thread of run #${id}` : `Run #${id}`} is being cancelled`,
      ...(outcome === "ended" ? [] : ["What is under way is finished; nothing new begins."]),
    ),
    run: id,
    data: { run: id, outcome },
  };
}

/** The same Slack account, or the same account of the same host. */
function isSameCaller(one: Caller, other: Caller): boolean {
  if (one.slack !== undefined)
    return one.slack.user === other.slack?.user && one.slack.team === other.slack.team;
  return one.account !== undefined && accountOf(one) === accountOf(other);
}
