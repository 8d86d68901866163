import { execFileSync } from "node:child_process";
import { closeSync, constants, existsSync, openSync, read, readSync, rmSync, writeSync } from "node:fs";
import { whyNoMount, workFolder } from "./host.ts";

/** Why no mount that hangs can be made here; undefined: it can. */
export const whyNoHungMount = (): string | undefined =>
  whyNoMount() ?? (existsSync("/dev/fuse") ? undefined : "there is no /dev/fuse");

/**
 * A mount whose server takes every request and answers none: what asks it waits in the kernel (state D), where no signal ends
 * it, as with a dead NFS server. `stop()` lets go of all that waits.
 */
export function hungMount(device: string, path = workFolder()): { path: string; stop(): void } {
  const fuse = openSync("/dev/fuse", constants.O_RDWR);
  const options = "fd=3,rootmode=40000,user_id=0,group_id=0";
  execFileSync("mount", ["-i", "-t", "fuse.sshfs", "-o", options, device, path], {
    stdio: ["ignore", "pipe", "pipe", fuse],
  });
  greet(fuse);
  const swallow = () => read(fuse, Buffer.alloc(140_000), 0, 140_000, null, (error) => error ?? swallow());
  swallow();
  return {
    path,
    stop: () => {
      // `-f` lets the kernel give up every request; the path is not looked at.
      execFileSync("umount", ["-f", "-l", "-c", "-i", path]);
      closeSync(fuse);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** The kernel's FUSE_INIT is answered: without it every request would wait to be sent, and could be given up. */
function greet(fuse: number): void {
  const asked = Buffer.alloc(140_000);
  readSync(fuse, asked, 0, asked.length, null);
  const answer = Buffer.alloc(16 + 64);
  answer.writeUInt32LE(answer.length, 0);
  asked.copy(answer, 8, 8, 16);
  answer.writeUInt32LE(7, 16);
  answer.writeUInt32LE(31, 20);
  answer.writeUInt16LE(12, 32);
  answer.writeUInt16LE(10, 34);
  answer.writeUInt32LE(4096, 36);
  writeSync(fuse, answer);
}
