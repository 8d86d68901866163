import type { z } from "zod";
import type { Selector } from "./shapes.ts";

type Labels = Readonly<Record<string, string>>;

/** Whether labels have all of these values: the selector of a service. */
export const hasAll = (wanted: Labels, labels: Labels): boolean =>
  Object.entries(wanted).every(([name, value]) => Object.hasOwn(labels, name) && labels[name] === value);

/** Whether a selector with expressions fits; an empty one fits everything. */
export function fits(selector: z.output<typeof Selector>, labels: Labels): boolean {
  const { matchLabels, matchExpressions } = selector ?? {};
  return (
    hasAll(matchLabels ?? {}, labels) &&
    (matchExpressions ?? []).every(({ key, operator, values }) => {
      const has = Object.hasOwn(labels, key);
      const isIn = has && (values ?? []).includes(labels[key] ?? "");
      if (operator === "Exists") return has;
      if (operator === "DoesNotExist") return !has;
      return operator === "NotIn" ? !isIn : isIn;
    })
  );
}
