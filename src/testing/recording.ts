import { parseDocument, stringify } from "yaml";
import { z } from "zod";
import { DiagError } from "../core/words/errors.ts";
import { SEVERITIES } from "../core/words/finding.ts";
import type { Json } from "../core/words/json.ts";
import { Thresholds } from "../core/words/system.ts";

const AnyJson = z.json() as z.ZodType<Json>;

/** What a runbook may know of a connection; each kind has members of its own. */
const Face = z.looseObject({ name: z.string(), kind: z.string() });

const Context = z.looseObject({
  now: z.iso.datetime(),
  params: z.record(z.string(), AnyJson).default({}),
  thresholds: Thresholds.prefault({}),
  system: z.strictObject({
    id: z.string(),
    connections: z.array(Face),
    contacts: z.array(z.looseObject({ name: z.string() })).default([]),
  }),
  alert: z
    .strictObject({
      labels: z.record(z.string(), z.string()),
      annotations: z.record(z.string(), z.string()),
    })
    .optional(),
});

/** A call and its outcome: what it returned, or why it returned nothing. */
const Answered = z
  .strictObject({
    action: z.string(),
    on: z.string(),
    input: AnyJson,
    output: AnyJson.optional(),
    error: z
      .strictObject({
        code: z.string(),
        message: z.string(),
        detail: z.string().optional(),
        said: z.record(z.string(), z.string()).optional(),
        hint: z.string().optional(),
      })
      .optional(),
  })
  .refine(({ output, error }) => (output === undefined) !== (error === undefined), {
    message: "has either an output or an error",
  });

const PlannedCalls = z.array(z.strictObject({ action: z.string(), on: z.string(), input: AnyJson }));

/** What the runbook made of it. */
export const Conclusion = z.strictObject({
  findings: z.array(
    z.strictObject({
      id: z.string(),
      severity: z.enum(SEVERITIES),
      title: z.string(),
      because: z.string(),
      remedies: z.array(z.string()),
    }),
  ),
  /** Steps that gave no answer and that no finding speaks of. */
  gaps: z.array(z.string()),
  /** Those the findings name: words for a person, or the calls that would be made once approved. */
  remedies: z.record(
    z.string(),
    z.strictObject({
      title: z.string(),
      risk: z.string(),
      advice: z.string().optional(),
      calls: PlannedCalls.optional(),
    }),
  ),
});
export type Conclusion = z.infer<typeof Conclusion>;

/** What a diagnosis saw and concluded; docs/recordings.md. Enough to evaluate the runbook again without any service. */
export const Recording = z.strictObject({
  /** Version of this format. */
  diagbot: z.literal(1),
  runbook: z.string(),
  /** What was the matter, in a line for people. */
  situation: z.string().optional(),
  context: Context,
  /** The chosen connection per kind. */
  uses: z.record(z.string(), z.string()),
  /** By the names the runbook gave them. Looked up by their call (action, on, input), not by name. */
  steps: z.record(z.string(), Answered),
  conclusion: Conclusion,
});
export type Recording = z.infer<typeof Recording>;

/** A recording from its file. Throws `bad_recording` with every complaint. */
export function parseRecording(text: string): Recording {
  const document = parseDocument(text);
  const [broken] = document.errors;
  if (broken !== undefined) throw new DiagError("bad_recording", broken.message.split("\n")[0] ?? "not YAML");
  const parsed = Recording.safeParse(document.toJS());
  if (parsed.success) return parsed.data;
  const complaints = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new DiagError("bad_recording", complaints.slice(0, 10).join("; "));
}

/** The file of a recording: a line per value, so that a change can be read as a diff. */
export const sayRecording = (recording: Recording): string => sayYaml(recording);

export const sayYaml = (value: unknown): string =>
  stringify(value, { lineWidth: 0, aliasDuplicateObjects: false, blockQuote: "literal" });
