import type { z } from "zod";

type Issue = z.core.$ZodIssue;

const pointer = (path: readonly PropertyKey[]) => `[json-pointer:/${path.map(String).join("/")}]`;

const tooBig = (issue: z.core.$ZodIssueTooBig) =>
  issue.origin === "array"
    ? `no more than ${issue.maximum} items allowed`
    : `must be less than ${Number(issue.maximum) + 1} characters`;

const tooSmall = (issue: z.core.$ZodIssueTooSmall) =>
  issue.origin === "array"
    ? `no fewer than ${issue.minimum} items allowed`
    : `must be more than ${Number(issue.minimum) - 1} characters`;

const wrongType = (issue: z.core.$ZodIssueInvalidType) =>
  issue.input === undefined
    ? `missing required field: ${String(issue.path.at(-1))}`
    : `must be a ${issue.expected}`;

const words = (issue: Issue): string => {
  if (issue.code === "too_big") return tooBig(issue);
  if (issue.code === "too_small") return tooSmall(issue);
  if (issue.code === "invalid_type") return wrongType(issue);
  if (issue.code === "unrecognized_keys") return `invalid additional property: ${issue.keys.join(", ")}`;
  if (issue.code === "invalid_union") return "unsupported type";
  return issue.message;
};

/** The complaint of a schema in the words and with the json-pointer Slack uses; `at` is the argument it was found in. */
export function explain(error: z.ZodError, at: readonly string[] = []): string[] {
  return error.issues.map((issue) => `${words(issue)} ${pointer([...at, ...issue.path])}`);
}
