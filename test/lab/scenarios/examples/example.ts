import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import type { Patch } from "../../../../local/systems/service/spec.ts";
import { exampleFolder } from "../../../helpers/examples.ts";
import { type Scenario, scenario, type WrittenCheck } from "../../words.ts";

const Checks = z.array(z.looseObject({ id: z.string() }));

/** A check of an example as it is written, without its schedule: here it is asked when its alert comes. */
function checkOf(system: string, id: string): WrittenCheck {
  const folder = join(exampleFolder(system), "checks");
  const all = readdirSync(folder).flatMap((name) =>
    Checks.parse(parse(readFileSync(join(folder, name), "utf8"))),
  );
  const found = all.find((one) => one.id === id);
  if (found === undefined) throw new Error(`the example ${system} has no check ${id}`);
  const { every: _every, ...check } = found;
  return check;
}

/** A scenario on the sample service of an example: one of its checks finds a change of the service's state, and not another. */
export const exampleScenario = (
  spec: Pick<Scenario, "id" | "items" | "situation" | "twin" | "alert" | "expect" | "quick"> & {
    readonly example: string;
    readonly check: string;
    readonly broken: Patch;
    /** What looks like it and is healthy. */
    readonly healthy: Patch;
  },
): Scenario => {
  const { example, check, broken, healthy, ...rest } = spec;
  return scenario<"examples">({
    ...rest,
    needs: ["examples"],
    runbook: check,
    checks: [checkOf(example, check)],
    place: async ({ examples }) => {
      const { connections, patch } = await examples.of(example);
      return {
        connections,
        break: (undo) => patch(broken, undo),
        twin: (undo) => patch(healthy, undo),
      };
    },
  });
};
