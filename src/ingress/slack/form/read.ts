import { z } from "zod";
import type { Complaint } from "../../../core/words/reply.ts";

/** One filled-in element, of the kinds the form has. */
const Filled = z.object({
  type: z.string(),
  value: z.string().nullish(),
  selected_option: z.object({ value: z.string() }).nullish(),
  selected_options: z.array(z.object({ value: z.string() })).nullish(),
});

const FormBody = z.object({
  private_metadata: z
    .string()
    .transform((text) => JSON.parse(text) as unknown)
    .pipe(z.object({ channel: z.string() })),
  state: z.object({ values: z.record(z.string(), z.record(z.string(), Filled)) }),
});

/** What the form holds; `fields` names the block of every parameter and connection that is shown. */
export interface FilledForm {
  readonly channel: string;
  readonly system?: string;
  readonly runbook?: string;
  readonly params: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string>>;
}

/** Reads a form back. Only blocks of the chosen system and runbook count. Throws on what is not our form. */
export function readForm(view: unknown): FilledForm {
  const { private_metadata: kept, state } = FormBody.parse(view);
  const blocks = Object.entries(state.values).map(([block, elements]) => ({
    block,
    value: wordOf(Object.values(elements)[0]),
  }));
  const chosenIn = (block: string) => blocks.find((candidate) => candidate.block === block)?.value;
  const system = chosenIn("system");
  const runbook = chosenIn(`runbook/${system}`);
  const fields: [string, string][] = [];
  const params: [string, string][] = [];
  for (const { block, value } of blocks) {
    const name = nameIn(block, `param/${runbook}/`) ?? nameIn(block, `connection/${system}/`);
    if (name === undefined) continue;
    fields.push([name, block]);
    if (value !== undefined) params.push([name, value]);
  }
  return {
    channel: kept.channel,
    ...(system === undefined ? {} : { system }),
    ...(runbook === undefined ? {} : { runbook }),
    params: Object.fromEntries(params),
    fields: Object.fromEntries(fields),
  };
}

const nameIn = (block: string, prefix: string): string | undefined =>
  block.startsWith(prefix) ? block.slice(prefix.length) : undefined;

/** The value as it would have been typed; undefined: left empty. */
function wordOf(filled: z.infer<typeof Filled> | undefined): string | undefined {
  if (filled === undefined) return undefined;
  if (filled.type === "checkboxes") return (filled.selected_options?.length ?? 0) > 0 ? "true" : "false";
  const word = filled.selected_option?.value ?? filled.value ?? undefined;
  return word === undefined || word.trim() === "" ? undefined : word;
}

/** Each complaint under its field; what has no field goes under the runbook. Slack shows them in red. */
export function errorsAtFields(form: FilledForm, complaints: readonly Complaint[]): Record<string, string> {
  const errors = new Map<string, string>();
  for (const { name, message } of complaints) {
    const block = form.fields[name];
    const at = block ?? (form.system === undefined ? "system" : `runbook/${form.system}`);
    const words = block === undefined ? `${name}: ${message}` : message;
    errors.set(at, [errors.get(at), words].filter(Boolean).join("; ").slice(0, 2_000));
  }
  return Object.fromEntries(errors);
}
