import { clip, code, type Evidence, facts, type RunContext, saySeconds } from "../../src/sdk/index.ts";
import { notices, problemsOf, type Sight } from "./problems.ts";
import { programLines } from "./runs.ts";
import { type Act, type AdviceKey, idOf, type Problem, type Unit, type Units } from "./unit.ts";

/** Units one approval may start. */
const MOST = 5;

type Asked = RunContext<{ readonly unit?: string | undefined; readonly stableSeconds: number }>;

const allOf = (seen: Sight, { params: { unit } }: Asked): Problem[] => [
  ...problemsOf(seen, unit),
  ...notices(seen, unit),
];

/** Problems the act answers: never those that follow from another one. */
export function answered(act: Act, seen: Sight, context: Asked): Unit[] {
  const all = allOf(seen, context);
  const effects = new Set(all.flatMap(({ explains }) => explains));
  const units = all
    .filter((one) => one.acts.includes(act) && !effects.has(idOf(one)))
    .map(({ unit }) => unit);
  return [...new Map(units.map((unit) => [unit.name, unit])).values()].slice(0, MOST);
}

export const told =
  (key: AdviceKey, otherwise: string) =>
  (seen: Sight, context: Asked): string => {
    const said = allOf(seen, context).flatMap(({ advice, unit }) =>
      advice.filter((one) => one.key === key).map((one) => ({ name: unit.name, text: one.text })),
    );
    const texts = [...new Set(said.map((one) => one.text))];
    if (texts.length < 2) return texts[0] ?? otherwise;
    return said
      .map((one) => (one.text.includes(one.name) ? one.text : `${one.name}: ${one.text}`))
      .join("\n");
  };

/** Up for long enough; a oneshot that has done its work counts. */
const staysUp = (units: Units, names: readonly string[], seconds: number): boolean =>
  names.every((name) => {
    const unit = units.units.find((one) => one.name === name);
    if (unit === undefined) return false;
    if (unit.type === "oneshot" && unit.result === "success" && unit.active !== "failed") return true;
    return unit.active === "active" && (unit.activeAgo ?? 0) >= seconds;
  });

export const stable = {
  recheck: ["units"],
  holds: ({ units }: { units: Units }, done: readonly { input: { unit: string } }[], context: Asked) =>
    staysUp(
      units,
      done.map(({ input }) => input.unit),
      // A restart in between shows as a shorter time than it was watched.
      Math.max(context.params.stableSeconds, context.watchedSeconds ?? 0),
    ),
} as const;

/** Twice what it is, and for open files at least what servers want. */
export const more = {
  openFiles: ({ openFiles }: Unit): number => Math.max(65_536, 2 * (openFiles.hard ?? openFiles.soft ?? 0)),
  memory: ({ memory }: Unit): number => Math.ceil(((memory.max ?? 0) * 1.5) / 1_048_576) * 1_048_576,
  tasks: ({ tasks }: Unit): number => 2 * (tasks.max ?? 0),
};

/** A problem as a finding, with its state and its last lines. */
export function findingOf(problem: Problem, seen: Sight) {
  const { unit, severity, title, because, advice, acts, explains } = problem;
  const log = seen.logs?.logs.find((one) => one.unit === unit.name);
  const lines = programLines(unit, log).slice(-15);
  return {
    ...{ id: idOf(problem), severity, title, because, explains },
    evidence: [
      figures(unit),
      ...(lines.length === 0
        ? []
        : [code(lines.map((one) => clip(one, 300)).join("\n"), "last journal lines")]),
    ] as Evidence[],
    remedies: [...new Set([...acts, ...advice.map(({ key }) => key)])],
  };
}

const figures = (unit: Unit): Evidence =>
  facts({
    state: `${unit.active} (${unit.sub})${unit.changedAgo === null ? "" : ` for ${saySeconds(unit.changedAgo)}`}`,
    ...(unit.result === "" ? {} : { result: unit.result }),
    ...(unit.restart === "" ? {} : { restarts: `${unit.restarts} (Restart=${unit.restart})` }),
    file: `${unit.file || "none"}${unit.fragment === "" ? "" : `, ${unit.fragment}`}`,
  });
