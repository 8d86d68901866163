import { readFileSync } from "node:fs";
import { onPath } from "./docker.ts";

/** Why no swap file can be used here; undefined: it can. CAP_SYS_ADMIN (21) is what swapon needs. */
export function whyNoSwap(): string | undefined {
  for (const program of ["mkswap", "swapon", "python3"])
    if (onPath(program) === undefined) return `${program} is not on the PATH`;
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
  return (BigInt(`0x${effective}`) >> 21n) & 1n ? undefined : "swapon needs CAP_SYS_ADMIN";
}
