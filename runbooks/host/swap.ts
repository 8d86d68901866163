import { type Evidence, type Finding, type host, sayBytes, sayPercent } from "../../src/sdk/index.ts";

/** Bytes per second paged in and out beyond which a machine does little else. */
const THRASHING = 4 * 1024 * 1024;
/** Share of time all tasks wait for memory (PSI full) beyond which people notice. */
const WAITING = 0.1;
const SWAP_FULL = 0.9;

/** Does the machine wait for memory now? What lies in swap since long ago is no answer to that. */
export function swapFinding<R extends string>(
  memory: host.Memory,
  remedies: readonly R[],
  threshold: number,
  evidence: readonly Evidence[],
): Finding<R> | undefined {
  const { swapInRate, swapOutRate, swapTotal, swapUsed, available, usedRatio } = memory;
  const rate = Math.min(swapInRate, swapOutRate);
  const paged = swapInRate + swapOutRate;
  const waits = memory.pressure?.full ?? 0;
  if (rate >= THRASHING || waits >= WAITING)
    return {
      id: "memory-thrashing",
      severity: "critical",
      title: `The machine ${[
        ...(waits >= WAITING ? [`waits for memory ${sayPercent(waits)} of the time`] : []),
        ...(paged > 0 ? [`pages ${sayBytes(paged)}/s`] : []),
      ].join(" and ")}`,
      because: `What runs needs more memory at once than there is: ${paged > 0 ? "pages go out and come back in" : "pages of programs and files are dropped and read again"}, and everything is slow.`,
      evidence,
      remedies,
    };
  if (swapTotal === 0 || swapUsed / swapTotal < SWAP_FULL) return undefined;
  const title = `Swap is ${sayPercent(swapUsed / swapTotal)} full (${sayBytes(swapTotal)})`;
  if (usedRatio < threshold && rate === 0 && waits < WAITING / 10)
    return {
      id: "swap-full",
      severity: "info",
      title: `${title}, of pages nobody asks for now`,
      because: `Nothing is paged in or out and ${sayBytes(available)} are available: it was filled earlier. It leaves no room for the next shortage, which is then the OOM killer's.`,
      evidence,
    };
  return {
    id: "swap-full",
    severity: "warning",
    title,
    because: "The next shortage has nowhere to go but the OOM killer.",
    evidence,
    remedies,
  };
}
