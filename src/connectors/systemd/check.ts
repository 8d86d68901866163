import { shellWord } from "../../core/rules/paste.ts";
import type { ActionContext } from "../../core/words/action.ts";
import type { ConnectionCheck } from "../../core/words/connector.ts";
import { count, listed } from "../../core/words/format.ts";
import { partsOf } from "../machine/script.ts";
import { ask } from "./ask.ts";
import type { SystemdClient } from "./client.ts";
import { KEPT, keptOf } from "./journal.ts";
import { isGlob } from "./names.ts";
import { findUnits } from "./units.ts";

// Arguments: units. Which of the lines a sudoers file must hold are there already: `sudo -l` with a command says yes or no.
const MAY = `for unit; do sudo -n -l systemctl restart --no-block -- "$unit" >/dev/null 2>&1 && echo "$unit"; done; true`;

/** What the connection lacks: units that match, the journal, and the right to change what it names, by sudoers or polkit. */
export async function checkSystemd(
  client: SystemdClient,
  context: ActionContext,
): Promise<ConnectionCheck[]> {
  const { names, matchNothing } = await findUnits(client, client.units, context);
  const said = partsOf(await ask(client, KEPT, [], context));
  const user = said[0]?.split("\n")[0] ?? "";
  const allowed = client.sudo ? (await ask(client, MAY, names, context)).split("\n").filter(Boolean) : [];
  return judgeSystemd({
    user,
    names,
    missing: matchNothing,
    kept: keptOf(said, 0).unseen,
    sudo: client.sudo,
    allowed,
  });
}

interface Seen {
  readonly user: string;
  readonly names: readonly string[];
  readonly missing: readonly string[];
  readonly kept: ReturnType<typeof keptOf>["unseen"];
  readonly sudo: boolean;
  readonly allowed: readonly string[];
}

/** Pure. Exported for its test. */
export function judgeSystemd({ user, names, missing, kept, sudo, allowed }: Seen): ConnectionCheck[] {
  const units = names.filter((name) => !isGlob(name));
  return [
    { name: "reach", state: "ok", detail: `systemd answers, as ${user}` },
    missing.length === 0
      ? { name: "units", state: "ok", detail: count(units.length, "unit") }
      : {
          name: "units",
          state: units.length === 0 ? "missing" : "warning",
          detail: `no unit is meant by ${listed(missing, 5)}`,
          fix: "correct `units:` of the connection in diagbot.yaml",
        },
    ...kept.map(
      ({ what, why, fix }): ConnectionCheck => ({
        name: "journal",
        state: "warning",
        detail: `${what}: ${why}`,
        ...(fix === undefined ? {} : { fix }),
      }),
    ),
    mayChange(user, units, sudo, allowed),
  ];
}

function mayChange(
  user: string,
  units: readonly string[],
  sudo: boolean,
  allowed: readonly string[],
): ConnectionCheck {
  const name = "changes";
  if (user === "root")
    return {
      name,
      state: "warning",
      detail: "root: it could change anything",
      fix: "use an ordinary user, with `sudo: true` and lines for these units in sudoers",
    };
  const lacking = units.filter((unit) => !allowed.includes(unit));
  if (sudo && lacking.length === 0) return { name, state: "ok", detail: "sudo allows it" };
  if (sudo)
    return {
      name,
      state: "warning",
      detail: `sudo does not let ${user} restart ${listed(lacking)}`,
      fix: "on that machine (daemon-reload and drop-ins only where limits are to be set)",
      paste: ["sudo visudo -f /etc/sudoers.d/diagbot", ...sudoersOf(user, lacking)],
    };
  return {
    name,
    state: "warning",
    detail: `whether polkit lets ${user} start and stop units is not tried`,
    fix: "either `sudo: true` with lines in sudoers, or this rule of polkit; on that machine",
    paste: polkitOf(user, units),
  };
}

/** Exactly what diagbot runs, and nothing else. `\:` and `\,` as sudoers wants them. */
export const sudoersOf = (user: string, units: readonly string[]): string[] =>
  units
    .flatMap((unit) => {
      const word = unit.replaceAll(/([\\:,=*?!])/g, "\\$1");
      const folder = `/etc/systemd/system/${word}.d`;
      const may = (command: string) => `${user} ALL=(root) NOPASSWD: ${command}`;
      return [
        ...["start", "stop", "restart", "reload"].map((verb) =>
          may(`/usr/bin/systemctl ${verb} --no-block -- ${word}`),
        ),
        may(`/usr/bin/systemctl reset-failed -- ${word}`),
        ...["open-files", "memory", "tasks", "log-level", "cpu"].flatMap((key) => [
          may(`/usr/bin/install -D -m 0644 /dev/stdin ${folder}/diagbot-${key}.conf`),
          may(`/usr/bin/rm -f -- ${folder}/diagbot-${key}.conf`),
        ]),
      ];
    })
    .concat(units.length === 0 ? [] : [`${user} ALL=(root) NOPASSWD: /usr/bin/systemctl daemon-reload`]);

/** A rule file: these units and verbs only. */
export const polkitOf = (user: string, units: readonly string[]): string[] => {
  const rule = `polkit.addRule(function(action, subject) { if (action.id == "org.freedesktop.systemd1.manage-units" && subject.user == ${JSON.stringify(user)} && ${JSON.stringify(units)}.indexOf(action.lookup("unit")) >= 0 && ["start", "stop", "restart", "reload", "reset-failed"].indexOf(action.lookup("verb")) >= 0) return polkit.Result.YES; });`;
  return [`echo ${shellWord(rule)} | sudo tee /etc/polkit-1/rules.d/50-diagbot.rules`];
};
