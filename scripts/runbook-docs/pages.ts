import { runbooks } from "../../runbooks/index.ts";
import { indexPage, runbookPage } from "./page.ts";
import { readSource } from "./sources.ts";
import { toldApart } from "./told-apart.ts";

/** File name in docs/runbooks/ to what it must hold. */
export const runbookPages = (): ReadonlyMap<string, string> =>
  new Map([
    ["README.md", indexPage(runbooks)],
    ...runbooks.map((one): [string, string] => [
      `${one.id}.md`,
      runbookPage(one, readSource(one.id), toldApart(one.id)),
    ]),
  ]);
