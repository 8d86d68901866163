import { sayPercent, saySeconds, shellWord } from "../../src/sdk/index.ts";
import { ago, mebibytes } from "./ago.ts";
import { type Case, ending, mayAct, readOn } from "./case.ts";
import type { Problem } from "./cause.ts";
import { names } from "./effects.ts";
import { endCause, sayLast } from "./ends.ts";
import { outOfMemory, raiseLimit } from "./out-of-memory.ts";
import { neverChecked } from "./podman.ts";
import type { ProbeCause } from "./probe-row.ts";
import { probeCause, wasHealthy } from "./probes.ts";

/** Ends within an hour that make a loop, where the last start is this recent. */
const LOOP_ENDS = 3;
const LOOP_SECONDS = 600;
/** The same by the engine's count since the container was made, where it does not remember the ends. */
const LOOP_UPTIME = 60;
/** Restarts on request within an hour beyond which one more is no answer to a failing check. */
const HEALED_OFTEN = 3;

/** It ends soon after every start, now: how often it was restarted since it was made says nothing of that. */
export function isLooping({ one, past }: Case): boolean {
  if (one.state === "restarting") return true;
  if (one.state !== "running" || one.uptimeSeconds === null) return false;
  if (past.crashes.length >= LOOP_ENDS) return one.uptimeSeconds < LOOP_SECONDS;
  return !past.isWhole && one.restartCount >= LOOP_ENDS && one.uptimeSeconds < LOOP_UPTIME;
}

export function looping(it: Case): Problem {
  const { one, past, log, platform, now } = it;
  if (one.oomKilled || past.shorts.length > 0) return outOfMemory(it, true);
  const [first] = past.crashes;
  const last = past.crashes.at(-1);
  const code = one.state === "restarting" ? one.exitCode : (last?.exitCode ?? one.exitCode);
  const often =
    first === undefined || past.crashes.length < 2
      ? `${one.restartCount} restarts since it was made`
      : `${past.crashes.length} ends within ${ago(timeOf(first), now, "")}`;
  const lines = log?.lines ?? [];
  const cause = endCause({ one, code, past, lines, earlier: log?.earlier, platform });
  return {
    kind: "loop",
    container: one,
    severity: "critical",
    title: `${one.name} restarts again and again (${often}, last exit code ${code})${ending(cause.short)}`,
    because: `It ends ${howOften(past.crashes)} and its restart policy (${one.restartPolicy}) brings it back; one more restart will not help. ${cause.because}${sayLast(cause, log, lines)}`,
    advice: [cause.advice ?? readOn(one)],
    acts: [],
  };
}

/** Longer between two ends than this is no end at its start. */
const SOON_SECONDS = 120;

function howOften(crashes: readonly { readonly at: number }[]): string {
  const [first, last] = [crashes[0], crashes.at(-1)];
  const gap = first === undefined || last === undefined ? 0 : (last.at - first.at) / (crashes.length - 1);
  return gap > SOON_SECONDS
    ? `again and again, about every ${saySeconds(gap)}: it starts well, and something ends it later`
    : "soon after every start";
}

/** It runs: its health check may fail, a process of it may have been killed, it may have come back after a crash. */
export function running(it: Case): Problem | undefined {
  const { one, past, log, platform, now } = it;
  if (one.health === "unhealthy") return unhealthy(it);
  const unasked = neverChecked(it);
  if (unasked !== undefined) return unasked;
  // The engine sets the flag also for a child of one that runs on; without its events it may have been weeks ago.
  if (past.shorts.length > 0 || (one.oomKilled && !past.isWhole)) return outOfMemory(it);
  const last = past.crashes.at(-1);
  if (last === undefined) return undefined;
  const code = last.exitCode ?? one.exitCode;
  const cause = endCause({ one, code, past, lines: log?.lines ?? [], platform });
  const times = past.crashes.length === 1 ? "" : ` ${past.crashes.length} times within the last hour, last`;
  return {
    kind: "crashed",
    container: one,
    severity: "warning",
    title: `${one.name} ended${times} ${ago(timeOf(last), now)} with exit code ${code} and runs again${ending(cause.short)}`,
    because: `Nobody asked for that end; its restart policy (${one.restartPolicy}) brought it back. ${cause.because}`,
    advice: [cause.advice ?? readOn(one)],
    acts: [],
  };
}

const timeOf = ({ at }: { readonly at: number }): string => new Date(at * 1000).toISOString();

/** Share of the last second's periods beyond which a CPU limit is what makes a container slow. */
export const THROTTLED = 0.5;

function unhealthy(it: Case): Problem {
  const { one, list, past, throttled } = it;
  const cause = heldBack(it, probeCause(one));
  const output = one.lastProbe?.output ?? "";
  const streak = `${one.failingStreak} failed health checks in a row`;
  const advice = [cause.advice ?? readOn(one)];
  const again =
    past.asked >= HEALED_OFTEN
      ? ` It was restarted on request ${past.asked} times within the last hour: something (autoheal, a script) answers the failing check so, which has not helped.`
      : "";
  if (cause.says === "nothing")
    return {
      kind: "check",
      container: one,
      severity: "warning",
      title: `${one.name}'s health check itself fails: ${cause.short} (${streak})`,
      because: `${cause.because}${again}`,
      advice,
      acts: [],
    };
  const wasWell = wasHealthy(one) || past.sinceStart.some(({ what }) => what === "health_status: healthy");
  const isOwn = !list.containers.some((other) => other.service !== one.service && names([output], other));
  const isShort = past.shorts.length > 0;
  // Only a process that was well and hangs comes back by a restart, and only where nothing else is to blame.
  const hangs =
    throttled < THROTTLED &&
    wasWell &&
    isOwn &&
    !isShort &&
    again === "" &&
    (cause.hangs === true || output === "");
  const short = isShort
    ? ` A process of it was killed for memory within the last hour${one.memoryLimit > 0 ? ` at its limit of ${mebibytes(one.memoryLimit)}` : ""}, which may be why.`
    : "";
  return {
    kind: "unhealthy",
    container: one,
    severity: "critical",
    title: `${one.name} is unhealthy${ending(cause.short)} (${streak})`,
    because: `${cause.because}${wasWell ? " It was healthy before." : ""}${short}${again}`,
    advice: isShort ? [{ key: "raiseMemory", text: raiseLimit(one) }, ...advice] : advice,
    acts: hangs && mayAct(one) ? ["restart"] : [],
  };
}

/** A check that is too slow, of a container that may not run: the limit is the reason, and a restart leaves it as it is. */
function heldBack({ one, throttled }: Case, cause: ProbeCause): ProbeCause {
  if (throttled < THROTTLED || cause.hangs !== true) return cause;
  return {
    ...cause,
    short: `its CPU limit holds it back (${sayPercent(throttled)} of the last second)`,
    because: `It does not answer its check in time, and in ${sayPercent(throttled)} of the last second's periods it wanted to run and might not: \`cpus:\` is too low for what it does. ${cause.because}`,
    advice: {
      key: "fixCrash",
      text: `Until it is recreated: \`docker update --cpus N ${shellWord(one.name)}\`; for good \`cpus:\` of the service, or less work for it. A longer \`timeout\` of the check only hides it.`,
    },
  };
}
