import { shellWord } from "../../src/sdk/index.ts";
import { type Cause, type Container, fill } from "./cause.ts";
import { hidden } from "./ends.ts";
import type { Refusal } from "./refusal.ts";
import { CONTAINER_REFUSALS } from "./refusals-container.ts";
import { LEFT_REFUSALS } from "./refusals-left.ts";
import { MACHINE_REFUSALS } from "./refusals-machine.ts";

/**
 * Why the engine could not start a container, by its own English words (State.Error): those of Docker and containerd, of the
 * runtimes runc and crun below them, and of Podman. None of these programs translates them. What the machine lacks is told before what the container asks for.
 */
const REFUSALS: readonly Refusal[] = [...LEFT_REFUSALS, ...MACHINE_REFUSALS, ...CONTAINER_REFUSALS];

/** What the engine's refusal means, in its own words beside ours. Pure. */
export function refusalCause(one: Container, enginePlatform: string | undefined): Cause {
  const said = one.error.toLowerCase();
  const found = REFUSALS.find(({ text }) => text.test(said));
  const again = `\`docker compose up -d ${shellWord(one.service)}\``;
  if (found === undefined)
    return {
      short: "",
      because: `The engine says: ${one.error}`,
      advice: {
        key: "fixStart",
        text: `Correct the command, mount, network or device in the compose file (service ${one.service}), then ${again}.`,
      },
    };
  const other =
    one.imagePlatform !== null && enginePlatform !== undefined && one.imagePlatform !== enginePlatform;
  const platform =
    found.text.test("exec format error") && other
      ? ` The image is for ${one.imagePlatform}, the engine is ${enginePlatform}.`
      : "";
  return {
    short: found.short,
    because: `${fill(found.because, one)}${platform}${/no such file|not found/.test(said) ? hidden(one) : ""} The engine says: ${one.error}`,
    advice: {
      key: found.key ?? "fixStart",
      text: `${fill(found.advice, one)} Service ${one.service}: ${again} once that is done.`,
    },
    ...(found.startHelps ? { startHelps: true } : {}),
  };
}

/** Port number in the engine's refusal to publish it; undefined where it is about something else. */
export function portOf(error: string): number | undefined {
  if (!/already (allocated|in use)|ports are not available/i.test(error)) return undefined;
  // Nobody has that one: the machine keeps it for itself.
  if (/forbidden by its access permissions/i.test(error)) return undefined;
  const port = /(?:\d|\]|\*):(\d{1,5})\b/.exec(error)?.[1];
  return port === undefined ? undefined : Number(port);
}
