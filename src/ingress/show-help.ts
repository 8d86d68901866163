import type { Catalog } from "../core/ports/catalog.ts";
import { paramFields } from "../core/rules/param-field.ts";
import { mayRunOn } from "../core/rules/runnable.ts";
import { DiagError } from "../core/words/errors.ts";
import { sayGuide } from "../core/words/guide.ts";
import type { Command } from "../core/words/intent.ts";
import { asTable, type Reply, say } from "../core/words/reply.ts";
import type { Runbook } from "../core/words/runbook.ts";
import { facesOf, kindsOf, type System } from "../core/words/system.ts";
import { closest } from "../lib/closest.ts";
import { runnableOn, systemNamed } from "./check-run.ts";
import { describeField } from "./params.ts";

/** All subcommands, or one subcommand or runbook explained. */
export function showHelp(catalog: Catalog, commands: readonly Command[], topic?: string): Reply {
  if (topic === undefined)
    return say(
      "What you can ask",
      commands.map(({ usage, summary }) => `\`${`/diag ${usage}`.trim()}\` – ${summary}`).join("\n"),
      catalog.systems.some(({ auto }) => Object.keys(auto).length > 0)
        ? "Diagnoses only look. Whatever would change something waits in its thread for an approval; what diagbot.yaml lets go without one, `/diag auto` shows."
        : "Diagnoses only look. Whatever would change something waits in its thread for an approval.",
    );
  const command = commands.find(({ name }) => name === topic);
  if (command !== undefined) return say(`/diag ${command.usage}`.trim(), `${command.summary}.`);
  const runbook = catalog.runbooks.find(({ id }) => id === topic);
  if (runbook !== undefined) return explainRunbook(catalog, runbook);
  const near = closest(topic, [...commands.map(({ name }) => name), ...catalog.runbooks.map(({ id }) => id)]);
  throw new DiagError("unknown_command", `there is no command or runbook "${topic}"`, {
    hint: near === undefined ? "type `/diag help`" : `did you mean \`/diag help ${near}\`?`,
  });
}

function explainRunbook(catalog: Catalog, runbook: Runbook): Reply {
  const guide = sayGuide(runbook);
  const systems = catalog.systems.filter((system) => mayRunOn(system, runbook));
  const fields = paramFields(runbook).map(describeField);
  return say(
    runbook.title,
    [
      `\`/diag <system> ${runbook.id} [key=value …]\``,
      runbook.needs.length === 0 ? "Needs no particular connection." : `Needs: ${runbook.needs.join(", ")}.`,
      `Systems: ${systems.map(({ id }) => id).join(", ") || "none can run it"}.`,
      ...(guide === undefined ? [] : [`From the guide: ${guide}.`]),
      "Also: `postgres=<connection>` (any kind) chooses a connection, `for=45m` takes remedies back after that time.",
    ].join("\n"),
    fields.length === 0 ? "No parameters." : `Parameters:\n${fields.map((line) => `• ${line}`).join("\n")}`,
  );
}

/** The systems, or what one of them can run. */
export function showList(catalog: Catalog, name?: string): Reply {
  if (name === undefined)
    return {
      ...say(
        catalog.systems.length === 0 ? "No system is configured" : "Systems",
        asTable(
          ["system", "connections", "runbooks"],
          catalog.systems.map((system) => [
            system.id,
            kindsOf(system).join(", "),
            String(runnableOn(catalog, system).length),
          ]),
        ),
      ),
      data: { systems: catalog.systems.map((system) => systemJson(catalog, system)) },
    };
  const system = systemNamed(catalog, name);
  const runnable = runnableOn(catalog, system);
  const hasGuide = runnable.some((runbook) => itemsOf(system, runbook).length > 0);
  return {
    ...say(
      `Runbooks of ${system.id}`,
      asTable(
        ["runbook", "what it is about", ...(hasGuide ? ["from the guide"] : [])],
        runnable.map((runbook) => [
          runbook.id,
          runbook.title,
          ...(hasGuide ? [itemsOf(system, runbook).join(", ") || "–"] : []),
        ]),
      ),
    ),
    data: systemJson(catalog, system),
  };
}

/** What of the guide of this very system a runbook carries out: words of other systems' guides say nothing here. */
const itemsOf = ({ id }: System, { covers }: Runbook): string[] =>
  covers.filter((item) => item.startsWith(`${id}.`)).map((item) => item.slice(id.length + 1));

const systemJson = (catalog: Catalog, system: System) => ({
  id: system.id,
  connections: facesOf(system).map(({ name, kind }) => ({ name, kind })),
  runbooks: runnableOn(catalog, system).map(({ id, title }) => ({ id, title })),
});
