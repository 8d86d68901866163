import type { Commands } from "../../words/command.ts";
import { canonical } from "../../words/json.ts";

/**
 * The text of a command's declaration with all that it rests on: what it asks, and what takes it back. Its SHA-256 stands in a
 * plan: what reads differently when it is carried out was not what was approved.
 */
export function declarationOf(commands: Commands, name: string): string {
  const seen = new Map<string, unknown>();
  const follow = (one: string): void => {
    const command = commands[one];
    if (command === undefined || seen.has(one)) return;
    // Where it comes from is no part of what it does.
    const { covers: _items, guide: _page, ...does } = command;
    seen.set(one, does);
    const { probe, preview, settled, requires, undo } = command;
    for (const question of [probe, preview, settled, ...requires])
      if (question !== undefined) follow(question.ask);
    if (undo !== undefined && "command" in undo) follow(undo.command);
  };
  follow(name);
  return canonical(Object.fromEntries(seen));
}
