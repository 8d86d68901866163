import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { host } from "../../../src/sdk/index.ts";
import { smallDisk, whyNoDisk } from "../../helpers/host.ts";
import { whyNoSwap } from "../../helpers/swap.ts";
import type { WriteCase } from "../harness.ts";

/** A disk of our own with room for a swap file, and the cases of its two writes. */
export function swapDisk(): { path: string; writes: Record<string, WriteCase>; stop(): void } {
  const missing = whyNoDisk("mkfs.ext4") ?? whyNoSwap();
  const disk = missing === undefined ? smallDisk(128, ["mkfs.ext4", "-q", "-F"]) : undefined;
  const path = join(disk?.path ?? "/nowhere", "swapfile");
  const run = (...words: readonly [string, ...string[]]) =>
    spawnSync(words[0], words.slice(1), { stdio: "ignore" });
  const away = () => {
    run("swapoff", path);
    rmSync(path, { force: true });
  };
  const use = () => {
    away();
    run("fallocate", "-l", "32MiB", path);
    run("chmod", "600", path);
    run("mkswap", path);
    run("swapon", path);
  };
  const input = { path, mib: 32 };
  return {
    path,
    writes: {
      "host.add-swap-file": {
        missing,
        prepare: async () => {
          away();
          return host.addSwapFile(input);
        },
        spoil: async () => writeFileSync(path, "somebody's"),
      },
      "host.remove-swap-file": {
        missing,
        prepare: async () => {
          use();
          return host.removeSwapFile(input);
        },
        spoil: async () => away(),
      },
    },
    stop: () => {
      if (disk === undefined) return;
      away();
      disk.stop();
    },
  };
}
