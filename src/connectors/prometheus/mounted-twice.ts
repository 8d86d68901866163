import type { Measured } from "../../core/rules/forecast.ts";
import { canonical } from "../../core/words/json.ts";
import type { Labels } from "./client.ts";

interface Mounted {
  readonly labels: Labels;
  readonly name: string;
  readonly measured: readonly Measured[];
}

/**
 * One file system that is mounted at several places (bind mounts, subvolumes, what a kubelet mounts) fills once: all labels but
 * the place are the same, and so are the figures. The shortest place stands for all. Pure.
 */
export function oncePerDevice<T extends Mounted>(found: readonly T[]): T[] {
  const byDevice = new Map<string, T[]>();
  for (const one of found) {
    const { mountpoint, ...rest } = one.labels;
    const { used = null, limit = null } = one.measured.at(-1) ?? {};
    const isPlace = mountpoint !== undefined && rest.device !== undefined;
    const key = isPlace ? canonical({ ...rest, used, limit }) : canonical(one.labels);
    byDevice.set(key, [...(byDevice.get(key) ?? []), one]);
  }
  return [...byDevice.values()].flatMap((same) => {
    const place = ({ labels: { mountpoint = "" } }: T): string => mountpoint;
    const [first, ...more] = same.toSorted((a, b) => place(a).length - place(b).length);
    if (first === undefined) return [];
    const others = more.length === 0 ? "" : ` (mounted at ${more.length} more places)`;
    return [{ ...first, name: `${first.name.slice(0, 120 - others.length)}${others}` }];
  });
}
