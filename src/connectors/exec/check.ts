import type { ActionContext, OutputOf } from "../../core/words/action.ts";
import type { ConnectionCheck } from "../../core/words/connector.ts";
import { count } from "../../core/words/format.ts";
import type { HealthWord } from "../../core/words/health.ts";
import type { ExecClient } from "./client.ts";
import { programs } from "./programs.ts";

type Programs = OutputOf<typeof programs>["programs"];
const isBad = ({ state }: Programs[number]): boolean => state === "absent" || state === "closed";

/** Whether every declared program is there. */
export async function checkExec(client: ExecClient, context: ActionContext): Promise<ConnectionCheck[]> {
  const { programs: all } = programs.action.output.parse(
    await programs.action.run(client, {}, context),
  ) as OutputOf<typeof programs>;
  return judgePrograms(all, client.machine.label);
}

/** Pure. Exported for its test. */
export function judgePrograms(all: Programs, label: string): ConnectionCheck[] {
  const bad = all.filter(isBad);
  return [
    { name: "reach", state: "ok", detail: `${label}: ${count(all.length, "command")}` },
    ...bad.map(
      ({ command, program, state }): ConnectionCheck => ({
        name: "program",
        state: "missing",
        detail: `${command}: ${program} ${state === "absent" ? "is not there" : "may not be run"}`,
        fix: "correct `argv:` of the command in diagbot.yaml, or install it there for diagbot's user",
      }),
    ),
  ];
}

/** Its row in the health matrix: what cannot be run when it is needed is wrong now. */
export function judgeHealth({ programs: all }: OutputOf<typeof programs>): HealthWord {
  const bad = all.filter(isBad);
  const [first] = bad;
  if (first === undefined) return `${count(all.length, "command")} at hand`;
  return {
    word: `${count(bad.length, "program")} missing`,
    because: `${bad
      .map(({ command, program }) => `${program} of ${command}`)
      .slice(0, 5)
      .join(", ")}: not there, or not to be run by diagbot's user.`,
    severity: "warning",
    next: "Install it on that machine, or correct `argv:` of the command in diagbot.yaml.",
  };
}
