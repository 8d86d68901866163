import { statfs } from "node:fs/promises";
import { hostname } from "node:os";
import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { type DockerClient, getJson } from "./client.ts";
import { Info, Usage } from "./shapes.ts";

const { read } = actionsOn<DockerClient>("docker");

const FileSystem = z.object({
  size: z.number(),
  /** Bytes that programs may still write. */
  available: z.number(),
  usedRatio: z.number(),
  /** Null where the file system makes inodes as it needs them (btrfs). */
  inodesRatio: z.number().nullable(),
});

/**
 * The file system below the engine's data folder. The API does not tell of it, so it is looked at where the engine runs on this
 * very machine; elsewhere a connection of kind host does that. docs.docker.com/reference/api/engine `GET /info`.
 */
export const dataFolder = read({
  name: "docker.data-folder",
  title: "The engine's data folder and its file system",
  input: z.object({}),
  output: z.object({ path: z.string(), fileSystem: FileSystem.nullable() }),
  timeoutSeconds: 10,
  run: async (client, _input, context) => {
    const { Name, DockerRootDir: path } = await getJson(client, Info, { path: "/info" }, context);
    const isHere = Name !== "" && Name === hostname() && path.startsWith("/");
    return { path, fileSystem: isHere ? await fileSystemOf(path) : null };
  },
});

/** As df counts: what is set aside for root is neither used nor available. Null: diagbot may not look. */
async function fileSystemOf(path: string): Promise<z.output<typeof FileSystem> | null> {
  const seen = await statfs(path).catch(() => undefined);
  if (seen === undefined || seen.blocks === 0) return null;
  const used = seen.blocks - seen.bfree;
  return {
    size: seen.blocks * seen.bsize,
    available: seen.bavail * seen.bsize,
    usedRatio: used / Math.max(1, used + seen.bavail),
    inodesRatio: seen.files === 0 ? null : 1 - seen.ffree / seen.files,
  };
}

/** What takes the engine's disk, in bytes: what can be made anew, and what cannot. `GET /system/df`; slow on large engines. */
export const space = read({
  name: "docker.space",
  title: "What takes the engine's disk",
  input: z.object({}),
  output: z.object({
    images: z.number(),
    /** Of images no container uses. */
    unusedImages: z.number(),
    buildCache: z.number(),
    /** Written by containers into their own layer. */
    layers: z.number(),
    volumes: z.number(),
    /** Of volumes no container uses: data all the same. */
    unusedVolumes: z.number(),
  }),
  timeoutSeconds: 30,
  run: async (client, _input, context) =>
    spaceOf(await getJson(client, Usage, { path: "/system/df", maxBytes: 8_000_000 }, context)),
});

/** Pure. Exported for its test. */
export function spaceOf({ LayersSize, Images, Containers, Volumes, BuildCache }: Usage) {
  const sum = <T>(list: readonly T[] | null | undefined, bytes: (one: T) => number): number =>
    (list ?? []).reduce((all, one) => all + Math.max(0, bytes(one)), 0);
  return {
    images: LayersSize ?? sum(Images, ({ Size }) => Size),
    unusedImages: sum(Images, (one) => (one.Containers > 0 ? 0 : one.Size - Math.max(0, one.SharedSize))),
    buildCache: sum(BuildCache, (one) => (one.InUse || one.Shared ? 0 : one.Size)),
    layers: sum(Containers, ({ SizeRw }) => SizeRw),
    volumes: sum(Volumes, ({ UsageData }) => UsageData?.Size ?? 0),
    unusedVolumes: sum(Volumes, ({ UsageData }) => (UsageData?.RefCount === 0 ? UsageData.Size : 0)),
  };
}
