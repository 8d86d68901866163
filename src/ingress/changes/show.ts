import type { Catalog } from "../../core/ports/catalog.ts";
import type { Intake } from "../../core/ports/intake.ts";
import type { Reader } from "../../core/ports/reader.ts";
import type { Caller } from "../../core/words/caller.ts";
import type { Change } from "../../core/words/change.ts";
import { sayDuration } from "../../core/words/duration.ts";
import { DiagError } from "../../core/words/errors.ts";
import { count, sayWhen } from "../../core/words/format.ts";
import { asTable, type Reply, say } from "../../core/words/reply.ts";
import { systemNamed } from "../check-run.ts";
import { mustRead } from "../rights.ts";

const DAY_MS = 86_400_000;

/** Notes down what was changed, of systems that there are. Throws `bad_change`. */
export async function noteChanges(
  { catalog, intake }: { readonly catalog: Catalog; readonly intake: Pick<Intake, "noteChanges"> },
  changes: readonly Change[],
): Promise<number> {
  const ids = catalog.systems.map(({ id }) => id);
  const wrong = changes.findIndex(({ system }) => !ids.includes(system));
  const { system } = changes[wrong] ?? {};
  if (system !== undefined)
    throw new DiagError("bad_change", `system: there is no system "${system}" (change ${wrong + 1})`, {
      hint: `there are: ${ids.join(", ").slice(0, 500)}`,
    });
  return intake.noteChanges(changes);
}

/** What was changed on a system in the last day, the newest first. */
export async function showChanges(
  { catalog, reader }: { readonly catalog: Catalog; readonly reader: Reader },
  caller: Caller,
  name: string,
  now = new Date(),
): Promise<Reply> {
  const { id } = systemNamed(catalog, name);
  mustRead(catalog, caller, id);
  const changes = await reader.changes(id, new Date(now.getTime() - DAY_MS));
  const rows = changes.map(({ at, kind, title, by, link }) => [
    `${sayWhen(at, now)} (${sayDuration(now.getTime() - at.getTime())} ago)`,
    ...[kind, title, by ?? "–", link ?? "–"],
  ]);
  const reply =
    changes.length === 0
      ? say(
          `Nobody told of a change of ${id} in the last day`,
          "Deployments, flags and migrations are known where their tools send them to `/webhooks/changes` (docs/changes.md).",
        )
      : say(
          `${count(changes.length, "change")} of ${id} in the last day`,
          asTable(["when", "kind", "what", "by", "link"], rows),
        );
  return {
    ...reply,
    data: { system: id, changes: changes.map((one) => ({ ...one, at: one.at.toISOString() })) },
  };
}
