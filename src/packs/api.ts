import { z } from "zod";
import { API, VERSION } from "../version.ts";
import type { Place } from "./find.ts";
import { isInRange } from "./range.ts";

/** The parts of a pack's package.json that diagbot reads. */
const Manifest = z.object({
  diagbot: z.object({ api: z.int().positive() }).optional(),
  version: z.string().min(1).max(50).optional(),
  peerDependencies: z.record(z.string(), z.string()).optional(),
});

const SAY_SO = `write "diagbot": { "api": ${API} } into its package.json`;

/** What people are told of a pack's version: its package.json's, else its name. */
export const versionOf = ({ manifest }: Pick<Place, "manifest">, name: string): string =>
  Manifest.safeParse(manifest ?? {}).data?.version ?? name;

/** Why a pack does not fit this diagbot; undefined: it does. A folder beside diagbot.yaml need not say anything. */
export function lackOfApi({
  manifest,
  isPackage,
}: Pick<Place, "manifest" | "isPackage">): string | undefined {
  const read = Manifest.safeParse(manifest ?? {});
  if (!read.success) return `its package.json cannot be understood: ${SAY_SO}`;
  const { diagbot, peerDependencies } = read.data;
  if (diagbot !== undefined)
    return diagbot.api === API
      ? undefined
      : `it was written for version ${diagbot.api} of diagbot/sdk, and diagbot ${VERSION} has version ${API}: take another version of one of them`;
  const range = peerDependencies?.diagbot;
  if (range === undefined)
    return isPackage
      ? `it does not say which version of diagbot/sdk it was written for: ${SAY_SO}`
      : undefined;
  const fits = isInRange(VERSION, range);
  if (fits === undefined) return `its peerDependency diagbot "${range}" cannot be read: ${SAY_SO}`;
  return fits ? undefined : `it wants diagbot ${range}, and this is ${VERSION}`;
}
