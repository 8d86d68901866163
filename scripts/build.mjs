// The program as it is shipped: our modules in a few files, which are read in half the time of a thousand; packages stay what
// npm installed. Types come from tsc. node scripts/build.mjs [folder of the build, default dist]
//
// `main` and what packs import share their code: a word of the SDK is the same object for both.

import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const ENTRIES = ["src/main", "src/sdk/index", "src/testing/index"];
const CHUNKS = "chunks";
const MIGRATIONS = "src/store/migrations";
/** What runs in threads of its own. */
const THREADS = ["src/store/run/lease-thread.mjs", "src/packs/hooks.mjs"];

const dist = process.argv[2] ?? join(ROOT, "dist");

/** Where a module says `import.meta.url`, its place among the sources is meant: what stands beside it there stands there in dist/, too. */
const ownPlace = {
  name: "own-place",
  setup({ onLoad }) {
    const files = new RegExp(`(${ENTRIES.join("|")}|${CHUNKS}/[^/]+)\\.js$`);
    onLoad({ filter: /\.ts$/, namespace: "file" }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      if (!source.includes("import.meta.url")) return undefined;
      const place = relative(ROOT, path).replace(/\.ts$/, ".js");
      const own = `new URL(${JSON.stringify(place)}, import.meta.url.replace(${files}, "")).href`;
      return { contents: source.replaceAll("import.meta.url", own), loader: "ts" };
    });
  },
};

await build({
  absWorkingDir: ROOT,
  entryPoints: ENTRIES.map((entry) => `${entry}.ts`),
  outbase: ".",
  outdir: dist,
  chunkNames: `${CHUNKS}/[name]-[hash]`,
  plugins: [ownPlace],
  ...{ bundle: true, splitting: true, packages: "external" },
  ...{ format: "esm", platform: "node", target: "node20.19", sourcemap: true, sourcesContent: false },
  logLevel: "warning",
});

const migrations = readdirSync(join(ROOT, MIGRATIONS)).filter((name) => name.endsWith(".sql"));
if (migrations.length === 0) throw new Error(`no migrations in ${MIGRATIONS}`);
for (const name of migrations) cpSync(join(ROOT, MIGRATIONS, name), join(dist, MIGRATIONS, name));
for (const thread of THREADS) cpSync(join(ROOT, thread), join(dist, thread));
