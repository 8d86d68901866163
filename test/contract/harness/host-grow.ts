import { host } from "../../../src/sdk/index.ts";
import { volume, whyNoXfs, XFS } from "../../helpers/volume.ts";
import type { WriteCase } from "../harness.ts";

/** A volume that is larger than the file system on it. */
export function growCase(): { path: string; writes: Record<string, WriteCase>; stop(): void } {
  const missing = whyNoXfs();
  const one = missing === undefined ? volume(320, XFS) : undefined;
  const path = one?.path ?? "/nowhere";
  let size = 320;
  return {
    path,
    writes: {
      "host.grow-file-system": {
        missing,
        // Each case has room of its own: nothing takes back what was grown.
        prepare: async () => {
          size += 64;
          one?.enlarge(size);
          return host.growFileSystem({ path });
        },
        spoil: async () => one?.fill(),
      },
    },
    stop: () => one?.stop(),
  };
}
