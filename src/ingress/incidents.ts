import type { Entry, Intake } from "../core/ports/intake.ts";
import type { Caller } from "../core/words/caller.ts";
import type { IncidentId } from "../core/words/ids.ts";
import type { Intent } from "../core/words/intent.ts";
import { type Reply, say } from "../core/words/reply.ts";
import { mustBeKnown } from "./rights.ts";

interface Asked {
  readonly entry: Entry;
  readonly caller: Caller;
}

/** Ending an incident is for the people of diagbot.yaml. */
export async function closeIncident(
  { intake }: { readonly intake: Intake },
  { entry, caller }: Asked,
  { incident, message, reason }: Extract<Intent, { do: "close" }>,
): Promise<Reply> {
  mustBeKnown(caller, "close an incident");
  const ended = await intake.closeIncident(entry, {
    by: caller,
    reason,
    ...(incident === undefined ? {} : { incident }),
    ...(message === undefined ? {} : { message }),
  });
  return ended.closed
    ? say(
        `Incident #${ended.incident} is closed`,
        "What still waits for a decision is looked at again. When its alert is sent again as firing, it opens again.",
      )
    : say(`Incident #${ended.incident} has ended already`);
}

/** For the people of diagbot.yaml: whoever says so keeps everybody else from being told. */
export async function acknowledge(
  { intake }: { readonly intake: Intake },
  { entry, caller }: Asked,
  { incident, message, words }: Extract<Intent, { do: "ack" }>,
): Promise<Reply> {
  mustBeKnown(caller, "take an incident");
  const { state, by, ...taken } = await intake.acknowledge(entry, {
    by: caller,
    words,
    ...(incident === undefined ? {} : { incident }),
    ...(message === undefined ? {} : { message }),
  });
  const name = `Incident #${taken.incident}`;
  const title =
    state === "yours"
      ? `${name} is yours`
      : state === "taken"
        ? `${name} is ${by}'s already`
        : `${name} has ended already`;
  const data = { incident: taken.incident, state, by };
  if (state !== "yours") return { ...say(title), data };
  return { ...say(title, "Nobody further is told of it, unless it ends and fires again."), data };
}

/** For the people of diagbot.yaml: in a storm every thread takes a turn of the channel from what others wait for. */
export async function openThread(
  { intake }: { readonly intake: Intake },
  { entry, caller }: Asked,
  incident: IncidentId,
): Promise<Reply> {
  mustBeKnown(caller, "give an incident a thread of its own");
  const { opened } = await intake.openThread(entry, { incident, by: caller });
  return opened
    ? say(
        `Incident #${incident} gets a thread of its own`,
        "It comes within seconds, in the channel of its storm.",
      )
    : say(`Incident #${incident} has a thread of its own already`);
}
