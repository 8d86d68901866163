import { z } from "zod";
import { actionsOn, type Preview } from "../../core/words/action.ts";
import { saySeconds } from "../../core/words/format.ts";
import { beforeEffect, refused } from "../before-effect.ts";
import type { HostClient } from "./client.ts";
import { managerOf } from "./manager.ts";
import { lookAtPort, type PortHolders, portHolders } from "./port-holders.ts";
import { sendTerm } from "./terminate.ts";

const { write } = actionsOn<HostClient>("host");

const Input = z.object({
  port: z.int().min(1).max(65_535),
  protocol: z.enum(["tcp", "udp"]),
  pid: z.int().min(3),
  startTicks: z.number().min(0),
  name: z.string().max(64),
});
type Input = z.output<typeof Input>;

const sayPort = ({ port, protocol }: Pick<Input, "port" | "protocol">): string =>
  protocol === "tcp" ? `port ${port}` : `UDP port ${port}`;

const holderIn = ({ listeners }: PortHolders, { pid, startTicks }: Input) =>
  listeners
    .flatMap(({ processes }) => processes)
    .find((one) => one.pid === pid && one.startTicks === startTicks);

/** Why this process is not ended for its port; undefined: it may be. Pure. */
function whyNot(seen: PortHolders, input: Input): string | undefined {
  const found = holderIn(seen, input);
  if (found === undefined) return `process ${input.pid} does not hold ${sayPort(input)} any more`;
  if (found.protected !== null) return found.protected;
  if (seen.socketUnit !== null) return `systemd holds it for ${seen.socketUnit.unit}: stop that`;
  const manager = managerOf(found);
  if (manager?.kind === "unit") return `it belongs to ${manager.name}: stop that, or it is started again`;
  if (manager?.kind === "supervisor")
    return `${manager.name} looks after it and would start it again: stop it there`;
  if (manager?.kind === "container") return `it belongs to container ${manager.name}: stop that`;
  return undefined;
}

/**
 * Asks the process that listens on a port to end: SIGTERM, never SIGKILL (trap `kill-9`), to the listener of this pid and start time only,
 * and only where neither a unit nor a container looks after it. sergas-accounts.port-in-use: two people decide.
 */
export const freePort = write({
  name: "host.free-port",
  title: "Ask the process that holds a port to end (SIGTERM)",
  class: "guarded",
  risk: "destructive",
  input: Input,
  output: z.object({ pid: z.int(), signal: z.literal("SIGTERM") }),
  timeoutSeconds: 20,
  target: ({ pid }) => `process-${pid}`,
  preview: async (client, input, context): Promise<Preview> => {
    const seen = await lookAtPort(client, input, context);
    const found = holderIn(seen, input);
    if (found === undefined)
      return {
        changes: [],
        witness: { gone: true },
        nothingToDo: `process ${input.pid} does not hold ${sayPort(input)} any more`,
      };
    const line = `send SIGTERM to process ${found.pid} (${found.command || found.name}; uid ${found.uid}, runs for ${saySeconds(found.ageSeconds)}), which holds ${sayPort(input)}: what it does besides ends with it`;
    const why = whyNot(seen, input);
    return {
      changes: [line],
      witness: { pid: found.pid, startTicks: found.startTicks, port: input.port },
      ...(why === undefined ? {} : { refused: why }),
    };
  },
  // Pid and start time name the process; one that has let go of the port by itself needs nothing more.
  drift: () => [],
  run: async (client, input, context) => {
    const why = await beforeEffect(async () => whyNot(await lookAtPort(client, input, context), input));
    if (why !== undefined) throw refused(why);
    await sendTerm(client, input, context);
    return { pid: input.pid, signal: "SIGTERM" as const };
  },
  probe: async (client, input, _witness, context) => {
    const seen = await lookAtPort(client, input, context);
    if (holderIn(seen, input) === undefined)
      return { verdict: "done", evidence: `process ${input.pid} does not hold ${sayPort(input)} any more` };
    return {
      verdict: "unknown",
      evidence: `process ${input.pid} (${input.name}) still holds ${sayPort(input)}; whether it was signalled cannot be seen`,
    };
  },
  undo: "none: a process that ended does not come back by itself",
  settled: {
    check: ({ port, protocol }) => ({ holders: portHolders({ port, protocol }) }),
    holds: ({ holders }, input) => holderIn(holders, input) === undefined,
    figures: ({ holders }, input) => {
      if (holderIn(holders, input) !== undefined)
        return `${input.name}, pid ${input.pid}, still holds ${sayPort(input)}`;
      const next = holders.listeners.flatMap(({ processes }) => processes)[0];
      const now = next === undefined ? "nobody holds it" : `${next.name}, pid ${next.pid}, holds it`;
      return `${input.name}, pid ${input.pid}, let go of ${sayPort(input)}; ${now} now`;
    },
  },
});
