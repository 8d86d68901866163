import { shellWord } from "../../src/sdk/index.ts";
import { mebibytes } from "./ago.ts";
import { type Case, mayAct } from "./case.ts";
import type { Container, Problem } from "./cause.ts";

/** A kill for memory that the engine noted: of the container, again and again, or of a child of one that runs on. */
export function outOfMemory(it: Case, isAgain = false): Problem {
  const { one, past } = it;
  const isDown = one.state === "exited";
  return {
    kind: "memory",
    container: one,
    severity: isDown || isAgain ? "critical" : "warning",
    title: `${one.name} ${sayWhat(it, isAgain)}`,
    because: `The kernel killed ${isDown || isAgain ? "it" : "a child of it"}${sayLimit(one)} (${sayEvidence(one, past.shorts.length)}).`,
    advice: [{ key: "raiseMemory", text: raiseLimit(one) }],
    acts: isDown && mayAct(one) ? ["start"] : [],
  };
}

function sayWhat({ one, past }: Case, isAgain: boolean): string {
  if (isAgain) return `runs out of memory again and again (${one.restartCount} restarts)`;
  if (one.state === "exited") return "was killed for memory and is down";
  const kills = past.shorts.length;
  if (kills === 0) return "had a process killed for memory since its start, and runs on";
  return `had a process killed for memory${kills > 1 ? ` ${kills} times` : ""} within the last hour, and runs on`;
}

const sayLimit = ({ memoryLimit }: Container): string =>
  memoryLimit > 0
    ? ` at its memory limit of ${mebibytes(memoryLimit)}`
    : "; it has no memory limit of its own: the machine, or a group it is in, ran out of memory";

const sayEvidence = ({ oomKilled, state, exitCode }: Container, kills: number): string =>
  [
    ...(oomKilled
      ? [kills === 0 && state === "running" ? "OOMKilled; when, the engine no longer remembers" : "OOMKilled"]
      : []),
    ...(kills > 0 ? [`${kills} out-of-memory event${kills === 1 ? "" : "s"} of the engine`] : []),
    ...(state === "exited" ? [`exit code ${exitCode}`] : []),
  ].join(", ");

/** How to give a container half as much memory again. */
export function raiseLimit(one: Container): string {
  if (one.memoryLimit === 0)
    return "It has no limit: the machine is short of memory. Run the high-memory runbook.";
  const wanted = Math.ceil((one.memoryLimit * 1.5) / 1024 / 1024);
  return `${one.name} needs more than ${mebibytes(one.memoryLimit)}. Until it is recreated: \`docker update --memory ${wanted}m --memory-swap ${wanted}m ${shellWord(one.name)}\`. For good: \`mem_limit: ${wanted}m\` for service ${one.service} in the compose file, then \`docker compose up -d ${shellWord(one.service)}\`. If it grows to the new limit too, it leaks.`;
}
