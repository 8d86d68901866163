import { familyOf } from "./file-systems.ts";

/** One line of /proc/self/mountinfo (proc(5)). */
export interface Mount {
  readonly id: number;
  readonly parent: number;
  /** As `stat` gives it: `st_dev`. */
  readonly dev: number;
  /** `7:0`, as /sys names it. */
  readonly devName: string;
  readonly path: string;
  readonly type: string;
  readonly device: string;
  /** Of this mount, which people choose, and of the file system behind it, which the kernel may change after an error. */
  readonly options: readonly string[];
  readonly superOptions: readonly string[];
}

/** Blanks in paths are written as `\040`. */
export const parseMounts = (text: string): Mount[] => text.split("\n").flatMap(parseMount);

function parseMount(line: string): Mount[] {
  const words = line.split(" ");
  const end = words.indexOf("-", 6);
  if (end < 0) return [];
  const [id, parent, devName = "", , path = "", options = ""] = words;
  const [type = "", device = "", superOptions = ""] = words.slice(end + 1);
  return [
    {
      ...{ id: Number(id), parent: Number(parent), devName, dev: devOf(devName), type },
      ...{ path: unescapeOctal(path), device: unescapeOctal(device) },
      ...{ options: options.split(","), superOptions: superOptions.split(",").map(unescapeOctal) },
    },
  ];
}

/** `major:minor` as the one number `stat` prints (makedev(3)). */
function devOf(name: string): number {
  const [major = 0, minor = 0] = name.split(":").map(Number);
  return (major & 0xfff) * 256 + (minor & 0xff) + Math.floor(minor / 256) * 1048576;
}

/** Mount points /etc/fstab wants writable. */
export const writableByFstab = (fstab: string): Set<string> =>
  new Set(
    fstab
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter((words) => words.length >= 4 && !words[0]?.startsWith("#"))
      .filter(
        ([, , type = "", options = ""]) => familyOf(type) !== "pseudo" && !options.split(",").includes("ro"),
      )
      .map(([, path = ""]) => unescapeOctal(path)),
  );

export const isWithin = (path: string, folder: string): boolean =>
  folder === "/" || path === folder || path.startsWith(`${folder}/`);

/** The mount a path lies on. */
export function mountOf(visible: readonly Mount[], path: string): Mount | undefined {
  const within = visible.filter((mount) => isWithin(path, mount.path));
  return within.reduce<Mount | undefined>(
    (best, mount) => (best === undefined || mount.path.length >= best.path.length ? mount : best),
    undefined,
  );
}

/** The folder whose file system takes what is written to an overlay. */
export const upperOf = ({ type, superOptions }: Mount): string | undefined =>
  type === "overlay"
    ? superOptions.find((one) => one.startsWith("upperdir="))?.slice("upperdir=".length)
    : undefined;

/** The machine a network file system is on: `nfs1:/export`, `//nas/share`; undefined: it names none. Pure. */
export function serverOf({ device, type }: { device: string; type: string }): string | undefined {
  if (familyOf(type) !== "network") return undefined;
  if (device.startsWith("//")) return device.slice(2).split("/", 1)[0] || undefined;
  const at = device.indexOf(":/");
  return at <= 0 ? undefined : device.slice(0, at);
}

/** Secrets and settings handed to pods: many, tiny, and nobody's to fill. */
const HANDED_IN =
  /^\/(var\/lib\/kubelet\/pods\/.*\/kubernetes\.io~(projected|secret|configmap|downward-api)|run\/credentials)\//;

/** What can be full by itself: each file system once, by its shortest path; disks before memory. `skipped`: other machines'. */
export function worthALook(mounts: readonly Mount[]): { watched: Mount[]; skipped: Mount[] } {
  const once = new Map<number, Mount>();
  for (const mount of mounts) {
    const known = once.get(mount.dev);
    if (known === undefined || mount.path.length < known.path.length) once.set(mount.dev, mount);
  }
  const all = [...once.values()].filter(({ path }) => !HANDED_IN.test(path));
  const of = (family: string) => all.filter(({ type }) => familyOf(type) === family);
  // An overlay uses the space of its upper folder. Inside a container that folder is not to be seen: the overlay stands for it.
  const layers = of("layers").filter((mount) => {
    const upper = upperOf(mount);
    return upper === undefined ? mount.path === "/" : mountOf(mounts, upper)?.type === "overlay";
  });
  return { watched: [...of("disk"), ...layers, ...of("memory")], skipped: of("network") };
}

const unescapeOctal = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_match, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
