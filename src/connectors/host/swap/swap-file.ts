import { z } from "zod";
import {
  type ActionContext,
  actionsOn,
  type Call,
  type Preview,
  type WriteContext,
} from "../../../core/words/action.ts";
import { DiagError } from "../../../core/words/errors.ts";
import { sayBytes } from "../../../core/words/format.ts";
import { beforeEffect, refused } from "../../before-effect.ts";
import { script } from "../../machine/script.ts";
import type { HostClient } from "../client.ts";
import { isOurs, whyNotAdd, whyNotRemove } from "./guards.ts";
import { SWAP_ADD, SWAP_REMOVE } from "./look-script.ts";
import { type Swap, swap, swapOf } from "./swap.ts";

const { write } = actionsOn<HostClient>("host");

const Input = z.object({
  path: z
    .string()
    .max(300)
    .regex(/^\/[\w./@+-]+$/, "a whole path"),
  /** Size in MiB. */
  mib: z.int().min(16).max(65_536),
});
export type SwapFileInput = z.output<typeof Input>;

/** How it stands with the file that is meant; the witness. */
const stateOf = (seen: Swap, input: SwapFileInput) => ({
  file: seen.place?.is ?? "absent",
  inUse: isOurs(seen, input) !== undefined,
});

/**
 * A swap file: made, and used from then on, or nothing at all. Only where diagbot.yaml declares its path, on ext4 and xfs, with half
 * of the free space left; never in a container or on a node of Kubernetes (trap swapfile). tektra.swap-space.
 */
export const addSwapFile = write({
  name: "host.add-swap-file",
  title: "Add a swap file",
  class: "guarded",
  risk: "high",
  input: Input,
  output: z.object({ path: z.string(), before: z.number() }),
  timeoutSeconds: 60,
  target: () => "swap",
  preview: async (client, input, context): Promise<Preview> => {
    const seen = await swapOf(client, context);
    const witness = stateOf(seen, input);
    if (witness.inUse) return { changes: [], witness, nothingToDo: `${input.path} is in use already` };
    const why = whyNotAdd(seen, input);
    const line = `make ${input.path} (${sayBytes(input.mib * 1_048_576)}, only root reads it) and swap to it: swap ${sayBytes(seen.total)} → ${sayBytes(seen.total + input.mib * 1_048_576)}; not in /etc/fstab, so it is not used after a restart of the machine`;
    return { changes: [line], witness, ...(why === undefined ? {} : { refused: why }) };
  },
  run: async (client, input, context) => {
    const seen = await beforeEffect(async () => {
      const now = await swapOf(client, context);
      const why =
        isOurs(now, input) === undefined ? whyNotAdd(now, input) : `${input.path} is in use already`;
      if (why !== undefined) throw refused(why);
      return now;
    });
    await change(client, SWAP_ADD, [input.path, String(input.mib)], ["exit 44"], context);
    return { path: input.path, before: seen.total };
  },
  probe: async (client, input, _witness, context) => {
    const { file, inUse } = stateOf(await swapOf(client, context), input);
    if (inUse) return { verdict: "done", evidence: `${input.path} is in use` };
    const evidence = `${input.path}: ${file}, not in use`;
    return { verdict: file === "absent" ? "not-done" : "unknown", evidence };
  },
  undo: (input): Call => removeSwapFile(input),
  leaves: "what was paged out meanwhile comes back into memory",
  says: (_input, { path }) => `${path} is used as swap`,
  settled: {
    check: () => ({ now: swap() }),
    holds: ({ now }, input) => isOurs(now, input) !== undefined,
    figures: ({ now }, _input, { before }) =>
      `swap ${sayBytes(before)} → ${sayBytes(now.total)}, ${sayBytes(now.used)} used`,
  },
});

/** Stops using a file that `add-swap-file` has made, where memory can take its content back, and removes it. */
export const removeSwapFile = write({
  name: "host.remove-swap-file",
  title: "Stop using a swap file and remove it",
  class: "guarded",
  risk: "high",
  input: Input,
  output: z.object({ path: z.string(), before: z.number() }),
  timeoutSeconds: 120,
  target: () => "swap",
  preview: async (client, input, context): Promise<Preview> => {
    const seen = await swapOf(client, context);
    const witness = stateOf(seen, input);
    if (!witness.inUse && witness.file === "absent")
      return { changes: [], witness, nothingToDo: `${input.path} is not there` };
    const why = whyNotRemove(seen, input);
    const used = isOurs(seen, input)?.used ?? 0;
    const line = `stop using ${input.path} (${sayBytes(used)} come back into memory, ${sayBytes(seen.memoryAvailable)} are available) and remove it`;
    return { changes: [line], witness, ...(why === undefined ? {} : { refused: why }) };
  },
  run: async (client, input, context) => {
    const seen = await beforeEffect(async () => {
      const now = await swapOf(client, context);
      const why = whyNotRemove(now, input);
      if (why !== undefined) throw refused(why);
      return now;
    });
    await change(client, SWAP_REMOVE, [input.path], ["exit 45"], context);
    return { path: input.path, before: seen.total };
  },
  probe: async (client, input, _witness, context) => {
    const { file, inUse } = stateOf(await swapOf(client, context), input);
    if (inUse) return { verdict: "not-done", evidence: `${input.path} is in use` };
    if (file === "absent") return { verdict: "done", evidence: `${input.path} is gone` };
    return { verdict: "unknown", evidence: `${input.path} is not used any more, and is still there` };
  },
  undo: (input): Call => addSwapFile(input),
  leaves: "what it held is in memory",
  says: (_input, { path }) => `${path} is not used any more and removed`,
  settled: {
    check: () => ({ now: swap() }),
    holds: ({ now }, { path }) => !now.areas.some((area) => area.path === path) && now.place?.is === "absent",
    figures: ({ now }, _input, { before }) =>
      `swap ${sayBytes(before)} → ${sayBytes(now.total)}, ${sayBytes(now.memoryAvailable)} memory available`,
  },
});

async function change(
  client: HostClient,
  text: string,
  args: readonly string[],
  nothingDone: readonly string[],
  context: WriteContext,
): Promise<void> {
  if (context.remainingMs() < 3_000) throw refused("too little time is left");
  const limits: ActionContext = {
    ...context,
    timeoutMs: Math.min(context.timeoutMs, context.remainingMs()),
  };
  try {
    await script(client, text, [client.swapFile?.sudo === true ? "sudo" : "", ...args], limits);
  } catch (thrown) {
    if (thrown instanceof DiagError && nothingDone.includes(thrown.detail ?? ""))
      throw refused(thrown.message, thrown.detail, thrown);
    throw thrown;
  }
}
