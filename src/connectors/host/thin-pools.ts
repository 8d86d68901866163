import { z } from "zod";
import { clip } from "../../core/words/format.ts";
import { linesOf } from "../machine/script.ts";

/** A thin pool of the device mapper; its volumes promise more than it has. */
export const ThinPool = z.object({
  name: z.string(),
  dataRatio: z.number(),
  metadataRatio: z.number(),
  /** As the kernel says: rw, ro, out_of_data_space, or Fail. */
  mode: z.string(),
});
export type ThinPool = z.output<typeof ThinPool>;

/**
 * Lines of `dmsetup status --target thin-pool`:
 * `vg-pool-tpool: 0 8192 thin-pool 1 12/1024 60/64 - rw discard_passdown queue_if_no_space - 1024`. Pure.
 */
export const parseThinPools = (text: string): ThinPool[] =>
  linesOf(text)
    .flatMap((line) => {
      const at = line.indexOf(": ");
      const words = line.slice(at + 2).split(" ");
      if (at < 0 || words[2] !== "thin-pool") return [];
      const name = clip(line.slice(0, at).replace(/-tpool$/, ""), 100);
      if (words[3] === "Fail") return [{ name, dataRatio: 1, metadataRatio: 1, mode: "Fail" }];
      const share = (part: string | undefined) => {
        const [used = 0, all = 0] = (part ?? "").split("/").map(Number);
        return all > 0 ? used / all : 0;
      };
      return [{ name, dataRatio: share(words[5]), metadataRatio: share(words[4]), mode: words[7] ?? "" }];
    })
    .slice(0, 20);
