import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { builtProduct } from "../../helpers/built.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const PARTS = [
  ...["bin", "docs", "deploy", "package.json", "manifest.yaml"],
  ...["README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md"],
];
/** npm has no way to the registry: nothing that is ours. */
const OFFLINE = /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENOTCACHED|ENETUNREACH/;

/** An empty folder in which a user has installed the package. */
export interface PackageUser {
  readonly folder: string;
  /** Files of the tarball. */
  readonly packed: readonly string[];
  /** npm cannot install here, and why. */
  readonly whyNot: string | undefined;
  write(name: string, text: string): void;
}

/** Packs the build as `npm pack` does, and installs the tarball outside of the checkout. */
export async function installPackage(): Promise<PackageUser> {
  const folder = mkdtempSync(join(tmpdir(), "diagbot-user-"));
  const staged = mkdtempSync(join(tmpdir(), "diagbot-pack-"));
  for (const part of PARTS) cpSync(join(ROOT, part), join(staged, part), { recursive: true });
  cpSync(join(await builtProduct(), "dist"), join(staged, "dist"), { recursive: true });
  const types = ["-p", "tsconfig.build.json", "--noCheck", "--outDir", join(staged, "dist")];
  await run(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), ...types], { cwd: ROOT });
  const packing = ["pack", "--json", "--ignore-scripts", "--pack-destination", staged];
  const { stdout } = await run("npm", packing, { cwd: staged, maxBuffer: 10_000_000 });
  const packed = [...stdout.matchAll(/"path": "([^"]+)"/g)].map(([, path = ""]) => path);
  const tarball = readdirSync(staged).find((name) => name.endsWith(".tgz"));
  if (tarball === undefined) throw new Error("npm pack made no tarball");
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const quiet = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", "--no-progress"];
  const whyNot = await run("npm", ["install", ...quiet, join(staged, tarball)], { cwd: folder }).then(
    () => undefined,
    (error: Error) => {
      const code = OFFLINE.exec(error.message)?.[0];
      if (code === undefined) throw error;
      return `npm cannot install: ${code}`;
    },
  );
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  return { folder, packed, whyNot, write };
}

/** The files docs/packs.md tells a reader to write: blocks that begin with their name, and its tsconfig.json. */
export function examples(): ReadonlyMap<string, string> {
  const page = readFileSync(join(ROOT, "docs/packs.md"), "utf8");
  const blocks = [...page.matchAll(/^```\w+\n(.*?)^```$/gms)].map(([, text = ""]) => text);
  const named = blocks.flatMap((text): [string, string][] => {
    const [, name] = /^(?:\/\/|#) (\S+\.\w+)\n/.exec(text) ?? [];
    if (name !== undefined) return [[name, text]];
    return text.includes('"compilerOptions"') ? [["tsconfig.json", text]] : [];
  });
  return new Map(named);
}

/** What the type checker says in that folder; empty: nothing. */
export const typeErrors = (folder: string): Promise<string> =>
  run(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", folder], { cwd: folder }).then(
    ({ stdout }) => stdout,
    (error: { stdout?: string }) => error.stdout ?? String(error),
  );
