import { cpus, totalmem } from "node:os";

/** What figures of this run belong to. */
export function machine(): string {
  const [first] = cpus();
  const gigabytes = Math.round(totalmem() / 1024 ** 3);
  return `${cpus().length} x ${first?.model.trim() ?? "?"}, ${gigabytes} GB, Node ${process.version}, ${process.platform}`;
}
