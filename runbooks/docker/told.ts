import type { RunContext } from "../../src/sdk/index.ts";
import type { Advice, AdviceKey } from "./cause.ts";
import { problemsOf, type Sight } from "./problems.ts";

type Asked = RunContext<{ readonly service?: string | undefined }>;

/** What people are told about one kind of cause, of each container it was found at. */
export const told =
  (key: AdviceKey, otherwise: string) =>
  (values: Sight, context: Asked): string =>
    sayAll(
      problemsOf(values, context).flatMap(({ advice, container }) =>
        advice.filter((one) => one.key === key).map((one) => ({ ...one, name: container.name })),
      ),
    ) || otherwise;

function sayAll(advice: readonly (Advice & { readonly name: string })[]): string {
  const texts = new Set(advice.map(({ text }) => text));
  return texts.size < 2
    ? [...texts].join("")
    : advice.map(({ name, text }) => (text.includes(name) ? text : `${name}: ${text}`)).join("\n");
}
