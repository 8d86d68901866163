import type { z } from "zod";
import type { Call, NoUndo, Steps } from "./action.ts";
import type { Offer } from "./command.ts";
import type { ConnectionFace, Kind } from "./connection.ts";
import type { Duration } from "./duration.ts";
import type { Finding } from "./finding.ts";
import type { Json } from "./json.ts";
import type { ConnectionKind } from "./kind.ts";
import type { Seen } from "./outcome.ts";
import type { Risk } from "./risk.ts";
import type { LabelMatch, Thresholds } from "./system.ts";

/** Everything a runbook may decide on besides what its steps saw. All of it is recorded with the run. */
export interface RunContext<P = Readonly<Record<string, unknown>>> {
  readonly params: P;
  readonly thresholds: Thresholds;
  readonly system: {
    readonly id: string;
    readonly connections: readonly ConnectionFace[];
    readonly contacts: readonly { readonly name: string; readonly channel?: string | undefined }[];
  };
  /** The connection per kind that was chosen for the run, by name. Absent: the first of each. See `chosenOf`. */
  readonly uses?: Readonly<Record<Kind, string>>;
  /** Labels and annotations of the alert that started the run. Text from outside. */
  readonly alert?: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  /** When the run began or last looked again: findings are evaluated again on resume and must come out the same. */
  readonly now: Date;
  /** Only where a remedy is judged again after it was seen to help: seconds since then. What has failed in between has not stayed. */
  readonly watchedSeconds?: number;
  /** What the last finished run of this runbook on this system saw, where the runbook `compares`. */
  readonly before?: Before;
}

/** The connection of that kind that the run asks: what is configured of it, never of the first of its kind. */
export const chosenOf = (
  { system, uses }: Pick<RunContext, "system" | "uses">,
  kind: Kind,
): ConnectionFace | undefined =>
  system.connections.find((face) => face.kind === kind && (uses?.[kind] ?? face.name) === face.name);

/** Steps of an earlier run that had a value: what was asked, and what came back. */
export type Before = Readonly<Record<string, { readonly input: Json; readonly value: unknown }>>;

/** What steps returned, by name. */
export type AnySeen = Readonly<Record<string, Seen<unknown>>>;

/** One write of a remedy that was made: what was approved of it, and what it returned. */
export interface Done<I = unknown, O = unknown> {
  readonly input: I;
  readonly output: O;
}

/** A remedy the machine carries out once people approve. */
export interface AnyExecutable {
  readonly title: string;
  readonly risk: Risk;
  /** The calls, in order. An empty list: nothing to do, the remedy is not offered. */
  do(seen: AnySeen, context: RunContext): readonly Call[];
  /** `actions`: every call is taken back by its action's own undo, last first. Or why it cannot be. */
  readonly undo: "actions" | NoUndo;
  /** Where nothing takes it back and nothing has to be: what is as it was set before. */
  readonly asBefore?: string | undefined;
  /** In force for so long, then taken back by itself, unless the request says another time (`for=`). */
  readonly inForce?: Duration | undefined;
  /** What must hold besides what its actions promise themselves. The reads are frozen with the plan. */
  readonly verify: {
    readonly within: Duration;
    check(seen: AnySeen, context: RunContext): Steps;
    holds(after: AnySeen, done: readonly Done[], context: RunContext): boolean;
  };
  readonly advice?: never;
  /** Name of the write it makes; undefined: a command that diagbot.yaml declares. */
  readonly action?: string;
  /** What its author wrote, for the runbook's digest. */
  readonly source?: readonly unknown[];
}

/** A remedy a person carries out. */
export interface AnyAdvice {
  readonly title: string;
  readonly risk: Risk;
  readonly advice: string | ((seen: AnySeen, context: RunContext) => string);
  /** Where diagbot.yaml declares this write, the machine makes it instead. */
  readonly declared?: {
    /** `<connection>.<command>`. */
    readonly run: string;
    as(offer: Offer): AnyExecutable;
  };
  /** What its author wrote, for the runbook's digest. */
  readonly source?: readonly unknown[];
}

export type AnyRemedy = AnyExecutable | AnyAdvice;

/** Which text of a runbook: what a run began with. */
export interface RunbookVersion {
  /** Of what brings it along: diagbot's own, or its pack's. For people. */
  readonly version: string;
  /** SHA-256 in hex; another one where head, parameters, steps, rules or remedies read differently. */
  readonly digest: string;
}

/** `0.1.0 (5f0c2a9b)`: short enough to be read out, long enough to tell two texts of one version apart. */
export const sayVersion = ({ version, digest }: RunbookVersion): string =>
  `${version} (${digest.slice(0, 8)})`;

/** A runbook as the engine sees it: types erased, everything it returns is checked again. Made by `runbookOn` of the sdk. */
export interface Runbook extends RunbookVersion {
  readonly id: string;
  readonly title: string;
  /** Kinds of connection the system must have. */
  readonly needs: readonly Kind[];
  /** Those of them that a pack brings: what they are stands nowhere else. */
  readonly kinds?: readonly ConnectionKind[];
  /** Ids of the guides' catalogue that it carries out. */
  readonly covers: readonly string[];
  /** The page of the guide it comes from: http or https. Of what diagbot.yaml declares. */
  readonly guide?: string | undefined;
  readonly params: z.ZodObject;
  /** Alerts that start it: all labels of one entry must match. */
  readonly alerts: readonly LabelMatch[];
  /** Parameters taken from an alert's labels (checked by `params`, dropped where they do not fit). */
  readonly fromAlert?: ((labels: Readonly<Record<string, string>>) => Record<string, unknown>) | undefined;
  /** Troubles (by id) it explains itself, with rules of its own: the connectors' words on them are left out. */
  readonly explains?: "all" | readonly string[] | undefined;
  /** Where it may run, besides what it needs: on these systems, on systems with these connections. */
  readonly only?:
    | {
        readonly systems?: readonly string[];
        readonly connections?: Readonly<Record<string, Kind>>;
      }
    | undefined;
  /** Only people ask for it, never an alert by itself: it may have parameters without a default. Of declared commands. */
  readonly forPeople?: true;
  /** Its findings compare with the last finished run (`context.before`). */
  readonly compares?: true;
  readonly stages: readonly ((seen: AnySeen, context: RunContext) => Steps)[];
  findings(seen: AnySeen, context: RunContext): readonly Finding[];
  readonly remedies: Readonly<Record<string, AnyRemedy>>;
}
