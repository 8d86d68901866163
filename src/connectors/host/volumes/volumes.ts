import { z } from "zod";
import { type ActionContext, actionsOn } from "../../../core/words/action.ts";
import { sayBytes } from "../../../core/words/format.ts";
import { linesOf, script } from "../../machine/script.ts";
import type { HostClient } from "../client.ts";
import { VOLUMES_LOOK } from "./grow-script.ts";

const { read } = actionsOn<HostClient>("host");
const MIB = 1_048_576;
/** What ext4 keeps for itself (inode tables, journal) and statfs leaves out: less than this share is no room to grow. */
const OVERHEAD = 0.08;

/** A file system that may grow, and the room below it. */
const Volume = z.object({
  path: z.string(),
  type: z.string(),
  /** The real device that is mounted there. */
  device: z.string(),
  /** Bytes of the device; `after`: free ones right behind its partition. */
  bytes: z.number(),
  after: z.number(),
  /** Bytes the file system has of the device. */
  used: z.number(),
  /** It said so itself; otherwise statfs did, which leaves out what it keeps for itself. */
  isExact: z.boolean(),
  /** Programs it takes and that are not there. */
  lacks: z.array(z.string()).max(5),
});
export type Volume = z.output<typeof Volume>;

const GROWS = /^(ext[234]|xfs)$/;

/** Bytes the file system could have and has not; 0: none worth it. Pure. */
export function roomOf({ bytes, after, used, isExact }: Volume): number {
  const within = Math.max(0, bytes - used);
  const below = isExact ? (within >= 8 * MIB ? within : 0) : within > bytes * OVERHEAD ? within : 0;
  // A gap of a few MiB behind a partition is alignment.
  return below + (after >= 64 * MIB ? after : 0);
}

/** Why it is not grown; undefined: it may. Pure. Guards of sergas-accounts.expand-disk, trap resize2fs. */
export function whyNotGrow(
  volume: Volume | undefined,
  path: string,
  declared: readonly string[],
): string | undefined {
  if (!declared.includes(path))
    return `${path} is not among \`grow.mounts\` of the connection in diagbot.yaml`;
  if (volume === undefined) return `nothing is mounted at ${path}`;
  if (!GROWS.test(volume.type)) return `${path} is ${volume.type}: only ext2 to ext4 and xfs are grown`;
  if (volume.lacks.length > 0) return `not there: ${volume.lacks.join(", ")}`;
  return roomOf(volume) > 0
    ? undefined
    : `${volume.device} has no room left: ${sayBytes(volume.bytes)} are all in use. Enlarge the volume first`;
}

/** It would be grown, were it asked for. Pure. */
export const mayGrow = (volume: Volume): boolean =>
  whyNotGrow(volume, volume.path, [volume.path]) === undefined;

const Output = z.object({ volumes: z.array(Volume).max(20) });

/** What the file systems under `grow.mounts` have of their devices. */
export const volumes = read({
  name: "host.volumes",
  title: "Room below file systems that may grow",
  input: z.object({}),
  output: Output,
  timeoutSeconds: 15,
  run: async (client, _input, context) => ({ volumes: await volumesOf(client, context) }),
});

export async function volumesOf(client: HostClient, context: ActionContext): Promise<Volume[]> {
  const { mounts = [], sudo = false } = client.grow ?? {};
  if (mounts.length === 0) return [];
  const said = await script(client, VOLUMES_LOOK, [sudo ? "sudo" : "", ...mounts], context);
  return linesOf(said).map((line) => {
    const [path = "", type = "", device = "", bytes = "0", after = "0", exact = "", stat = "0", lacks = ""] =
      line.split("\t");
    return {
      ...{ path, type, device, bytes: Number(bytes), after: Number(after) },
      used: Number(exact === "" ? stat : exact),
      isExact: exact !== "",
      lacks: lacks.split(" ").filter((one) => one !== ""),
    };
  });
}
