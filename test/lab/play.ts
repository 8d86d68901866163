import { until } from "../helpers/until.ts";
import { type LabAlert, SITUATION } from "./alerting/alerting.ts";
import type { Delivered } from "./alerting/relay.ts";
import { sayComponent } from "./components.ts";
import { applyRemedy, follow, PATIENCE_MS } from "./follow.ts";
import { firstOf, isAboveInfo, judgeFault, judgeTwin } from "./judge.ts";
import { type Stage, SYSTEM } from "./stage.ts";
import type { Keep, Outcome, Scenario, Seen } from "./words.ts";

type Placed = Awaited<ReturnType<Scenario["place"]>>;

/** A scenario that can be played: made, with its system in diagbot.yaml and its alerts known to the alerting. */
export interface Ready {
  readonly scenario: Scenario;
  readonly place: Placed;
  readonly system: string;
  readonly channel: string;
  readonly fault: LabAlert;
  readonly twin: LabAlert;
}

/** `at`: its number, which makes the name of its channel. */
export function readyOf(scenario: Scenario, place: Placed, at: number): Ready {
  const { id, alert } = scenario;
  const system = id.replaceAll("/", "-");
  const alertOf = (what: "fault" | "twin"): LabAlert => ({
    name: alert.name,
    summary: alert.summary,
    labels: {
      severity: alert.severity,
      [SYSTEM]: system,
      // Says nothing of what is expected: others are shown these alerts.
      [SITUATION]: `${system}-${what === "twin" ? 1 : 2}`,
      ...place.labels,
    },
  });
  return {
    ...{ scenario, place, system },
    channel: `C0LAB${String(at).padStart(3, "0")}`,
    fault: alertOf("fault"),
    twin: alertOf("twin"),
  };
}

/** What an export wants to know of a situation while it is there. */
export type Watch = (ready: Ready, what: "fault" | "twin", seen: Seen, delivered: Delivered) => Promise<void>;

/** Brings about the twin, then the fault, and judges the answers. Never throws. */
export async function play(
  stage: Stage,
  ready: Ready,
  reset: () => Promise<void>,
  watch: Watch,
): Promise<Outcome> {
  const { scenario } = ready;
  const begun = performance.now();
  const outcome = {
    id: scenario.id,
    items: scenario.items,
    components: scenario.needs.map(sayComponent),
  };
  let sofar: Omit<Partial<Outcome>, "wrong"> & { wrong: string[] } = { wrong: [] };
  try {
    sofar = { ...sofar, ...(await playTwin(stage, ready, reset, watch, sofar.wrong)) };
    sofar = { ...sofar, ...(await playFault(stage, ready, reset, watch, sofar.wrong)) };
  } catch (error) {
    sofar.wrong.push(error instanceof Error ? error.message : String(error));
    sofar = { right: false, ...sofar };
  }
  return { ...outcome, ...sofar, seconds: (performance.now() - begun) / 1000 };
}

async function playTwin(
  stage: Stage,
  ready: Ready,
  reset: () => Promise<void>,
  watch: Watch,
  wrong: string[],
): Promise<Pick<Outcome, "falseFindings">> {
  return during(reset, ready.place.twin, async (keep) => {
    const seen = await ask(stage, ready, "twin", watch, keep);
    wrong.push(...judgeTwin(seen));
    return { falseFindings: seen.findings.filter(isAboveInfo) };
  });
}

async function playFault(
  stage: Stage,
  ready: Ready,
  reset: () => Promise<void>,
  watch: Watch,
  wrong: string[],
): Promise<Omit<Partial<Outcome>, "wrong">> {
  return during(reset, ready.place.break, async (keep) => {
    const seen = await ask(stage, ready, "fault", watch, keep);
    const problems = judgeFault(ready.scenario, seen);
    wrong.push(...problems);
    const first = firstOf(seen.findings);
    return {
      right: problems.length === 0,
      ...(first === undefined ? {} : { first }),
      ...(seen.evidenceSeconds === undefined ? {} : { evidenceSeconds: seen.evidenceSeconds }),
      ...(problems.length > 0 ? {} : await repair(stage, ready, seen, wrong)),
    };
  });
}

/** Has the remedy applied, where that is safe here, and looks whether the damage is gone. */
async function repair(
  stage: Stage,
  ready: Ready,
  seen: Seen,
  wrong: string[],
): Promise<Pick<Outcome, "remedy" | "verified">> {
  const { remedy, apply } = ready.scenario.expect;
  const run = firstOf(seen.findings)?.run;
  if (remedy === undefined || run === undefined) return {};
  if (apply !== true) {
    const isAdvice = seen.remedies[remedy]?.advice !== undefined;
    return { remedy: `${remedy} (${isAdvice ? "advice" : "offered"})` };
  }
  const status = await applyRemedy(stage, ready.channel, run, remedy);
  const isGone = status === "succeeded" && (await look(ready));
  if (status !== "succeeded") wrong.push(`${remedy} was approved and ended ${status}`);
  else if (!isGone) wrong.push(`${remedy} succeeded, but the component still shows the damage`);
  return { remedy: `${remedy} (${status})`, verified: isGone };
}

const look = ({ place }: Ready): Promise<boolean> =>
  place.gone === undefined
    ? Promise.resolve(true)
    : until(place.gone, PATIENCE_MS).then(
        () => true,
        () => false,
      );

/** Brings a situation about, and takes it away again whatever happens in it. */
async function during<T>(
  reset: () => Promise<void>,
  make: (keep: Keep) => Promise<void>,
  within: (keep: Keep) => Promise<T>,
): Promise<T> {
  const undo: (() => unknown)[] = [];
  const keep: Keep = (one) => void undo.push(one);
  await reset();
  try {
    await make(keep);
    return await within(keep);
  } finally {
    for (const one of undo.reverse()) await one();
  }
}

/** Raises the alert and waits for the answer; the alert ends with the situation. */
async function ask(
  stage: Stage,
  ready: Ready,
  what: "fault" | "twin",
  watch: Watch,
  keep: Keep,
): Promise<Seen> {
  const alert = ready[what];
  keep(() => stage.alerting.end(alert));
  await stage.alerting.raise(alert);
  const delivered = await stage.relay.delivered(SITUATION, alert.labels[SITUATION] ?? "", PATIENCE_MS);
  const seen = await follow(stage, ready.channel, delivered, ready.scenario.expect.elsewhere);
  await watch(ready, what, seen, delivered);
  return seen;
}
