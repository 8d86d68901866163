import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { oldFile, smallFileSystem } from "../../../helpers/host.ts";
import { scenario } from "../../words.ts";

const MIB = 1024 * 1024;

export const diskFull = scenario({
  id: "host/disk-full",
  items: ["sergas-accounts.disk-full"],
  needs: ["machine"],
  quick: true,
  situation: "a file system is full, a quarter of it rotated logs of last month",
  twin: "a file system with as many files of the same age that is half full",
  alert: {
    name: "NodeFilesystemAlmostOutOfSpace",
    severity: "critical",
    summary: "A file system is nearly full",
  },
  expect: { first: "disk-full:*", remedy: "removeOldFiles", apply: true },
  place: (_parts, keep) => {
    const disk = smallFileSystem("size=4m");
    keep(disk.stop);
    const at = (name: string) => join(disk.path, name);
    const fill = (bytes: number, undo: (one: () => unknown) => void): void => {
      undo(() => {
        for (const name of ["logs", "data.bin"]) rmSync(at(name), { recursive: true, force: true });
      });
      oldFile(at("logs/app.log.1"), MIB, 30);
      writeFileSync(at("data.bin"), Buffer.alloc(bytes));
    };
    const used = (): number => {
      const { blocks, bavail } = statfsSync(disk.path);
      return 1 - bavail / blocks;
    };
    return {
      connections: {
        machine: { kind: "host", local: true, mounts: [disk.path], cleanable: [at("logs")] },
      },
      labels: { mountpoint: disk.path },
      break: async (undo) => fill(2.9 * MIB, undo),
      gone: async () => used() < 0.85,
      twin: async (undo) => fill(MIB, undo),
    };
  },
});
