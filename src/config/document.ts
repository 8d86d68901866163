import { type Document, isMap, isPair, isScalar, LineCounter, type Node, parseDocument, visit } from "yaml";
import { redactor } from "../lib/redact.ts";
import type { Variables } from "./environment.ts";
import { interpolate } from "./interpolate.ts";

/** Something that is wrong, or looks it, at a place of the file. */
export interface Complaint {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

type Path = readonly PropertyKey[];

/** A YAML text with its variables filled in, which knows where everything stands. */
export interface ConfigDocument {
  readonly value: unknown;
  readonly complaints: readonly Complaint[];
  /** Every value that came from the environment. */
  readonly interpolated: readonly string[];
  /** Complains about the value at a path, or about the nearest thing above it that is in the file. */
  at(path: Path, message: string): Complaint;
  /** Complains about a key of the map at a path. */
  atKey(path: Path, key: string, message: string): Complaint;
  /** `file:line:column` of the value at a path. */
  place(path: Path): string;
  /** `file:line:column: message`; with the line itself where `withSource`. */
  show(complaint: Complaint, withSource: boolean): string;
}

/** Reads YAML 1.2. What does not parse is a complaint; `value` is then undefined. */
export function readDocument(source: string, name: string, variables: Variables): ConfigDocument {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const complaints: Complaint[] = [];
  const complain = (offset: number, message: string): Complaint => {
    const { line, col } = lines.linePos(Math.max(0, offset));
    return { line, column: col, message };
  };
  for (const { pos, message } of document.errors)
    complaints.push(complain(pos[0], /call stack/.test(message) ? "it is nested too deeply" : message));
  const interpolated: string[] = [];
  if (complaints.length === 0) complaints.push(...fillIn(document, variables, complain, interpolated));
  const value = document.errors.length > 0 ? undefined : toValue(document);
  if (value instanceof Error) complaints.push(complain(0, value.message));
  return {
    value: value instanceof Error ? undefined : value,
    complaints,
    interpolated,
    at: (path, message) => complain(offsetOf(document, path), message),
    atKey: (path, key, message) => complain(keyOffset(document, path, key), message),
    place: (path) => {
      const { line, column } = complain(offsetOf(document, path), "");
      return `${name}:${line}:${column}`;
    },
    show: (complaint, withSource) => {
      const head = `${name}:${complaint.line}:${complaint.column}: ${complaint.message}`;
      return withSource ? `${head}\n${snippet(source, complaint)}` : head;
    },
  };
}

/** An error where a few lines of aliases stand for more than anybody means. */
function toValue(document: Document): unknown {
  try {
    // A file of nothing but comments is an empty configuration.
    return document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (error) {
    if (error instanceof ReferenceError) return new Error("too many aliases (*name): write it out");
    if (error instanceof RangeError) return new Error("it is nested too deeply");
    throw error;
  }
}

function fillIn(
  document: Document,
  variables: Variables,
  complain: (offset: number, message: string) => Complaint,
  interpolated: string[],
): Complaint[] {
  const complaints: Complaint[] = [];
  visit(document, {
    Scalar(key, node) {
      if (key === "key" || typeof node.value !== "string") return;
      const filled = interpolate(node.value, variables);
      node.value = filled.text;
      interpolated.push(...filled.values);
      complaints.push(...filled.complaints.map((message) => complain(node.range?.[0] ?? 0, message)));
    },
  });
  return complaints;
}

function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isPlaced(node)) return node.range[0];
  }
  return 0;
}

function keyOffset(document: Document, path: Path, key: string): number {
  const map = path.length === 0 ? document.contents : document.getIn(path, true);
  if (!isMap(map)) return offsetOf(document, path);
  const pair = map.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key);
  return isScalar(pair?.key) && isPlaced(pair.key) ? pair.key.range[0] : offsetOf(document, path);
}

const isPlaced = (node: unknown): node is Node & { range: [number, number, number] } =>
  typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range);

/** The line of a complaint with a mark under its column. Credentials written into the file are not repeated. */
function snippet(source: string, { line, column }: Complaint): string {
  const text = redactor([])(source.split(/\r?\n/)[line - 1] ?? "");
  const number = String(line).padStart(5);
  return `${number} | ${text}\n${" ".repeat(number.length)} | ${" ".repeat(Math.max(0, column - 1))}^`;
}
