import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onPath } from "./docker.ts";
import { whyNoMount, workFolder } from "./host.ts";

/** What makes a file system that can be grown here while it is in use: ext4 wants CAP_SYS_RESOURCE (24) for that, xfs does not. */
export const XFS = ["mkfs.xfs", "-q", "-f"];
export const EXT4 = ["mkfs.ext4", "-q", "-F", "-m", "0"];

/** Why no volume of our own can be made and grown here; undefined: it can. */
export const whyNoVolume = (...programs: readonly string[]): string | undefined =>
  whyNoMount() ??
  ["losetup", "findmnt", ...programs]
    .map((name) => (onPath(name) === undefined ? `${name} is not on the PATH` : undefined))
    .find((why) => why !== undefined);
export const whyNoXfs = (...programs: readonly string[]): string | undefined =>
  whyNoVolume("mkfs.xfs", "xfs_growfs", ...programs);
export function whyNoExt4(): string | undefined {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
  const may = (BigInt(`0x${effective}`) >> 24n) & 1n;
  return (
    whyNoVolume("mkfs.ext4", "resize2fs", "dumpe2fs") ??
    (may ? undefined : "resize2fs needs CAP_SYS_RESOURCE")
  );
}

/** A volume that can be enlarged under its mounted file system, as a provider does: an image in a loop device, whole or with one partition. */
export function volume(megabytes: number, make: readonly string[], isPartitioned = false) {
  const folder = workFolder();
  const image = join(folder, "image");
  const path = join(folder, "mnt");
  mkdirSync(path);
  writeFileSync(image, "");
  const sized = (size: number) => truncateSync(image, size * 1_048_576);
  sized(megabytes + (isPartitioned ? 2 : 0));
  const run = (program: string, ...args: readonly string[]) =>
    execFileSync(program, [...args], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
  const disk = run("losetup", "-f", "--show", "-P", image);
  if (isPartitioned) {
    execFileSync("sfdisk", ["-q", disk], {
      input: "label: dos\n2048,,L\n",
      stdio: ["pipe", "ignore", "ignore"],
    });
    spawnSync("partx", ["-u", disk], { stdio: "ignore" });
  }
  const device = isPartitioned ? `${disk}p1` : disk;
  const [program = "", ...args] = make;
  run(program, ...args, device);
  run("mount", device, path);
  return {
    path,
    device,
    disk,
    enlarge: (size: number) => {
      sized(size);
      run("losetup", "-c", disk);
    },
    /** Somebody else has grown it meanwhile. */
    fill: () => run("xfs_growfs", path),
    stop: () => {
      run("umount", "-l", path);
      run("losetup", "-d", disk);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
