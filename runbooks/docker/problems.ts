import type { RunContext } from "../../src/sdk/index.ts";
import type { Case } from "./case.ts";
import { type Container, type Events, idOf, type List, type Log, type Problem } from "./cause.ts";
import { beingRemoved, didNotStart, ended, lostTask, stuck } from "./down.ts";
import { effectsOf } from "./effects.ts";
import { pastOf } from "./past.ts";
import { isLooping, looping, running } from "./up.ts";
import { neverStarted, withDependencies } from "./waits.ts";

/** What was seen of the engine; all but the list may be missing. */
export interface Sight {
  readonly list?: List | undefined;
  readonly events?: Events | undefined;
  readonly logs?: { readonly logs: readonly Log[] } | undefined;
  readonly engine?: { readonly platform: string; readonly product: string } | undefined;
  readonly usage?:
    | { readonly usage: readonly { readonly container: string; readonly throttled: number | null }[] }
    | undefined;
}

export type AskedOf = Pick<RunContext<{ readonly service?: string | undefined }>, "params" | "now">;

/** A problem and the ids of those that follow from it. */
export type Judged = Problem & { readonly explains: readonly string[] };

/** The containers asked about: all, or those of one service. Without labels the name holds it: `shop_api_1`. */
export function containersOf(list: List | undefined, service: string | undefined): readonly Container[] {
  const all = list?.containers.filter(({ oneOff }) => !oneOff) ?? [];
  if (service === undefined) return all;
  return all.filter((one) => one.service === service || one.name === service || isNumbered(one, service));
}

function isNumbered({ name, service }: Container, wanted: string): boolean {
  const rest = name.replace(/[-_]\d{1,4}$/, "");
  return service === name && rest !== name && (rest.endsWith(`_${wanted}`) || rest.endsWith(`-${wanted}`));
}

/** What is wrong with each container, judged from what was recorded. Pure. */
export function problemsOf({ list, events, logs, engine, usage }: Sight, { params, now }: AskedOf): Judged[] {
  if (list === undefined) return [];
  const asked = containersOf(list, params.service);
  const problems = withDependencies(asked, list.containers).flatMap((one) => {
    const problem = problemOf({
      one,
      list,
      past: pastOf(one, events, now),
      log: logs?.logs.find(({ container }) => container === one.id),
      platform: engine?.platform,
      throttled: usage?.usage.find(({ container }) => container === one.id)?.throttled ?? 0,
      product: engine?.product,
      isAsked: params.service !== undefined && asked.includes(one),
      now,
    });
    return problem === undefined ? [] : [problem];
  });
  const effects = effectsOf(problems, logs?.logs ?? []);
  return problems
    .map((problem) => ({ ...problem, explains: effects.get(idOf(problem)) ?? [] }))
    .filter(({ isQuiet, explains }) => isQuiet !== true || explains.length > 0);
}

function problemOf(it: Case): Problem | undefined {
  const { one } = it;
  if (one.state === "removing") return it.isAsked ? beingRemoved(one) : undefined;
  if (one.state === "paused" || one.state === "dead") return stuck(it, one.state);
  // What swarm has replaced is its history; a task that runs is judged as any container.
  if (one.isTask && one.state !== "running" && one.state !== "restarting") return lostTask(it);
  if (one.error !== "" && one.state !== "running" && (one.state === "created" || one.exitCode !== 0))
    return didNotStart(it);
  if (one.state === "created") return neverStarted(one, it.list.containers);
  if (isLooping(it)) return looping(it);
  if (one.state === "running") return running(it);
  return ended(it);
}
