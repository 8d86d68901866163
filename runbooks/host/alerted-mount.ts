import { clip, type Finding, type host, type RunContext, sayPercent } from "../../src/sdk/index.ts";

/** What there is to say of the mount an alert is about, besides how full it is: that it is not here, or full by design. */
export function alertedMount(
  disk: host.Disk,
  mountpoint: string | undefined,
  alert: RunContext["alert"],
): Finding<"askTheRightMachine"> | undefined {
  if (mountpoint === undefined) return undefined;
  if (disk.alsoIs === null && OF_A_CONTAINER.test(mountpoint)) return ofAContainer(disk, mountpoint, alert);
  if (disk.alsoIs === null) return notHere(disk, clip(mountpoint, 200), alert?.labels.instance);
  const one = disk.fileSystems.find(({ path }) => path === disk.alsoIs);
  if (one?.writes !== "not-meant") return undefined;
  return {
    id: `full-by-design:${one.path}`,
    severity: "info",
    title: `${one.path} is read-only and full by design (${one.type})`,
    because:
      'Nobody is meant to write there: an image is as large as what it holds. Leave its type or path out of the alert (`fstype!~"squashfs|iso9660|erofs"`).',
  };
}

/** Files that an engine mounts into each container, from its data folder. */
const OF_A_CONTAINER = /^\/etc\/(hostname|hosts|resolv\.conf)$/;

/** An exporter in a container, without the machine's root: it shows a file that is mounted there as if it were a file system. */
function ofAContainer(
  disk: host.Disk,
  mountpoint: string,
  alert: RunContext["alert"],
): Finding<"askTheRightMachine"> {
  const device = clip(alert?.labels.device ?? "", 100);
  const instance = clip(alert?.labels.instance ?? "that machine", 100);
  const mine = disk.fileSystems.find((one) => one.device === device);
  return {
    id: "mount-not-here",
    severity: "info",
    title: `${mountpoint} is no file system: it is one of ${instance} as an exporter within a container sees it`,
    because: `Container engines mount that file into each container, and how full it looks is how full the file system of the engine's data folder is${device === "" ? "" : ` (${device})`}.${mine === undefined ? "" : ` Here ${device} is ${mine.path}, ${sayPercent(mine.usedRatio)} full; that holds where ${instance} is this machine.`} Give node_exporter the machine's root (\`--path.rootfs=/host\`, mounted read-only) and leave such mounts out of the alert.`,
    remedies: ["askTheRightMachine"],
  };
}

function notHere(
  disk: host.Disk,
  mountpoint: string,
  instance: string | undefined,
): Finding<"askTheRightMachine"> {
  const whose = instance === undefined ? "the alert's machine" : clip(instance, 100);
  const here = disk.fileSystems.map(({ path }) => path);
  const more = here.length > 8 ? ", …" : "";
  return {
    id: "mount-not-here",
    severity: "warning",
    title: `${mountpoint}${instance === undefined ? "" : ` of ${whose}`} is not among the mounts of the machine that was looked at`,
    because: `Either the alert is about another machine, or nothing is mounted there any more; to tell them apart, compare ${whose} with the address of the connection. This machine has: ${here.slice(0, 8).join(", ") || "no file system that could be looked at"}${more}. Nothing else said here is about ${mountpoint}.`,
    remedies: ["askTheRightMachine"],
  };
}
