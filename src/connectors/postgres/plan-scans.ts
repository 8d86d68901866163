import { z } from "zod";

/** What of a node of EXPLAIN (FORMAT JSON, VERBOSE) is read; the rest is passed over. */
const Node = z.looseObject({
  "Node Type": z.string(),
  Schema: z.string().optional(),
  "Relation Name": z.string().optional(),
  Alias: z.string().optional(),
  Filter: z.string().optional(),
  "Plan Rows": z.number().optional(),
  "Total Cost": z.number().optional(),
  get Plans() {
    return z.array(Node).optional();
  },
});
type Node = z.infer<typeof Node>;
const Explained = z.array(z.object({ Plan: Node })).min(1);

export interface Scan {
  readonly schema: string;
  readonly table: string;
  readonly alias: string;
  readonly filter: string;
}

export interface Plan {
  readonly cost: number;
  /** Tables read whole to keep some of their rows. */
  readonly scans: readonly Scan[];
}

const MOST_NODES = 2_000;

/** Where a plan reads a whole table and filters it. Undefined: it is no plan as Postgres writes it. Pure. */
export function scansOf(explained: unknown): Plan | undefined {
  const parsed = Explained.safeParse(explained);
  const top = parsed.success ? parsed.data[0]?.Plan : undefined;
  if (top === undefined) return undefined;
  const scans: Scan[] = [];
  const left: Node[] = [top];
  for (let seen = 0; left.length > 0 && seen < MOST_NODES; seen++) {
    const node = left.pop();
    if (node === undefined) break;
    left.push(...(node.Plans ?? []));
    const { Schema: schema, "Relation Name": table, Alias: alias, Filter: filter } = node;
    if (node["Node Type"] === "Seq Scan" && schema && table && filter)
      scans.push({ schema, table, alias: alias ?? table, filter });
  }
  return { cost: top["Total Cost"] ?? 0, scans };
}

export interface Term {
  readonly column: string;
  /** `equal` and `range` are what a B-tree finds rows by; `other`: the column stands in a function, a cast or a pattern. */
  readonly kind: "equal" | "range" | "other";
}

export interface Column {
  readonly name: string;
  readonly quoted: string;
  readonly type: string;
}

/** What each part of a filter asks of the table's columns, in the order of the filter. Pure; linear in the filter. */
export function termsOf(filter: string, alias: string, columns: readonly Column[]): Term[] {
  const prefix = `${quoted(alias)}.`;
  return conjuncts(filter).flatMap((part): Term[] => {
    const used = columns.filter((one) => mentions(part, `${prefix}${one.quoted}`));
    const [column] = used;
    if (column === undefined || used.length > 1) return [];
    const kinds = startOf(part, prefix, column);
    return [{ column: column.name, kind: kinds }];
  });
}

function startOf(part: string, prefix: string, { quoted: name, type }: Column): Term["kind"] {
  const plain = `${prefix}${name}`;
  // A varchar is compared as text without a function: its index serves all the same.
  const relabelled = `(${plain})::text`;
  const [left] = [plain, ...(type.startsWith("character varying") ? [relabelled] : [])].filter((one) =>
    part.startsWith(`${one} `),
  );
  if (left === undefined) return "other";
  const right = part.slice(left.length + 1);
  if (mentions(right, plain)) return "other";
  if (right.startsWith("= ")) return "equal";
  return /^(?:<|>|<=|>=) /.test(right) ? "range" : "other";
}

/** As the server writes a name in a plan. */
const quoted = (name: string) =>
  /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;

/** The name, and not the beginning of a longer one. */
function mentions(text: string, name: string): boolean {
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1)) {
    const [before, after] = [text[at - 1] ?? " ", text[at + name.length] ?? " "];
    if (!/[\w$."]/.test(before) && !/[\w$]/.test(after)) return true;
  }
  return false;
}

/** `((a = 1) AND (b < 2))` as its parts without their parentheses; what holds an OR at the top stays one part. */
export function conjuncts(filter: string): string[] {
  const text = bare(filter);
  const depths = depthsOf(text);
  const parts: string[] = [];
  let from = 0;
  for (let at = text.indexOf(" AND "); at !== -1; at = text.indexOf(" AND ", at + 1)) {
    if (depths[at] !== 0) continue;
    parts.push(text.slice(from, at));
    from = at + " AND ".length;
  }
  return [...parts, text.slice(from)].map((part) => bare(part.trim()));
}

/** Without one pair of parentheses around all of it. */
function bare(text: string): string {
  if (!text.startsWith("(") || !text.endsWith(")")) return text;
  const closed = depthsOf(text).indexOf(0);
  return closed === text.length - 1 ? text.slice(1, -1) : text;
}

/** How deep in parentheses, or in quotes, each character leaves the text; what closes a pair counts as outside of it. */
function depthsOf(text: string): number[] {
  let depth = 0;
  let quote = "";
  return text.split("").map((char) => {
    if (quote !== "") quote = char === quote ? "" : quote;
    else if (char === "'" || char === '"') quote = char;
    else if (char === "(") depth += 1;
    else if (char === ")") depth -= 1;
    return depth + (quote === "" ? 0 : 1);
  });
}
