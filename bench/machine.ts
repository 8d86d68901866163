import { cpus, loadavg, totalmem } from "node:os";

/** What figures of this run belong to. A load beyond the number of cores means others were using the machine. */
export function machine(): string {
  const [first] = cpus();
  const gigabytes = Math.round(totalmem() / 1024 ** 3);
  const load = (loadavg()[0] ?? 0).toFixed(1);
  return `${cpus().length} x ${first?.model.trim() ?? "?"}, ${gigabytes} GB, Node ${process.version}, ${process.platform}; load before ${load}`;
}
