import { z } from "zod";

/** Share (0..1) of the last 10 s in which some, or all, tasks waited. kernel.org/doc/html/latest/accounting/psi.html */
export const Pressure = z.object({ some: z.number(), full: z.number() });

/** Parses a file of /proc/pressure; null where there is none. */
export function parsePressure(text: string): z.output<typeof Pressure> | null {
  const some = /^some avg10=([\d.]+)/m.exec(text)?.[1];
  if (some === undefined) return null;
  const full = /^full avg10=([\d.]+)/m.exec(text)?.[1] ?? "0";
  return { some: Number(some) / 100, full: Number(full) / 100 };
}
