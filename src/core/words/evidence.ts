import { z } from "zod";

/** What a finding rests on. Drawn by the thread room; knows nothing of Slack. Cells and lines are plain text. */
export const Evidence = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("text"), text: z.string() }),
  /** Short name/value pairs, e.g. "used: 97 of 97". */
  z.strictObject({
    kind: z.literal("facts"),
    facts: z.array(z.strictObject({ name: z.string(), value: z.string() })),
  }),
  z.strictObject({
    kind: z.literal("table"),
    title: z.string().optional(),
    columns: z.array(z.string()),
    rows: z.array(z.array(z.string())),
  }),
  /** Monospaced text: a log excerpt, a statement. */
  z.strictObject({ kind: z.literal("code"), title: z.string().optional(), text: z.string() }),
  /** Time series, drawn as a PNG. Points are [unix seconds, value or null for a gap]. */
  z.strictObject({
    kind: z.literal("series"),
    title: z.string(),
    unit: z.enum(["seconds", "ratio", "bytes", "count", "per second"]),
    series: z.array(
      z.strictObject({ name: z.string(), points: z.array(z.tuple([z.number(), z.number().nullable()])) }),
    ),
    threshold: z.number().optional(),
  }),
]);
export type Evidence = z.infer<typeof Evidence>;

/** One fact line. */
export const facts = (record: Readonly<Record<string, string | number>>): Evidence => ({
  kind: "facts",
  facts: Object.entries(record).map(([name, value]) => ({ name, value: String(value) })),
});

/** Table evidence from rows of cells; cells become text. */
export const table = (
  columns: readonly string[],
  rows: readonly (readonly (string | number | null | undefined)[])[],
  title?: string,
): Evidence => ({
  kind: "table",
  ...(title === undefined ? {} : { title }),
  columns: [...columns],
  rows: rows.map((row) => row.map((cell) => (cell === null || cell === undefined ? "–" : String(cell)))),
});

export const code = (text: string, title?: string): Evidence => ({
  kind: "code",
  ...(title === undefined ? {} : { title }),
  text,
});

export const text = (words: string): Evidence => ({ kind: "text", text: words });
