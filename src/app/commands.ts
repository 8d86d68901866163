import { fits } from "../connectors/commands/knowing.ts";
import { compileCommand, type Declared } from "../core/rules/commands/compile.ts";
import { declarationOf } from "../core/rules/commands/declaration.ts";
import { partsOf } from "../core/rules/commands/offer.ts";
import { kindNamed } from "../core/rules/connections.ts";
import type { Check } from "../core/words/check.ts";
import type { Offers } from "../core/words/command.ts";
import { canonical } from "../core/words/json.ts";
import type { ConnectionKind } from "../core/words/kind.ts";
import type { Runbook } from "../core/words/runbook.ts";
import type { System } from "../core/words/system.ts";
import { sha256 } from "../lib/sha256.ts";
import { VERSION } from "../version.ts";

/** Every command that a connection declares, once: the same name is the same command, on all systems that have it. */
export function declaredCommands(
  systems: readonly System[],
  kinds: readonly ConnectionKind[],
): readonly Declared[] {
  const found = new Map<string, Declared>();
  for (const { id, connections } of systems)
    for (const { kind, settings } of Object.values(connections)) {
      const commands = kindNamed(kinds, kind)?.commands?.(settings) ?? {};
      for (const [name, command] of Object.entries(commands)) {
        const known = found.get(name);
        const declared = sha256(declarationOf(commands, name));
        found.set(name, {
          name,
          kind,
          command,
          declared,
          systems: [...new Set([...(known?.systems ?? []), id])],
          covers: [...new Set([...(known?.covers ?? []), ...command.covers])],
        });
      }
    }
  return [...found.values()];
}

/** The writes that findings of checks may offer, as `<connection>.<command>`. */
export const offersOf =
  (all: readonly Declared[]): Offers =>
  (run) => {
    const found = all.find(({ name, command }) => name === partsOf(run).name && command.effect === "write");
    return found && { kind: found.kind, command: found.command, declared: found.declared };
  };

/** A check with what it offers: where that is declared differently, the check reads differently, too. */
export const withOffers = (check: Check, offers: Offers): unknown => {
  const declared = check.findings.flatMap(({ remedy }) =>
    remedy === undefined ? [] : [offers(remedy.run)?.declared ?? null],
  );
  return declared.length === 0 ? check : { check, declared };
};

/** A runbook with the declared writes it offers. */
export interface Bound {
  readonly runbook: Runbook;
  /** Those that nothing declares: they stay advice. */
  readonly missing: readonly string[];
}

/** Where a declared write that a runbook offers is declared differently, the runbook reads differently, too. */
export function withDeclared(runbook: Runbook, offers: Offers): Bound {
  const found = Object.entries(runbook.remedies).flatMap(([key, remedy]) =>
    remedy.advice === undefined || remedy.declared === undefined
      ? []
      : [{ key, ...remedy.declared, offer: offers(remedy.declared.run) }],
  );
  if (found.length === 0) return { runbook, missing: [] };
  const made = found.flatMap(({ key, as, offer }) =>
    offer === undefined ? [] : [[key, as(offer)] as const],
  );
  const sums = found.map(({ offer }) => offer?.declared ?? null);
  return {
    runbook: {
      ...runbook,
      digest: sha256(canonical([runbook.digest, ...sums])),
      remedies: { ...runbook.remedies, ...Object.fromEntries(made) },
    },
    missing: found.flatMap(({ run, offer }) => (offer === undefined ? [run] : [])),
  };
}

/** A runbook for each of them. */
export const commandRunbooks = (
  all: readonly Declared[],
): readonly { readonly name: string; readonly runbooks: readonly Runbook[] }[] =>
  all.map((declared) => ({
    name: `the command ${declared.name} of ${declared.systems.join(", ")}`,
    runbooks: [compileCommand(declared, { version: VERSION, digest: declared.declared }, fits)],
  }));
