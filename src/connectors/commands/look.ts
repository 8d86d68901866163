import { z } from "zod";
import {
  callOf,
  conditionsOf,
  filled,
  hold,
  type Question,
  rowOf,
  sayCells,
  witnessColumns,
} from "../../core/rules/commands/asked.ts";
import { bind } from "../../core/rules/commands/bind.ts";
import { declarationOf } from "../../core/rules/commands/declaration.ts";
import type { ActionContext } from "../../core/words/action.ts";
import type { Condition } from "../../core/words/check.ts";
import {
  type Command,
  type CommandCall,
  MOST_SECONDS,
  type Values,
  WriteCall,
} from "../../core/words/command.ts";
import { DiagError } from "../../core/words/errors.ts";
import { Cell, type Cells } from "../../core/words/reading.ts";
import { sha256 } from "../../lib/sha256.ts";
import { fits } from "./knowing.ts";
import type { Runner } from "./runner.ts";

/** Longer than any single question: a preview asks several. */
export const SECONDS = MOST_SECONDS + 10;
export const CellsShape = z.record(z.string(), Cell);
/** What an approval rests on: the declaration, how things stood, and what takes it back. */
export const WitnessShape = z.object({
  declared: z.string(),
  before: CellsShape,
  undo: WriteCall.nullable(),
});

/** A declared command with its values. */
export interface Found<C extends Command> {
  readonly command: C;
  readonly call: CommandCall;
  readonly values: Values;
}

/** The questions of declared commands, over a runner. */
export class Look<Client, C extends Command> {
  readonly #runner: Runner<Client, C>;
  readonly #client: Client;
  readonly #context: ActionContext;

  constructor(runner: Runner<Client, C>, client: Client, context: ActionContext) {
    this.#runner = runner;
    this.#client = client;
    this.#context = context;
  }

  /** Throws `bad_parameter`: there is no such command, or its parameters do not fit. */
  find({ command: name, params }: CommandCall, effect: Command["effect"]): Found<C> {
    const command = this.#runner.commands(this.#client)[name];
    if (command?.effect !== effect)
      throw new DiagError(
        "bad_parameter",
        `the connection declares no command ${name} with effect: ${effect}`,
      );
    return { command, call: { command: name, params }, values: bind(command, params, fits) };
  }

  /** Of a call's parameters those that another command has, too. */
  paramsOf(name: string, { params }: CommandCall): CommandCall["params"] {
    const has = this.#runner.commands(this.#client)[name]?.params ?? {};
    return Object.fromEntries(Object.entries(params).filter(([one]) => one in has));
  }

  /** Whether the command takes those values. */
  takes(call: CommandCall): boolean {
    try {
      this.find(call, "write");
      return true;
    } catch {
      return false;
    }
  }

  /** How long a write may take with the questions that are asked just before. */
  secondsOf({ command }: Found<C>): number {
    const commands = this.#runner.commands(this.#client);
    const asked = [command.probe, ...command.requires].map(
      (question) => commands[question?.ask ?? ""]?.timeoutSeconds ?? 0,
    );
    return Math.min(SECONDS, Math.ceil(command.timeoutSeconds + asked.reduce((sum, one) => sum + one, 2)));
  }

  /** What would be carried out, in words. */
  act({ command, values }: Found<C>): string {
    return this.#runner.act(this.#client, command, values);
  }

  digest(name: string): string {
    return sha256(declarationOf(this.#runner.commands(this.#client), name));
  }

  /** Throws `target_refused` where what was approved reads differently now. */
  declared(input: WriteCall): Found<C> {
    const found = this.find(input, "write");
    if (this.digest(input.command) !== input.declared)
      throw new DiagError("target_refused", `${input.command} is declared differently now: nothing was sent`);
    return found;
  }

  /** The row of a question's answer that counts. */
  async row(found: Found<C>, question: Question): Promise<Cells> {
    const reading = await this.answer(found, question);
    const where = filled(question.where, found.values) ?? {};
    return rowOf(reading, where);
  }

  async answer({ call, values }: Found<C>, { ask, params }: Pick<Question, "ask" | "params">) {
    const asked = this.#runner.commands(this.#client)[ask];
    const made = asked && callOf({ ask, params }, asked, call.params, values);
    if (made === undefined) throw new DiagError("bad_parameter", `${ask} cannot be asked`);
    const read = this.find(made, "read");
    return this.#runner.ask(this.#client, read.command, read.values, this.#context);
  }

  /** What the probe sees now: the columns that an approval rests on. */
  async state(found: Found<C>): Promise<{ readonly row: Cells; readonly kept: Cells }> {
    const { probe } = found.command;
    if (probe === undefined) return { row: {}, kept: {} };
    const row = await this.row(found, probe);
    const kept = witnessColumns(found.command).map((name) => [name, row[name] ?? null] as const);
    return { row, kept: Object.fromEntries(kept) };
  }

  /** Whether the probe says that it has happened; undefined: that shows only against what was before. */
  isDone({ command, values }: Found<C>, row: Cells, before?: Cells): boolean | undefined {
    return hold(conditionsOf(command.probe?.when ?? {}, values), row, before);
  }

  /** Why it may not be done now; undefined: nothing speaks against it. */
  async refusal(found: Found<C>): Promise<string | undefined> {
    for (const required of found.command.requires) {
      const row = await this.row(found, required);
      if (hold(conditionsOf(required.when, found.values), row) !== true)
        return `${required.otherwise} (${required.ask}: ${sayCells(row, Object.keys(required.when))})`;
    }
    return undefined;
  }

  /** Conditions that show its effect, and the row they are about. */
  async settled(found: Found<C>): Promise<{ row: Cells; when: Record<string, Condition> }> {
    const question = found.command.settled ?? found.command.probe;
    if (question === undefined) return { row: {}, when: {} };
    const row = await this.row(found, question);
    return { row, when: conditionsOf(question.when, found.values) };
  }
}
