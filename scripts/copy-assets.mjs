// tsc emits its own code only: migrations and what runs in threads of its own stand beside the code, so the build carries
// them along.
// node scripts/copy-assets.mjs [folder of the build, default dist]

import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";

const MIGRATIONS = "src/store/migrations";
const to = join(process.argv[2] ?? "dist", MIGRATIONS);
const names = readdirSync(MIGRATIONS).filter((name) => name.endsWith(".sql"));
if (names.length === 0) throw new Error(`no migrations in ${MIGRATIONS}`);
for (const name of names) cpSync(join(MIGRATIONS, name), join(to, name));
for (const thread of ["src/store/run/lease-thread.mjs", "src/packs/hooks.mjs"])
  cpSync(thread, join(process.argv[2] ?? "dist", thread));
console.log(`${names.length} migrations copied`);
