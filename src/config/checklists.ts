import type { Checklist } from "../core/words/checklist.ts";
import type { Runbook } from "../core/words/runbook.ts";
import type { Complaint, ConfigDocument } from "./document.ts";
import { instead } from "./explain.ts";
import type { ConfigFile } from "./schema.ts";

/** Every id stands once, and routes name checklists that are there. */
export function checkChecklists({ checklists, routes }: ConfigFile, document: ConfigDocument): Complaint[] {
  const ids = checklists.map(({ id }) => id);
  return [
    ...ids.flatMap((id, index) =>
      ids.indexOf(id) === index
        ? []
        : [document.at(["checklists", index, "id"], `checklists.${index}.id: "${id}" stands here twice`)],
    ),
    ...routes.flatMap(({ checklist = [] }, index) =>
      [checklist]
        .flat()
        .flatMap((id) =>
          ids.includes(id)
            ? []
            : [
                document.at(
                  ["routes", index, "checklist"],
                  `routes.${index}.checklist: there is no checklist "${id}"${instead(id, ids)}`,
                ),
              ],
        ),
    ),
  ];
}

/** Items name runbooks that are there. */
export function unknownItems(
  checklists: readonly Checklist[],
  runbooks: readonly Runbook[],
  document: ConfigDocument,
): Complaint[] {
  const known = runbooks.map(({ id }) => id);
  return checklists.flatMap(({ items }, at) =>
    items.flatMap(({ runbook }, index) => {
      const path = ["checklists", at, "items", index, "runbook"];
      return runbook === undefined || known.includes(runbook)
        ? []
        : [
            document.at(
              path,
              `${path.join(".")}: there is no runbook "${runbook}"${instead(runbook, known)}`,
            ),
          ];
    }),
  );
}
