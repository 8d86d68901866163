import { z } from "zod";
import { actionsOn, type Preview, type WriteContext } from "../../../core/words/action.ts";
import { DiagError } from "../../../core/words/errors.ts";
import { sayBytes } from "../../../core/words/format.ts";
import { beforeEffect, refused } from "../../before-effect.ts";
import { script } from "../../machine/script.ts";
import type { HostClient } from "../client.ts";
import { GROW } from "./grow-script.ts";
import { roomOf, type Volume, volumes, volumesOf, whyNotGrow } from "./volumes.ts";

const { write } = actionsOn<HostClient>("host");

const at = (all: readonly Volume[], path: string) => all.find((one) => one.path === path);
/** What was decided on; the witness. */
const stateOf = (volume: Volume | undefined) => ({
  device: volume?.device ?? "",
  type: volume?.type ?? "",
  bytes: volume?.bytes ?? 0,
  used: volume?.used ?? 0,
});

/**
 * A file system takes the room its volume has already: its partition first where there is one, then itself with the tool of its
 * type, while it is in use. The device is what is mounted at the path, never typed. sergas-accounts.expand-disk.
 */
export const growFileSystem = write({
  name: "host.grow-file-system",
  title: "Grow a file system into its volume",
  class: "guarded",
  risk: "high",
  input: z.object({ path: z.string().startsWith("/").max(500) }),
  output: z.object({ before: z.number() }),
  timeoutSeconds: 120,
  target: ({ path }) => `file-system-${path}`,
  preview: async (client, { path }, context): Promise<Preview> => {
    const volume = at(await volumesOf(client, context), path);
    const witness = stateOf(volume);
    const why = whyNotGrow(volume, path, client.grow?.mounts ?? []);
    if (volume === undefined || why !== undefined)
      return { changes: [], witness, refused: why ?? "it is not there" };
    const partition =
      volume.after > 0
        ? `the partition ${volume.device} takes the ${sayBytes(volume.after)} behind it, then `
        : "";
    return {
      changes: [
        `${partition}${path} (${volume.type} on ${volume.device}) grows from ${sayBytes(volume.used)} to ${sayBytes(volume.used + roomOf(volume))}, while it is in use; take a snapshot of the volume before: it cannot be made smaller again in place`,
      ],
      witness,
    };
  },
  run: async (client, { path }, context) => {
    const volume = await beforeEffect(async () => {
      const now = at(await volumesOf(client, context), path);
      const why = whyNotGrow(now, path, client.grow?.mounts ?? []);
      if (now === undefined || why !== undefined) throw refused(why ?? "it is not there");
      return now;
    });
    await grow(client, volume, context);
    return { before: volume.used };
  },
  probe: async (client, { path }, _witness, context) => {
    const volume = at(await volumesOf(client, context), path);
    if (volume === undefined) return { verdict: "unknown", evidence: `nothing is mounted at ${path}` };
    const room = roomOf(volume);
    const evidence = `${path} has ${sayBytes(volume.used)}, ${sayBytes(room)} are left below it`;
    return { verdict: room === 0 ? "done" : "not-done", evidence };
  },
  undo: "none: a file system that is in use cannot be made smaller; the snapshot of the volume is the way back",
  says: ({ path }, { before }) => `${path} is grown, from ${sayBytes(before)}`,
  settled: {
    check: () => ({ now: volumes() }),
    holds: ({ now }, { path }) => {
      const volume = at(now.volumes, path);
      return volume !== undefined && roomOf(volume) === 0;
    },
    figures: ({ now }, { path }, { before }) =>
      `${path} ${sayBytes(before)} → ${sayBytes(at(now.volumes, path)?.used ?? 0)}`,
  },
});

async function grow(client: HostClient, volume: Volume, context: WriteContext): Promise<void> {
  if (context.remainingMs() < 5_000) throw refused("too little time is left");
  const args = [
    client.grow?.sudo === true ? "sudo" : "",
    volume.path,
    volume.device,
    volume.type,
    volume.after > 0 ? "partition" : "",
  ];
  try {
    await script(client, GROW, args, {
      ...context,
      timeoutMs: Math.min(context.timeoutMs, context.remainingMs()),
    });
  } catch (thrown) {
    if (thrown instanceof DiagError && thrown.detail === "exit 44")
      throw refused(thrown.message, thrown.detail, thrown);
    throw thrown;
  }
}
