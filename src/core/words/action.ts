import type { z } from "zod";
import type { ConnectionFace } from "./connection.ts";
import type { Duration } from "./duration.ts";
import { DiagError } from "./errors.ts";
import type { Json } from "./json.ts";
import type { Risk } from "./risk.ts";

/** What will be executed: plain JSON, so it can be shown, hashed, approved and stored. `__out` is a phantom. */
export interface Call<Out = unknown> {
  readonly action: string;
  readonly input: Json;
  /** Name of the connection; absent: the run's connection of the action's kind. */
  readonly on?: string;
  readonly __out?: Out;
}

/** Named calls of one stage: they run in parallel. */
export type Steps = Readonly<Record<string, Call>>;

/** What the steps return, by name. */
export type Values<S> = { readonly [K in keyof S]: S[K] extends Call<infer Out> ? Out : never };

/** What an action needs: the name of a kind of connection, or `endpoint`: any connection with a network address. */
export type Needs = string;

/**
 * What may be done with an attempt whose outcome nobody recorded:
 * `keyed` sent again with the same key; `cas` sent again with the same precondition; `guarded` never repeated by the machine.
 */
export type EffectClass = "keyed" | "cas" | "guarded";

/** What an action may use while it runs. `signal` fires at the timeout, on cancel and when the worker loses its lease. */
export interface ActionContext {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly connection: ConnectionFace;
}

/** A write also has a key that is the same for every attempt of this step, and a deadline after which it must have no effect. */
export interface WriteContext extends ActionContext {
  readonly effectKey: string;
  /**
   * The state that was approved, as `preview` has returned it: what it cannot say in its input, `run` compares once more. Null for
   * a call that takes another one back: nobody has previewed it, and what it rests on stands in its input.
   */
  readonly witness: Json;
  /** Milliseconds left on a monotonic clock; a write must not be sent with less than it needs. */
  remainingMs(): number;
}

/** Exactly what would change, and the state it was decided on. Equal witness later: still the same situation. */
export interface Preview {
  /** One plain line per change, e.g. `terminate session 4711 (app orders, idle 22 min)`. */
  readonly changes: readonly string[];
  readonly witness: Json;
  /** Where it depends on the target: raises the action's risk, never lowers it. */
  readonly risk?: Risk;
  /** Where the target says how long the call may take: at most the action's own time. */
  readonly timeoutSeconds?: number;
  /** Set when there is nothing to do: why. */
  readonly nothingToDo?: string;
  /** Set when a guard refuses: why. The remedy is then not offered. */
  readonly refused?: string;
}

/** After a crash: did the effect happen? `evidence` is a sentence for the human who may have to decide. */
export interface Probed {
  readonly verdict: "done" | "not-done" | "unknown";
  readonly evidence: string;
}

interface ActionBase {
  /** `kind.verb-noun`, e.g. `postgres.connection-usage`. */
  readonly name: string;
  /** One line for people: what it looks at or does. */
  readonly title: string;
  readonly needs: Needs;
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  /** Default 10. */
  readonly timeoutSeconds: number;
}

/** Looks; changes nothing; may be repeated. */
export interface ReadAction extends ActionBase {
  readonly effect: "read";
  run(client: unknown, input: unknown, context: ActionContext): Promise<unknown>;
}

/** Changes something. Its dangers are guarded here, so no runbook can forget them. */
export interface WriteAction extends ActionBase {
  readonly effect: "write";
  readonly class: EffectClass;
  readonly risk: Risk;
  /** What must not be changed by two at once; the engine locks `<connection>/<target>`. */
  target(input: unknown): string;
  preview(client: unknown, input: unknown, context: ActionContext): Promise<Preview>;
  /** Differences that void an approval; default: any difference of the witnesses. */
  drift?(then: Json, now: Json): string[];
  /** Only makes the call. Throw `target_refused` only where it is proven that nothing was done. */
  run(client: unknown, input: unknown, context: WriteContext): Promise<unknown>;
  probe(client: unknown, input: unknown, witness: Json, context: ActionContext): Promise<Probed>;
  /** The call that takes it back, from what was there before (`witness`) and what was returned; or why nothing does. */
  readonly undo: Undo<unknown, unknown>;
  /** Where nothing takes it back and nothing has to be: what is as it was set before, e.g. `it runs with the settings it had`. */
  readonly asBefore?: string | undefined;
  /** What undoing it cannot bring back, in a few words: shown before it is approved and after it was undone. */
  readonly leaves?: string | undefined;
  /** What the call did, with figures before and after, e.g. `maxmemory 64.0 MiB → 128 MiB`: said when it was an undo. */
  says?(input: unknown, output: unknown): string;
  readonly settled?: Settled | undefined;
}

/** `none: clients connect again by themselves`. */
export type NoUndo = `none: ${string}`;
type Undo<I, O> = ((input: I, witness: Json, output: O) => Call | undefined) | NoUndo;

