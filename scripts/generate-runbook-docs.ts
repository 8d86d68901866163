// `npm run docs`: writes docs/runbooks/, docs/symptoms.md, what kinds say of themselves in docs/connectors/, and the summary of
// docs/guide-coverage.md. Tests fail while they are stale.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connectorPages } from "./runbook-docs/connector-pages.ts";
import { catalogIds, withSummary } from "./runbook-docs/coverage.ts";
import { runbookPages } from "./runbook-docs/pages.ts";
import { symptomsPage } from "./runbook-docs/symptoms.ts";

const folder = new URL("../docs/runbooks/", import.meta.url);
const pages = runbookPages();
mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder)) if (!pages.has(name)) rmSync(new URL(name, folder));
for (const [name, text] of pages) writeFileSync(new URL(name, folder), text);
const coverage = new URL("../docs/guide-coverage.md", import.meta.url);
writeFileSync(coverage, withSummary(readFileSync(coverage, "utf8"), catalogIds()));
const docs = new URL("../docs/", import.meta.url);
writeFileSync(new URL("symptoms.md", docs), symptomsPage());
for (const [name, text] of connectorPages()) writeFileSync(new URL(`connectors/${name}`, docs), text);
console.log(
  `${pages.size} pages in docs/runbooks, docs/symptoms.md, docs/connectors and the summary of docs/guide-coverage.md`,
);
