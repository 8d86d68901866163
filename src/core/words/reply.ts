import type { ErrorCode } from "./errors.ts";
import { DiagError } from "./errors.ts";
import type { RunId, ThreadId } from "./ids.ts";

/** A piece of an answer. All text is plain: whoever draws it escapes it. */
export type ReplySection =
  | { readonly kind: "text"; readonly text: string }
  | {
      readonly kind: "table";
      readonly columns: readonly string[];
      readonly rows: readonly (readonly string[])[];
    };

/** One wrong parameter: `name` as typed. */
export interface Complaint {
  readonly name: string;
  readonly message: string;
}

export interface ReplyError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly complaints?: readonly Complaint[];
}

/** What the door answers, as data: drawn into Slack blocks by ingress/slack, printed by the CLI. */
export interface Reply {
  readonly title: string;
  readonly sections: readonly ReplySection[];
  readonly error?: ReplyError;
  readonly run?: RunId;
  readonly thread?: ThreadId;
  /** Where the run's thread appears. */
  readonly channel?: string;
  /** The thread on the web, once it is posted. */
  readonly link?: string;
  /** The answer as plain JSON, for `--json` of the command line. */
  readonly data?: object;
}

export const say = (title: string, ...sections: readonly (ReplySection | string)[]): Reply => ({
  title,
  sections: sections.map((section) =>
    typeof section === "string" ? { kind: "text" as const, text: section } : section,
  ),
});

export const asTable = (columns: readonly string[], rows: readonly (readonly string[])[]): ReplySection => ({
  kind: "table",
  columns,
  rows,
});

/** `bad_parameter` with every complaint, so that the form can show each at its field. */
export class BadParameters extends DiagError {
  readonly complaints: readonly Complaint[];
  constructor(complaints: readonly Complaint[], hint?: string) {
    super(
      "bad_parameter",
      complaints.map(({ name, message }) => `${name}: ${message}`).join("; "),
      hint === undefined ? {} : { hint },
    );
    this.complaints = complaints;
  }
}
