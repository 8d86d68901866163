import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type Check, CheckSchema } from "../core/words/check.ts";
import { checkComplaints, hasWhatItAsks } from "./check-rules.ts";
import type { CheckWorld } from "./check-world.ts";
import { type Complaint, type ConfigDocument, readDocument } from "./document.ts";
import type { Variables } from "./environment.ts";
import { explainIssue } from "./explain.ts";
import type { ConfigFile } from "./schema.ts";

const MAX_BYTES = 1_000_000;
const MOST_FILES = 500;
const DEFAULT_FOLDER = "checks";

/** A check and where it is written: `checks/orders.yaml:3:5`. */
export interface PlacedCheck {
  readonly check: Check;
  readonly place: string;
}

export interface Checks {
  readonly checks: readonly PlacedCheck[];
  /** `file:line:column: …`, one each. */
  readonly complaints: readonly string[];
  readonly warnings: readonly string[];
  readonly interpolated: readonly string[];
}

interface Source {
  readonly document: ConfigDocument;
  readonly path: readonly PropertyKey[];
  readonly check: Check;
}

/** The checks of diagbot.yaml and of the files in the folder beside it, with everything that is wrong with them. */
export function readChecks(
  file: ConfigFile,
  document: ConfigDocument,
  beside: { readonly folder: string; readonly variables: Variables; readonly world: CheckWorld },
): Checks {
  const inline = file.checks.map((check, index): Source => ({ document, path: ["checks", index], check }));
  const files = readFolder(file.checksFolder, beside);
  const sources = [...inline, ...files.sources];
  const complaints = [
    ...files.complaints,
    ...sources.flatMap(wrongWith(file, beside.world)),
    ...doubled(sources),
  ];
  return {
    checks: sources.map(({ check, document: of, path }) => ({ check, place: of.place(path) })),
    complaints,
    warnings: sources.flatMap(useless(file)),
    interpolated: files.interpolated,
  };
}

const say = ({ document, path }: Source, below: readonly PropertyKey[], message: string): string => {
  const where = below.map(String).join(".");
  return document.show(
    document.at([...path, ...below], where === "" ? message : `${where}: ${message}`),
    true,
  );
};

const wrongWith =
  ({ systems }: ConfigFile, world: CheckWorld) =>
  (source: Source): string[] =>
    checkComplaints(source.check, systems, world).map(({ path, message }) => say(source, path, message));

function doubled(sources: readonly Source[]): string[] {
  const owners = new Map<string, Source>();
  return sources.flatMap((source) => {
    const owner = owners.get(source.check.id);
    if (owner !== undefined)
      return [
        say(source, ["id"], `"${source.check.id}" is also the check at ${owner.document.place(owner.path)}`),
      ];
    owners.set(source.check.id, source);
    return [];
  });
}

const useless =
  ({ systems }: ConfigFile) =>
  (source: Source): string[] =>
    Object.keys(systems).length === 0 ||
    Object.entries(systems).some(([id, system]) => hasWhatItAsks(source.check, id, system))
      ? []
      : [say(source, [], `no system has what the check ${source.check.id} asks`).split("\n")[0] ?? ""];

interface Folder {
  readonly sources: readonly Source[];
  readonly complaints: readonly string[];
  readonly interpolated: readonly string[];
}

function readFolder(
  wanted: string | undefined,
  { folder, variables }: { folder: string; variables: Variables },
): Folder {
  const name = wanted ?? DEFAULT_FOLDER;
  const at = join(folder, name);
  let files: string[];
  try {
    files = readdirSync(at)
      .filter((file) => /\.ya?ml$/.test(file))
      .toSorted();
  } catch (error) {
    // Nobody has to have one.
    const isMissing = codeOf(error) === "ENOENT" && wanted === undefined;
    const complaints = isMissing ? [] : [`checksFolder: ${name} cannot be read: ${codeOf(error)}`];
    return { sources: [], complaints, interpolated: [] };
  }
  if (files.length > MOST_FILES)
    return { sources: [], complaints: [`${name}: more than ${MOST_FILES} files`], interpolated: [] };
  const read = files.map((file) => readCheckFile(join(at, file), join(name, file), variables));
  return {
    sources: read.flatMap(({ sources }) => sources),
    complaints: read.flatMap(({ complaints }) => complaints),
    interpolated: read.flatMap(({ interpolated }) => interpolated),
  };
}

/** One file: one check, or a list of them. */
function readCheckFile(path: string, name: string, variables: Variables): Folder {
  let text: string;
  try {
    if (statSync(path).size > MAX_BYTES)
      return { sources: [], complaints: [`${name} is larger than ${MAX_BYTES} bytes`], interpolated: [] };
    text = readFileSync(path, "utf8");
  } catch (error) {
    return { sources: [], complaints: [`${name} cannot be read: ${codeOf(error)}`], interpolated: [] };
  }
  const document = readDocument(text, name, variables);
  const { value, interpolated } = document;
  const schema = Array.isArray(value) ? z.array(CheckSchema) : CheckSchema;
  const parsed = value === undefined ? undefined : schema.safeParse(value);
  const issues = (parsed?.error?.issues ?? []).flatMap((issue) => explainIssue(issue, document, schema));
  const complaints = [...document.complaints, ...issues].map((one: Complaint) => document.show(one, true));
  const found: readonly Check[] = parsed?.success !== true ? [] : [parsed.data].flat();
  const sources = found.map(
    (check, index): Source => ({ document, path: Array.isArray(value) ? [index] : [], check }),
  );
  return { sources, complaints, interpolated };
}

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : String(error);
