import {
  type docker,
  type Finding,
  facts,
  type OutputOf,
  type RunContext,
  sayBytes,
  sayPercent,
} from "../../src/sdk/index.ts";
import type { Container } from "./cause.ts";
import { idOf } from "./cause.ts";
import type { Judged } from "./problems.ts";

type Folder = OutputOf<typeof docker.dataFolder>;
type Space = OutputOf<typeof docker.space>;

const CRITICAL = 0.95;

/** Share of the fuller of the two: bytes or inodes. */
const fullness = ({ usedRatio, inodesRatio }: NonNullable<Folder["fileSystem"]>): number =>
  Math.max(usedRatio, inodesRatio ?? 0);

/** It is as full as the threshold says, or a container was refused a write: worth asking what takes it. */
export const isDiskAsked = (
  folder: Folder | undefined,
  problems: readonly Judged[],
  { thresholds }: Pick<RunContext, "thresholds">,
): boolean =>
  problems.some(isAboutDisk) ||
  (folder?.fileSystem != null && fullness(folder.fileSystem) >= thresholds.disk);

const isAboutDisk = ({ advice }: Judged): boolean => advice.some(({ key }) => key === "freeDisk");

/** The engine's own disk, where it can be seen: containers that were refused a write follow from it. Pure. */
export function engineDisk(
  { path, fileSystem }: Folder,
  space: Space | undefined,
  problems: readonly Judged[],
  { thresholds }: Pick<RunContext, "thresholds">,
): Finding<"freeDisk"> | undefined {
  if (fileSystem === null || fullness(fileSystem) < thresholds.disk) return undefined;
  const { usedRatio, inodesRatio, available, size } = fileSystem;
  const isInodes = (inodesRatio ?? 0) > usedRatio;
  const what = isInodes
    ? `has ${sayPercent(inodesRatio ?? 0)} of its inodes in use`
    : `is ${sayPercent(usedRatio)} full (${sayBytes(available)} of ${sayBytes(size)} left)`;
  return {
    id: "engine-disk",
    severity: fullness(fileSystem) >= CRITICAL ? "critical" : "warning",
    title: `The disk of the engine's data folder (${path}) ${what}`,
    because: isInodes
      ? "No file can be made once they are used up, whatever space is left: images of many small files and containers that write many use them."
      : "Once it is full no container can be started, and those that run cannot write.",
    evidence: space === undefined ? [] : [facts(sayParts(space))],
    remedies: ["freeDisk"],
    explains: problems.filter(isAboutDisk).map(idOf),
  };
}

const sayParts = (space: Space) => ({
  images: `${sayBytes(space.images)}, of which no container uses ${sayBytes(space.unusedImages)}`,
  "build cache not in use": sayBytes(space.buildCache),
  "written by containers": sayBytes(space.layers),
  volumes: `${sayBytes(space.volumes)}, of which no container uses ${sayBytes(space.unusedVolumes)} (data all the same)`,
  logs: "not counted by the engine",
});

/** What to free, the most of what can be made anew first; data never. */
export function sayFree(space: Space | undefined, containers: readonly Container[]): string {
  const endless = containers.filter(({ logUnbounded }) => logUnbounded).map(({ name }) => name);
  const some = `${endless.slice(0, 5).join(", ")}${endless.length > 5 ? ` and ${endless.length - 5} more` : ""}`;
  return [
    ...(space === undefined
      ? ["`docker system df` says what takes it."]
      : [
          { bytes: space.buildCache, says: "`docker builder prune` (build cache)" },
          {
            bytes: space.unusedImages,
            says: "`docker image prune -a` (images no container uses; they are pulled again)",
          },
        ]
          .toSorted((a, b) => b.bytes - a.bytes)
          .map(({ bytes, says }) => `${says}: about ${sayBytes(bytes)}.`)),
    ...(endless.length === 0
      ? []
      : [
          `The logs of ${some} are never rotated and not in these figures: \`du -sh\` of containers/*/*-json.log in the data folder, then \`logging: { options: { max-size: 10m, max-file: "3" } }\` and \`docker compose up -d\`.`,
        ]),
    "Volumes hold data: never prune them to make room.",
  ].join(" ");
}
