import { readFileSync } from "node:fs";
import ts from "typescript";

/** Ids of findings that a source makes: `*` stands for names of others (`missing:*`). */
export interface MadeIds {
  readonly ids: readonly string[];
  /** Ids of which no letter stands here: they come from elsewhere. */
  readonly passesOn: boolean;
}

/**
 * Read from the text, not from what runs: an id that no recording brings about would otherwise not be missed. Found are the `id` of
 * a finding, the `kind` of a problem (the first part of its finding's id), a constant `id`, and words given to a parameter `id`.
 */
export function findingIdsIn(path: string, text = readFileSync(path, "utf8")): MadeIds {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const makers = idParameters(source);
  const ids = new Set<string>();
  let passesOn = false;
  const visit = (node: ts.Node): void => {
    const named = ofFinding(node);
    const known = [named, ofConstant(node), ofCall(node, makers)].flatMap((one) =>
      // What begins with others' words is no id of ours, but for one with an ending of our own (`disk-full`).
      one === undefined ? [] : saidBy(one).filter((id) => /^(?:[^*]|\*-)/.test(id)),
    );
    for (const id of known) ids.add(id);
    passesOn ||= named !== undefined && known.length === 0;
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { ids: [...ids], passesOn };
}

const ofConstant = (node: ts.Node): ts.Expression | undefined =>
  ts.isVariableDeclaration(node) && nameOf(node) === "id" ? node.initializer : undefined;

const ofCall = (node: ts.Node, makers: ReadonlyMap<string, number>): ts.Expression | undefined =>
  ts.isCallExpression(node) && ts.isIdentifier(node.expression)
    ? node.arguments[makers.get(node.expression.text) ?? -1]
    : undefined;

const nameOf = ({ name }: { readonly name?: ts.Node | undefined }): string =>
  name !== undefined && (ts.isIdentifier(name) || ts.isStringLiteral(name)) ? name.text : "";

/** What an object gives as id, or as kind, where it is a finding's; undefined: it is another object, or names it by a variable. */
function ofFinding(node: ts.Node): ts.Expression | undefined {
  if (!ts.isObjectLiteralExpression(node)) return undefined;
  const names = namesIn(node);
  // A runbook has an id and a title, too; what it has besides is its parameters.
  if (names.includes("params") || names.includes("covers")) return undefined;
  if (!["severity", "because", "title"].some((name) => names.includes(name))) return undefined;
  const wanted = names.includes("id") ? "id" : names.includes("because") ? "kind" : "";
  const property = node.properties.find((one) => nameOf(one) === wanted);
  return property !== undefined && ts.isPropertyAssignment(property) ? property.initializer : undefined;
}

/** Names of an object's members, with those of the object it is spread into: `{ ...({ id } as const), title }`. */
function namesIn(node: ts.ObjectLiteralExpression): string[] {
  const own = node.properties.map(nameOf);
  let outer: ts.Node = node.parent;
  while (ts.isParenthesizedExpression(outer) || ts.isAsExpression(outer)) outer = outer.parent;
  if (!ts.isSpreadAssignment(outer) || !ts.isObjectLiteralExpression(outer.parent)) return own;
  return [...own, ...namesIn(outer.parent)];
}

/** Functions of the file with a parameter `id`, and which one it is. */
function idParameters(source: ts.SourceFile): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) {
      const at = node.parameters.findIndex((one) => nameOf(one) === "id");
      const name = nameOf(node) || nameOf(node.parent as { name?: ts.Node });
      if (at >= 0 && name !== "") found.set(name, at);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The texts an expression may have; `*` for what stands in a variable. */
function saidBy(node: ts.Expression): string[] {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) return saidBy(node.expression);
  if (ts.isConditionalExpression(node)) return [...saidBy(node.whenTrue), ...saidBy(node.whenFalse)];
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression))
    return node.expression.name.text === "slice" ? saidBy(node.expression.expression) : ["*"];
  if (!ts.isTemplateExpression(node)) return ["*"];
  return node.templateSpans.reduce(
    (heads, span) =>
      heads.flatMap((head) => saidBy(span.expression).map((said) => `${head}${said}${span.literal.text}`)),
    [node.head.text],
  );
}

/** Whether a finding's id is one of those a pattern stands for; of both only the part before the names counts. */
export function isIdOf(pattern: string, id: string): boolean {
  const [kind = ""] = pattern.split(":");
  const [said = ""] = id.split(":");
  const parts = kind.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".+")}$`).test(said);
}
