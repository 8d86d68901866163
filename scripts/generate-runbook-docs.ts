// `npm run docs`: writes docs/runbooks/. A unit test fails while it is stale.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { runbookPages } from "./runbook-docs/pages.ts";

const folder = new URL("../docs/runbooks/", import.meta.url);
const pages = runbookPages();
mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder)) if (!pages.has(name)) rmSync(new URL(name, folder));
for (const [name, text] of pages) writeFileSync(new URL(name, folder), text);
console.log(`${pages.size} pages in docs/runbooks`);
