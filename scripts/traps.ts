// `npm run traps`: every trap of the guides, where it stands, and which test shows that it is avoided.

import { isAvoided, trapReport } from "./traps/report.ts";

const traps = trapReport();
for (const trap of traps) {
  const { id, guides, instead, shown, type, open } = trap;
  const how = shown.map(({ file, title }) => `    ${file}: ${title}`);
  if (type !== undefined) how.push(`    ${type.where}: ${type.why}`);
  if (how.length === 0) how.push(`    not avoided: ${open ?? "nothing is said of it"}`);
  console.log(`${id} (${guides.join(", ")}): ${instead}\n${how.join("\n")}`);
}
const avoided = traps.filter(isAvoided);
const byTest = traps.filter(({ shown }) => shown.length > 0);
console.log(
  `\n${avoided.length} of ${traps.length} avoided: ${byTest.length} shown by tests, ${avoided.length - byTest.length} by types; ${traps.length - avoided.length} not.`,
);
