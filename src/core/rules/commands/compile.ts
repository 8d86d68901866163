import { z } from "zod";
import type { Call } from "../../words/action.ts";
import type { Command, Param } from "../../words/command.ts";
import type { ConnectionFace } from "../../words/connection.ts";
import { facts, table } from "../../words/evidence.ts";
import type { Finding } from "../../words/finding.ts";
import { clip, count } from "../../words/format.ts";
import type { Json } from "../../words/json.ts";
import { named, Reading } from "../../words/reading.ts";
import type { AnyRemedy, AnySeen, Runbook, RunbookVersion, RunContext } from "../../words/runbook.ts";
import { chosenOf } from "../../words/runbook.ts";
import { sayCell } from "../checks/fill.ts";
import { guideLine } from "../guide-line.ts";
import { sayCells } from "./asked.ts";
import { boundOf, type Fits } from "./bind.ts";
import { COMMANDS_FACT, remedyParts } from "./offer.ts";

/** A command that connections of a kind declare, and where. */
export interface Declared {
  readonly name: string;
  readonly kind: string;
  readonly command: Command;
  /** SHA-256 of its declaration. */
  readonly declared: string;
  readonly systems: readonly string[];
  /** Items of guides, of all systems that declare it. */
  readonly covers: readonly string[];
}

const STEP = { read: "answer", write: "now" } as const;
const REMEDY = "do";
const MOST_SHOWN = 20;

/**
 * A command as the runbook the engine runs. A read shows its answer and judges nothing. A write shows how things stand, and is
 * proposed: it waits for approval like any remedy. Pure.
 */
export function compileCommand(of: Declared, version: RunbookVersion, fits: Fits): Runbook {
  const { command, name, kind } = of;
  const { effect, title } = command;
  return {
    ...version,
    id: name,
    title,
    needs: [kind],
    covers: of.covers,
    guide: command.guide,
    params: z.object(
      Object.fromEntries(Object.entries(command.params).map(([one, param]) => [one, shapeOf(param, fits)])),
    ),
    alerts: [],
    forPeople: true,
    only: { systems: of.systems },
    stages: [
      (_seen, context) => ({
        [STEP[effect]]:
          effect === "read"
            ? callOn(of, context, `${kind}.ask`, commandCall(of, context))
            : callOn(of, context, `${kind}.state`, writeCall(of, context)),
      }),
    ],
    findings: (seen, context) => (effect === "read" ? answerOf(of, seen) : proposalOf(of, seen, context)),
    remedies: effect === "read" ? {} : { [REMEDY]: remedyOf(of) },
  };
}

function shapeOf(param: Param, fits: Fits): z.ZodType {
  const shape = bareShape(param, fits).describe(param.title ?? "");
  return param.default === undefined ? shape : shape.default(param.default);
}

function bareShape(param: Param, fits: Fits): z.ZodType {
  if (param.type === "enum") return z.enum(param.values);
  if (param.type === "integer") return z.int().min(param.min).max(param.max);
  return z
    .string()
    .max(200)
    .superRefine((value, context) => {
      const bound = boundOf(param, value, fits);
      if (typeof bound === "string") context.addIssue({ code: "custom", message: bound });
    });
}

/**
 * The connection chosen for the run. Only where that is no more than the first of its kind, and has no such command, the first that
 * has it: what a person chose is never exchanged for another.
 */
function connectionFor({ name, kind }: Declared, context: RunContext): ConnectionFace | undefined {
  const has = (face: ConnectionFace | undefined) => {
    const names = face?.about?.[COMMANDS_FACT];
    return Array.isArray(names) && names.includes(name);
  };
  const chosen = chosenOf(context, kind);
  const mine = context.system.connections.filter((face) => face.kind === kind);
  return has(chosen) || chosen?.name !== mine[0]?.name ? chosen : mine.find(has);
}

function callOn(of: Declared, context: RunContext, action: string, input: Json): Call {
  const on = connectionFor(of, context)?.name;
  return { action, input, ...(on === undefined ? {} : { on }) };
}

const commandCall = ({ name }: Declared, { params }: RunContext) =>
  ({ command: name, params: params as Readonly<Record<string, string | number>> }) as const;

const writeCall = (of: Declared, context: RunContext) => ({
  ...commandCall(of, context),
  declared: of.declared,
});

function readingOf(seen: AnySeen, step: string): Reading | undefined {
  const one = seen[step];
  return one?.ok === true ? Reading.parse(one.value) : undefined;
}

function answerOf({ command }: Declared, seen: AnySeen): Finding[] {
  const reading = readingOf(seen, STEP.read);
  if (reading === undefined) return [];
  const { columns, rows, more } = reading;
  const names = columns.map(({ name }) => name);
  const cells = rows.slice(0, MOST_SHOWN).map((row) => row.map((cell) => clip(sayCell(cell), 200)));
  const [first] = cells;
  return [
    {
      id: "answer",
      severity: "info",
      title: `${command.title}: ${count(rows.length, "row")}${more ? " and more" : ""}`,
      because: "This is what the command answered. Whether that is well nobody has judged: a check can.",
      evidence: [
        ...(first === undefined
          ? []
          : cells.length === 1
            ? [facts(Object.fromEntries(names.map((name, index) => [name, first[index] ?? "–"])))]
            : [
                table(
                  names,
                  cells,
                  ...(rows.length > MOST_SHOWN ? [`${MOST_SHOWN} of ${count(rows.length, "row")}`] : []),
                ),
              ]),
        ...guideLine(command),
      ],
    },
  ];
}

function proposalOf(of: Declared, seen: AnySeen, { params }: RunContext): Finding[] {
  const reading = readingOf(seen, STEP.write);
  const names = reading?.columns.map(({ name }) => name) ?? [];
  const cells = (reading === undefined ? undefined : named(reading)[0]) ?? {};
  const state = names.length === 0 ? "" : ` Now: ${sayCells(cells, names)}.`;
  return [
    {
      id: "asked",
      severity: "info",
      title: `${of.command.title}: asked for`,
      because: `Somebody asked for it; that it helps nobody has found out.${state}`,
      evidence: [
        ...(Object.keys(params).length === 0 ? [] : [facts(params as Record<string, string | number>)]),
        ...guideLine(of.command),
      ],
      remedies: [REMEDY],
    },
  ];
}

function remedyOf(of: Declared): AnyRemedy {
  const { within, ...parts } = remedyParts(of.command);
  return {
    ...parts,
    do: (_seen, context) => [callOn(of, context, `${of.kind}.run`, writeCall(of, context))],
    // What the action promises of itself is all there is to ask: `settled`, or the probe.
    verify: { within, check: () => ({}), holds: () => true },
  };
}
