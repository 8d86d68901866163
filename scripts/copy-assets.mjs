// tsc emits code only: the migrations are read from beside the code, so the build carries them along.

import { cpSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const from = fileURLToPath(new URL("../src/store/migrations/", import.meta.url));
const to = fileURLToPath(new URL("../dist/src/store/migrations/", import.meta.url));
const migrations = readdirSync(from).filter((name) => name.endsWith(".sql"));
if (migrations.length === 0) throw new Error(`no migrations in ${from}`);
for (const name of migrations) cpSync(from + name, to + name);
console.log(`${migrations.length} migrations copied`);
