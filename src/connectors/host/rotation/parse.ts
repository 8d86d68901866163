import { linesOf } from "../../machine/script.ts";

/** A pattern of the configuration, with the files it takes and what would become of each. */
export interface Rule {
  readonly pattern: string;
  /** `weekly`, `10240 bytes`, `after 1 days`, as logrotate says it. */
  readonly when: string;
  /** 0: no old logs are kept. */
  readonly keeps: number;
  readonly files: readonly { readonly path: string; readonly due: boolean; readonly error: string | null }[];
}

export interface DryRun {
  readonly rules: readonly Rule[];
  /** Of the configuration itself: what is ignored or skipped. */
  readonly errors: readonly string[];
  readonly renames: readonly string[];
  readonly removes: readonly string[];
}

interface Building {
  readonly rules: { pattern: string; when: string; keeps: number; files: Rule["files"][number][] }[];
  readonly errors: string[];
  readonly renames: string[];
  readonly removes: string[];
}

const RULE =
  /^rotating pattern: (\S.{0,1000}?) {1,2}(\S.{0,100}?) \((?:(\d+) rotations?|no old logs will be kept)\)$/;
const CONSIDERS = "considering log ";
const ERROR = "error: ";

/** What `logrotate -d` says it would do. Pure. */
export function parseDryRun(text: string): DryRun {
  const found: Building = { rules: [], errors: [], renames: [], removes: [] };
  for (const line of linesOf(text))
    if (!takeRule(found, line) && !takeFile(found, line)) takeRest(found, line);
  return found;
}

function takeRule({ rules }: Building, line: string): boolean {
  const [, pattern, when = "", keeps = "0"] = RULE.exec(line) ?? [];
  if (pattern === undefined) return false;
  rules.push({ pattern, when, keeps: Number(keeps), files: [] });
  return true;
}

/** Lines about the file that is looked at last. */
function takeFile({ rules }: Building, line: string): boolean {
  const files = rules.at(-1)?.files ?? [];
  const file = files.at(-1);
  if (line.startsWith(CONSIDERS)) {
    files.push({ path: line.slice(CONSIDERS.length), due: false, error: null });
    return true;
  }
  if (file === undefined) return false;
  const isDue = line === "  log needs rotating";
  const isError = line.startsWith(ERROR) && line.includes(file.path);
  if (isDue) files.splice(-1, 1, { ...file, due: true });
  if (isError) files.splice(-1, 1, { ...file, error: line.slice(ERROR.length) });
  return isDue || isError;
}

function takeRest({ errors, renames, removes }: Building, line: string): void {
  if (line.startsWith(ERROR)) errors.push(line.slice(ERROR.length));
  else if (line.startsWith("renaming ")) renames.push(line.replace(/ \(rotatecount.*$/, ""));
  else if (/^(removing old log |disposeName will be |copying |truncating )/.test(line)) removes.push(line);
}