/**
 * How it is known that a write had its effect: reads on the same connection, frozen with the plan, and what must hold of
 * their values. Judged on the frozen input and the recorded output, never on a new diagnosis. Default `within`: 30 s.
 */
export interface Settled {
  readonly within?: Duration | undefined;
  check(input: unknown): Steps;
  holds(after: Readonly<Record<string, unknown>>, input: unknown, output: unknown): boolean;
  /**
   * Figures before and after in a few words, e.g. `waiting sessions 4 → 0`. `before`: what the same reads returned in the
   * diagnosis, where it made them. For people only: empty, or thrown, it is left out.
   */
  figures?(
    after: Readonly<Record<string, unknown>>,
    input: unknown,
    output: unknown,
    before: Readonly<Record<string, unknown>>,
  ): string;
}

/** The call that takes a write back; undefined where there is none. */
export const undoCall = (
  action: WriteAction,
  input: unknown,
  witness: Json,
  output: unknown,
): Call | undefined =>
  typeof action.undo === "string" ? undefined : action.undo(action.input.parse(input), witness, output);

export type Action = ReadAction | WriteAction;

interface Typed<C, I extends z.ZodType, O extends z.ZodType> {
  name: string;
  title: string;
  input: I;
  output: O;
  timeoutSeconds?: number;
  run(client: C, input: z.output<I>, context: ActionContext): Promise<z.input<O>>;
}

interface TypedWrite<C, I extends z.ZodType, O extends z.ZodType, S extends Steps>
  extends Omit<Typed<C, I, O>, "run"> {
  class: EffectClass;
  risk: Risk;
  target(input: z.output<I>): string;
  preview(client: C, input: z.output<I>, context: ActionContext): Promise<Preview>;
  drift?(then: Json, now: Json): string[];
  run(client: C, input: z.output<I>, context: WriteContext): Promise<z.input<O>>;
  probe(client: C, input: z.output<I>, witness: Json, context: ActionContext): Promise<Probed>;
  undo: Undo<z.output<I>, z.output<O>>;
  asBefore?: string;
  leaves?: string;
  says?(input: z.output<I>, output: z.output<O>): string;
  settled?: {
    within?: Duration;
    check(input: z.output<I>): S;
    holds(after: Values<S>, input: z.output<I>, output: z.output<O>): boolean;
    figures?(after: Values<S>, input: z.output<I>, output: z.output<O>, before: Partial<Values<S>>): string;
  };
}

/** What an action returns: `OutputOf<typeof host.memory>`. */
export type OutputOf<M> = M extends (...input: never[]) => Call<infer Out> ? Out : never;

/** A typed call maker that carries its action: `postgres.idleSessions({ olderThanMinutes: 10 })`. */
export type CallMaker<I extends z.ZodType, O extends z.ZodType, A extends Action> = {
  readonly action: A;
} & (Record<never, never> extends z.input<I>
  ? (input?: z.input<I>) => Call<z.output<O>>
  : (input: z.input<I>) => Call<z.output<O>>);

/** The two makers of a connector's actions, typed by its client. */
export function actionsOn<C>(needs: Needs) {
  return {
    read: <I extends z.ZodType, O extends z.ZodType>(spec: Typed<C, I, O>): CallMaker<I, O, ReadAction> =>
      maker<I, O, ReadAction>({
        timeoutSeconds: 10,
        ...spec,
        needs,
        effect: "read",
      } as unknown as ReadAction),
    write: <I extends z.ZodType, O extends z.ZodType, S extends Steps = Steps>(
      spec: TypedWrite<C, I, O, S>,
    ): CallMaker<I, O, WriteAction> =>
      maker<I, O, WriteAction>({
        timeoutSeconds: 10,
        ...spec,
        needs,
        effect: "write",
      } as unknown as WriteAction),
  };
}

function maker<I extends z.ZodType, O extends z.ZodType, A extends Action>(action: A): CallMaker<I, O, A> {
  const make = (input: unknown): Call => ({ action: action.name, input: parseInput(action, input ?? {}) });
  return Object.assign(make, { action }) as unknown as CallMaker<I, O, A>;
}

function parseInput(action: Action, input: unknown): Json {
  const parsed = action.input.safeParse(input);
  if (parsed.success) return parsed.data as Json;
  throw new DiagError(
    "bad_parameter",
    `${action.name}: ${parsed.error.issues.map((issue) => issue.message).join("; ")}`,
  );
}

/** The same call on a named connection instead of the run's default one. */
export const on = <Out>(connection: string, call: Call<Out>): Call<Out> => ({ ...call, on: connection });

/** The actions among the exports of a module, for the list a connector gives. */
export const actionsIn = (module: Readonly<Record<string, unknown>>): readonly Action[] =>
  Object.values(module).flatMap((made) =>
    typeof made === "function" && "action" in made ? [made.action as Action] : [],
  );
