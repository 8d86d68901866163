import { host, runbookOn, shellWord, z } from "../../src/sdk/index.ts";
import {
  missingFinding,
  pagingFinding,
  shortFinding,
  suggested,
  unkeptFinding,
  wantedFinding,
} from "./swap-space.ts";

const MIB = 1_048_576;

/** Where pages go, whether they go there now, and a swap file where the machine has too little. */
const book = runbookOn(
  "host",
  {
    id: "host-swap",
    title: "Swap space",
    covers: ["tektra.swap-space"],
    alerts: [],
    params: z.object({
      mib: z
        .int()
        .min(16)
        .max(65_536)
        .optional()
        .describe("add a swap file of so many MiB; empty: only look"),
    }),
  },
  () => ({ swap: host.swap(), processes: host.processes() }),
);

export const hostSwap = book
  .remedies({
    add: book.does(host.addSwapFile, ["swap"], ({ swap }, { params: { mib } }) => {
      const size = mib ?? suggested(swap);
      return swap.place !== null && size !== undefined && { path: swap.place.path, mib: size };
    }),
    remove: book.does(host.removeSwapFile, ["swap"], ({ swap: { areas, place } }) => {
      const area = areas.find(({ path }) => path === place?.path);
      return area !== undefined && { path: area.path, mib: Math.round(area.bytes / MIB) };
    }),
    addByHand: book.advises("Add a swap file by hand", "high", ({ swap }, { params: { mib } }) => {
      const size = mib ?? (swap === undefined ? undefined : suggested(swap)) ?? 8_192;
      const at = swap?.place?.path ?? "/swapfile";
      const path = shellWord(at);
      const make = `sudo fallocate -l ${size}MiB ${path} && sudo chmod 600 ${path} && sudo mkswap ${path} && sudo swapon ${path}`;
      return `Look first: \`swapon --show; df -hT /; ls -l ${shellWord(at)}\` (it must not be there, and twice its size must be free). On ext4 and xfs: \`${make}\`; where swapon speaks of holes: \`sudo rm ${shellWord(at)}\`, then \`dd if=/dev/zero of=${shellWord(at)} bs=1M count=${shellWord(String(size))}\` in place of fallocate. On btrfs: \`sudo btrfs filesystem mkswapfile --size ${shellWord(`${size}m`)} ${shellWord(at)} && sudo swapon ${shellWord(at)}\`. On ZFS, overlayfs, tmpfs and network file systems there is none. In a container it is the machine's, and a node of Kubernetes has none. diagbot does it where the connection says \`swapFile: { path: ${shellWord(at)} }\`.`;
    }),
    keep: book.advises("Have it used after a restart as well", "high", ({ swap }) => {
      const area = swap?.areas.find(({ isKept }) => isKept === false);
      const path = area?.path ?? "/swapfile";
      const line = `${path.replaceAll(" ", "\\040")} none swap sw 0 0`;
      return `One line, and only where there is none (a mistake in this file can keep the machine from starting): \`grep -qF ${shellWord(`${path} `)} /etc/fstab || printf '%s\\n' ${shellWord(line)} | sudo tee -a /etc/fstab\`, then \`sudo findmnt --verify\`. To take it back: remove that line.`;
    }),
    enable: book.advises("Use what /etc/fstab names, or take its line out", "high", ({ swap }) => {
      const name = swap?.missing[0] ?? "NAME";
      return `\`sudo swapon ${shellWord(name)}\` says why it is not used (\`no such file\`: it was removed; \`invalid argument\`: it was formatted otherwise, \`sudo blkid\` shows ids; \`holes\`: make it anew). What is gone for good: take its line out of /etc/fstab, for the start of the machine waits for it (\`systemctl list-units --type=swap --all\`).`;
    }),
    findHolder: book.advises(
      "Find what needs the memory",
      "low",
      "Run `high-memory` on this machine: swap moves a shortage, it does not end it. By process: `grep -s VmSwap /proc/[0-9]*/status | sort -k2 -rn | head`. Now: columns si and so of `vmstat 1 5` (the first line is since boot). Fewer workers and smaller caches first.",
    ),
  })
  .findings((find) => [
    find(["swap", "processes?"], ({ swap, processes }) => pagingFinding(swap, processes)),
    find(["swap", "processes?"], ({ swap, processes }, { thresholds, params: { mib } }) =>
      mib === undefined ? shortFinding(swap, processes, thresholds.memory) : undefined,
    ),
    find(["swap"], ({ swap }, { params: { mib } }) =>
      mib === undefined ? undefined : wantedFinding(swap, mib),
    ),
    find(["swap"], ({ swap }) => missingFinding(swap)),
    find(["swap"], ({ swap }) => unkeptFinding(swap)),
  ]);
