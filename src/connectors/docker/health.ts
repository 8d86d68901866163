import type { OutputOf } from "../../core/words/action.ts";
import { clip, count } from "../../core/words/format.ts";
import type { HealthWord } from "../../core/words/health.ts";
import type { Container } from "./container.ts";
import type { containers } from "./containers.ts";

/**
 * Containers of the project at a glance. The engine's own words only: why, and whether the check or the service is to blame,
 * container-failure finds out. Containers stopped on request, ended jobs and tasks that swarm has replaced are well. Pure.
 */
export function judgeContainers(list: OutputOf<typeof containers>): HealthWord {
  const { project, total, product } = list;
  if (total === 0 && project !== null)
    return {
      word: `no container of project ${clip(project, 40)}`,
      because: "It was never brought up on this engine, was taken down, or goes by another project name.",
      severity: "critical",
      next: "Run container-failure.",
    };
  const ill = list.containers.flatMap((one) => {
    const state = stateOf(one, product === "Podman");
    return state === undefined ? [] : [{ one, state }];
  });
  const [first] = ill;
  if (first === undefined) return count(total, "container");
  const all = ill.map(({ one, state }) => `${one.name} ${state}`);
  return {
    word: clip(`${all[0]}${all.length > 1 ? ` and ${all.length - 1} more` : ""}`, 60),
    because: `By the engine's word: ${clip(all.slice(0, 5).join("; "), 500)}.`,
    severity: ill.some(({ one }) => GRAVE.has(one.state)) ? "critical" : "warning",
    next: "Run container-failure: it says why, and what waits for what.",
  };
}

const GRAVE = new Set(["restarting", "paused", "dead"]);

/** What is wrong with it; undefined: nothing. */
function stateOf(one: Container, isPodman: boolean): string | undefined {
  if (one.oneOff) return undefined;
  if (GRAVE.has(one.state)) return `is ${one.state}`;
  if (one.state === "running") return one.health === "unhealthy" ? "is unhealthy" : undefined;
  if (one.state === "created") return one.error === "" ? "was never started" : "could not be started";
  return one.state === "exited" && !one.isTask ? endOf(one, isPodman) : undefined;
}

function endOf({ restartPolicy, exitCode, error }: Container, isPodman: boolean): string | undefined {
  const isMeantToRun = restartPolicy === "always" || restartPolicy === "unless-stopped";
  // A daemon would have brought it back, had nobody asked for the stop; Podman has none, and nobody knows who asked.
  if (isMeantToRun && isPodman)
    return `is down (exit code ${exitCode}), though its policy is ${restartPolicy}`;
  if (exitCode === 0 || (isMeantToRun && error === "")) return undefined;
  return `exited with code ${exitCode}`;
}
