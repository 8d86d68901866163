import { fillJson, fillText } from "../../core/rules/commands/templates.ts";
import type { ActionContext } from "../../core/words/action.ts";
import type { Values } from "../../core/words/command.ts";
import { DiagError, toDiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import type { Reading } from "../../core/words/reading.ts";
import { commandActions } from "../commands/actions.ts";
import type { Runner } from "../commands/runner.ts";
import { rowsIn } from "../json-cells.ts";
import type { Answer, HttpClient, OneRequest } from "./client.ts";
import type { HttpCommand } from "./settings.ts";

/** The network says that the request never left. */
const NEVER_SENT = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN"];

const runner: Runner<HttpClient, HttpCommand> = {
  commands: ({ commands }) => commands,
  ask: async (client, command, values, context) => {
    const answer = await asked(client, command, values, context);
    return readingOf(command, answer);
  },
  send: async (client, command, values, context) => {
    try {
      const answer = await asked(client, command, values, context);
      return { code: answer.status, ...answerOf(command, answer) };
    } catch (thrown) {
      const error = toDiagError(thrown, "target_error");
      if (error.code === "target_unreachable" && NEVER_SENT.includes(error.detail ?? ""))
        throw new DiagError("target_refused", `${error.message}: nothing was sent`, { cause: thrown });
      throw error;
    }
  },
  act: (client, command, values) => {
    const { method, path, payload } = requestOf(command, values);
    return `${method} ${client.address(path)}${payload === undefined ? "" : ` ${clip(payload, 300)}`}`;
  },
};

const requestOf = ({ method, path, body, headers }: HttpCommand, values: Values): OneRequest => ({
  method,
  path: fillText(path, values, encoded),
  headers,
  payload: body === undefined ? undefined : JSON.stringify(fillJson(body, values)),
});

/** `.` and `..` climb, however they are encoded: some servers decode a path before they read it. */
function encoded(value: string): string {
  if (value.split(/[/\\]/).some((part) => part === "." || part === ".."))
    throw new DiagError("bad_parameter", `"${value}" cannot stand in a path`);
  return encodeURIComponent(value);
}

/** An answer with a status that its declaration takes. */
async function asked(
  client: HttpClient,
  command: HttpCommand,
  values: Values,
  context: ActionContext,
): Promise<Answer> {
  const request = requestOf(command, values);
  const timeoutMs = Math.min(command.timeoutSeconds * 1000, context.timeoutMs);
  const answer = await client.send(request, { timeoutMs }, context);
  const { status, refuses } = command;
  const refusal = refuses[answer.status];
  if (refusal !== undefined)
    throw new DiagError("target_refused", `${refusal} (${answer.status})`, { detail: String(answer.status) });
  const isGood = answer.status >= 200 && answer.status <= 299;
  if (status === undefined ? isGood : status.includes(answer.status)) return answer;
  throw new DiagError(
    answer.status === 401 || answer.status === 403 ? "target_auth" : "target_error",
    `${request.method} ${clip(request.path, 120)} was answered ${answer.status}${wordsOf(answer, isGood)}`,
    { detail: String(answer.status) },
  );
}

/** A success nobody expected may hold what it issued: a key, a token. It is not repeated. */
function wordsOf({ redirect, safeBody }: Answer, isGood: boolean): string {
  const words = isGood ? "" : clip(safeBody.replace(/\s+/g, " ").trim(), 160);
  return `${redirect === undefined ? "" : ` and leads to ${redirect}`}${words === "" ? "" : `: ${words}`}`;
}

function readingOf(command: HttpCommand, answer: Answer): Reading {
  const { columns, rows } = command;
  const more = { status: answer.status };
  if (Object.keys(columns).length === 0 && rows === undefined)
    return { columns: [{ name: "status" }], rows: [[answer.status]], more: false };
  if (answer.isCut) throw new DiagError("output_too_large", "the body is larger than 64 KiB");
  let body: unknown;
  try {
    // Of a body without secrets of the connection: what is read is shown.
    body = JSON.parse(answer.safeBody);
  } catch {
    throw new DiagError("bad_output", `it was answered ${answer.status}, but not with JSON`);
  }
  const reading = rowsIn(body, { rows, columns }, more);
  if (reading === undefined) throw new DiagError("bad_output", `there is no list at ${rows}`);
  return reading;
}

/** It has been done: an answer that cannot be read is no reason to say otherwise. */
function answerOf(command: HttpCommand, answer: Answer): { answer?: Reading } {
  if (Object.keys(command.columns).length === 0) return {};
  try {
    return { answer: readingOf(command, answer) };
  } catch {
    return {};
  }
}

/**
 * Requests of diagbot.yaml to the admin API of a service: `http.ask`, `http.run` and what shows its effect. Fixed method and path,
 * typed parameters. The guides' HTTP remedies: circuit breakers, kill switch, log level, API keys (trap in-process-state).
 */
export const { ask, state, settled, run } = commandActions("http", runner);
