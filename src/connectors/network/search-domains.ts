import { readFile } from "node:fs/promises";

const MOST = 6;

/** Domains that programs of this machine add to names without a dot; empty where there are none or nobody says. */
export async function searchDomains(path = "/etc/resolv.conf"): Promise<readonly string[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  return domainsIn(text.slice(0, 8192));
}

/** `search a.lab b.lab`; the last line counts, and `domain` is the same for one. Pure. */
export function domainsIn(text: string): readonly string[] {
  const lines = text.split("\n").map((line) => line.trim().split(/\s+/));
  const last = lines.findLast(([word]) => word === "search" || word === "domain");
  return (last ?? [])
    .slice(1)
    .filter((domain) => domain !== ".")
    .slice(0, MOST);
}
