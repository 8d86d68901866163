// tsc emits its own code only: migrations and the thread that keeps leases stand beside the code, so the build carries them along.
// node scripts/copy-assets.mjs [folder of the build, default dist]

import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";

const MIGRATIONS = "src/store/migrations";
const to = join(process.argv[2] ?? "dist", MIGRATIONS);
const names = readdirSync(MIGRATIONS).filter((name) => name.endsWith(".sql"));
if (names.length === 0) throw new Error(`no migrations in ${MIGRATIONS}`);
for (const name of names) cpSync(join(MIGRATIONS, name), join(to, name));
const THREAD = "src/store/run/lease-thread.mjs";
cpSync(THREAD, join(process.argv[2] ?? "dist", THREAD));
console.log(`${names.length} migrations copied`);
