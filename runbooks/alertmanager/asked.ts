import {
  chosenOf,
  clip,
  count,
  type Finding,
  type RunContext,
  sayDuration,
  shellWord,
} from "../../src/sdk/index.ts";
import { type State, sayMatchers, shown, toSilence } from "./silences.ts";

/** What people ask for by name; see `alerting.ts`. */
export interface Asked extends Record<string, unknown> {
  readonly silence?: string | undefined;
  readonly all: boolean;
  readonly minutes: number;
  readonly reason?: string | undefined;
  readonly show: boolean;
  readonly expire?: string | undefined;
}

type Context = RunContext<Asked>;
type Name = "silence" | "expire";

/** Silences that one approval may make. */
const MOST = 10;

/** Names of the alerts that are meant: one, or all that fire and nobody has silenced. */
function namesOf(state: State, { params, ...context }: Context): string[] {
  if (params.silence !== undefined) return [params.silence];
  // Without labels the alerts of a connection may be anybody's.
  if (!params.all || chosenOf(context, "alertmanager")?.about?.scoped !== true) return [];
  const firing = state.alerts.filter(({ name, silencedBy }) => name !== "" && silencedBy.length === 0);
  return [...new Set(firing.map(({ name }) => name))].toSorted();
}

/** One silence for each alert name that is meant, of the labels its alerts have alike; none where there are too many to look at. */
export function silencesOf(state: State, context: Context) {
  const names = namesOf(state, context);
  const { minutes, reason } = context.params;
  if (names.length > MOST) return [];
  return names.flatMap((name) => {
    const labels = toSilence(state, name);
    if (labels === undefined) return [];
    const why = reason === undefined ? "" : `${clip(reason, 160)}; `;
    const comment = `${why}asked for in diagbot on ${clip(context.system.id, 60)}, approved as its thread says`;
    return [{ labels, minutes, comment: comment.slice(0, 300) }];
  });
}

/** One finding for each thing that was asked for: what is offered, or why nothing is. */
export const askedFindings = (state: State, context: Context): Finding<Name>[] =>
  [silenceFinding(state, context), expireFinding(state, context), listFinding(state, context)].filter(
    (one) => one !== undefined,
  );

const note = (id: string, title: string, because: string, remedies: readonly Name[] = []): Finding<Name> => ({
  ...{ id, severity: "info", title, because, remedies },
});

function silenceFinding(state: State, context: Context): Finding<Name> | undefined {
  const { silence, all, minutes } = context.params;
  if (silence === undefined && !all) return undefined;
  const id = "silence-asked";
  if (silence === undefined && chosenOf(context, "alertmanager")?.about?.scoped !== true)
    return note(
      id,
      "Which alerts are this system's is not known, so not all of them are silenced",
      "The connection has no `labels:`: everybody's alerts are seen through it. Name one alert, or set `labels:`.",
    );
  const what = silence ?? "all alerts that fire";
  const names = namesOf(state, context);
  if (names.length > MOST)
    return note(
      id,
      `${count(names.length, "alert")} of different names fire: too many to silence at once`,
      `At most ${MOST} with one approval. A system that is worked on is put into maintenance instead: \`/diag maintenance ${shellWord(context.system.id)} 2h\`.`,
    );
  const calls = silencesOf(state, context);
  if (calls.length === 0)
    return note(
      id,
      silence === undefined
        ? "No alert fires that is not silenced"
        : `No alert ${silence} fires that is not silenced`,
      "There is nothing to silence.",
    );
  const labels = calls.slice(0, 5).map((call) =>
    Object.entries(call.labels)
      .map(([name, value]) => `${name}="${value}"`)
      .join(", "),
  );
  return note(
    id,
    `Silencing ${what}: asked for`,
    `For ${sayDuration(minutes * 60_000)}, with the labels that all of its alerts have: ${clip(labels.join("; "), 600)}. It hides ${calls.length === 1 ? "the alert" : `${calls.length} alerts`}, and mends nothing.`,
    ["silence"],
  );
}

function expireFinding(state: State, { params: { expire } }: Context): Finding<Name> | undefined {
  if (expire === undefined) return undefined;
  const found = state.silences.find(({ id }) => id === expire);
  return found === undefined
    ? note("expire-asked", "There is no such silence, or it has ended", "Nothing is to be done.")
    : note(
        "expire-asked",
        `Ending the silence of ${clip(sayMatchers(found), 120)}: asked for`,
        `It was made by ${found.by || "somebody"}: ${found.comment || "no comment"}.`,
        ["expire"],
      );
}

function listFinding(state: State, { params, now, system }: Context): Finding<Name> | undefined {
  if (!params.show) return undefined;
  const { silences } = state;
  if (silences.length === 0)
    return note("silences", "No silence holds", "Every alert that fires is told, but for inhibited ones.");
  return {
    ...note(
      "silences",
      `${count(silences.length, "silence")} ${silences.length === 1 ? "holds" : "hold"}`,
      `Of the whole Alertmanager. One is ended by its id, once approved: \`/diag silence end <id> ${shellWord(system.id)}\`.`,
    ),
    evidence: [shown(silences, state, now)],
  };
}
