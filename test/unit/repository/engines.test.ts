import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { z } from "zod";

const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({
      engines: z.union([z.object({ node: z.string().optional() }), z.array(z.string())]).optional(),
    }),
  ),
});

/** Some alternative of a range takes Node 20: it begins at 20 or below, or is a 20 itself. */
const takesNode20 = (range: string): boolean =>
  range.split("||").some((one) => {
    const [, sign = "", major = "0"] = /(>=|>|\^|~)?\s*v?(\d+)/.exec(one) ?? [];
    return sign.startsWith(">") ? Number(major) <= 20 : Number(major) === 20 || !/\d/.test(one);
  });

it("no package asks for a newer Node than diagbot does", () => {
  const text = readFileSync(new URL("../../../package-lock.json", import.meta.url), "utf8");
  const newer = Object.entries(Lock.parse(JSON.parse(text)).packages).flatMap(([name, { engines }]) => {
    const node = engines === undefined || Array.isArray(engines) ? undefined : engines.node;
    return node === undefined || takesNode20(node) ? [] : [`${name} ${node}`];
  });
  expect(newer).toEqual([]);
});
