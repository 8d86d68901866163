import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { linesOf, partsOf } from "../machine/script.ts";
import { ask } from "./ask.ts";
import type { SystemdClient } from "./client.ts";
import { UnitName } from "./names.ts";

const { read } = actionsOn<SystemdClient>("systemd");

/** Names whose values are no secrets: of levels and of what is switched on (LOGIN_TOKEN is none of them). */
export const PLAIN_VARIABLE =
  /^(?=.*(LOG|LEVEL|DEBUG|VERBOS))(?!.*(PASS|PWD|SECRET|TOKEN|KEY|CRED|LOGIN|AUTH))[A-Z_][A-Z0-9_]{0,60}$/;

// Arguments: unit, name. Files are asked for the name only; what a process has is the value it began with (one line, 40 characters).
const SCRIPT = `main=$(systemctl show --property=MainPID --value -- "$1"); echo "pid \${main:-0}"
systemctl show --property=Environment --value -- "$1" | tr ' ' '\\n' | sed -n "s/^\\"\\{0,1\\}$2=\\([A-Za-z0-9_.:-]*\\).*/unit \\1/p"; echo ==
systemctl show --property=EnvironmentFiles --value -- "$1" | sed -n 's/ (ignore_errors=.*)$//p' | while IFS= read -r f; do
if [ ! -e "$f" ]; then echo "absent $f"; elif [ ! -r "$f" ]; then echo "closed $f"; elif grep -Eq "^[[:space:]]*$2=" -- "$f"; then echo "sets $f"; else echo "without $f"; fi; done; echo ==
if [ -n "$main" ] && [ "$main" != 0 ]; then if [ -r "/proc/$main/environ" ]; then echo readable; tr '\\0' '\\n' <"/proc/$main/environ" | sed -n "s/^$2=//p" | head -n 1 | cut -c 1-40; fi; fi; true`;

const Output = z.object({
  mainPid: z.int(),
  /** What the unit says itself (its file and drop-ins); null: nothing. */
  ofUnit: z.string().nullable(),
  /** Files of EnvironmentFile=, which win over what the unit says itself. */
  files: z.array(z.object({ path: z.string(), is: z.enum(["sets", "without", "closed", "absent"]) })).max(20),
  /** What the main process has; null: it has none. Undefined: it may not be seen (root, or the user it runs as). */
  running: z.string().nullable().optional(),
});
export type VariableOf = z.output<typeof Output>;

/** Where a unit has one variable of its environment from, and what its process really has. Levels and switches only (trap export-no-effect). */
export const variableOf = read({
  name: "systemd.variable-of",
  title: "A variable of a unit's environment",
  input: z.object({
    unit: UnitName,
    name: z.string().regex(PLAIN_VARIABLE, "a name of a level or a switch"),
  }),
  output: Output,
  run: async (client, { unit, name }, context) => {
    const [head = "", files = "", process = ""] = partsOf(await ask(client, SCRIPT, [unit, name], context));
    const [word, value] = linesOf(process);
    return {
      mainPid: Number(/^pid (\d+)$/m.exec(head)?.[1] ?? 0),
      ofUnit: [...head.matchAll(/^unit (.*)$/gm)].at(-1)?.[1] ?? null,
      files: linesOf(files).flatMap((line) => {
        const [, is, path = ""] = /^(sets|without|closed|absent) (.+)$/.exec(line) ?? [];
        return is === undefined ? [] : [{ path, is: is as "sets" | "without" | "closed" | "absent" }];
      }),
      ...(word === "readable" ? { running: value ?? null } : {}),
    };
  },
});
