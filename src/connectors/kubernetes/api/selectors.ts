/** A label selector of an object: all of it must hold. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>> | null | undefined;
  readonly matchExpressions?:
    | readonly {
        readonly key: string;
        readonly operator: string;
        readonly values?: readonly string[] | null | undefined;
      }[]
    | null
    | undefined;
}

type Labels = Readonly<Record<string, string>>;

/** Whether labels fit a selector. An empty one fits everything, as in apps/v1 and policy/v1. */
export function fits(selector: LabelSelector, labels: Labels): boolean {
  return (
    hasAll(selector.matchLabels ?? {}, labels) &&
    (selector.matchExpressions ?? []).every(({ key, operator, values }) => {
      const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
      if (operator === "Exists") return value !== undefined;
      if (operator === "DoesNotExist") return value === undefined;
      const isIn = value !== undefined && (values ?? []).includes(value);
      return operator === "In" ? isIn : operator === "NotIn" ? !isIn : false;
    })
  );
}

/** Whether labels have all of these values: the selector of a service. */
export const hasAll = (wanted: Labels, labels: Labels): boolean =>
  Object.entries(wanted).every(([name, value]) => Object.hasOwn(labels, name) && labels[name] === value);
