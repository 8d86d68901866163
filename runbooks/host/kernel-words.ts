import { code, type Evidence, type host, type OutputOf } from "../../src/sdk/index.ts";

type Says = OutputOf<typeof host.kernelSays>;

/** Names by which the kernel may call a device: `sda1` and its disk, the number of a mapped one is not known here. */
function namesOf(device: string): RegExp {
  const base = device.slice(device.lastIndexOf("/") + 1);
  const disk = base.replace(/(?<=^nvme\d{1,3}n\d{1,3})p\d+$|(?<=^(sd|vd|xvd|hd)[a-z]{1,3})\d+$/, "");
  const words = [...new Set([base, disk])].map((word) => word.replace(/[^\w-]/g, "."));
  return new RegExp(`\\b(${words.join("|")})\\b${device.startsWith("/dev/mapper/") ? "|\\bdm-\\d" : ""}`);
}

/** What the kernel's log has of this device: words that end a cause, and the lines. Pure. */
export function kernelWords(
  device: string,
  says: Says | undefined,
): { readonly words: string; readonly evidence: readonly Evidence[] } {
  const about = device === "" ? [] : (says?.lines ?? []).filter((line) => namesOf(device).test(line));
  const last = about.findLast((line) => /read-?only|shut|abort/i.test(line)) ?? about.at(-1);
  if (last === undefined)
    return {
      words:
        says === undefined || (says.notSeen ?? []).length > 0
          ? ""
          : " The kernel's log has no error of it since the machine was started.",
      evidence: [],
    };
  return {
    words: ` The kernel's log has the error: ${last}`,
    evidence: [code(about.slice(-10).join("\n"), "kernel's log")],
  };
}
