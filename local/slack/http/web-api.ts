import type { IncomingMessage, ServerResponse } from "node:http";
import { parse } from "node:querystring";
import { setTimeout as pause } from "node:timers/promises";
import type { Method } from "../api/method.ts";
import { methods } from "../api/table.ts";
import type { Backstage } from "../backstage.ts";
import { SlackError } from "../errors.ts";
import type { Fault } from "../faults.ts";
import { readBody } from "./body.ts";
import { json } from "./reply.ts";

const LARGEST = 4_000_000;

type Args = Record<string, unknown>;

// In a form these travel as JSON.
const STRUCTURED = ["blocks", "view", "attachments", "files", "metadata"];

const unpacked = (args: Args): Args => {
  const result = { ...args };
  for (const name of STRUCTURED) {
    const value = result[name];
    if (typeof value !== "string" || value === "") continue;
    try {
      result[name] = JSON.parse(value);
    } catch {
      throw new SlackError(`invalid_${name}_format`);
    }
  }
  return result;
};

const argsOf = (contentType: string, body: string): Args => {
  if (!contentType.startsWith("application/json")) return { ...parse(body) };
  try {
    const parsed: unknown = JSON.parse(body === "" ? "{}" : body);
    return typeof parsed === "object" && parsed !== null ? { ...parsed } : {};
  } catch {
    throw new SlackError("invalid_json");
  }
};

const tokenOf = (request: IncomingMessage, args: Args): string => {
  const bearer = (request.headers.authorization ?? "").replace(/^Bearer /, "");
  return bearer === "" && typeof args.token === "string" ? args.token : bearer;
};

/** Throws `not_authed`, `invalid_auth`, `not_allowed_token_type` or `missing_scope`. */
const authorize = ({ settings }: Backstage, method: Method, token: string): void => {
  if (token === "") throw new SlackError("not_authed");
  if (token !== settings.token && token !== settings.appToken) throw new SlackError("invalid_auth");
  const wanted = method.token === "app" ? settings.appToken : settings.token;
  if (token !== wanted) throw new SlackError("not_allowed_token_type");
  const { scope } = method;
  if (scope !== undefined && settings.scopes?.has(scope) === false)
    throw new SlackError("missing_scope", [`needed: ${scope}`]);
};

const refusal = (error: SlackError) => ({
  ok: false,
  error: error.code,
  ...(error.messages.length === 0
    ? {}
    : {
        errors: error.messages,
        ...(error.code === "missing_scope"
          ? { needed: error.messages[0]?.replace("needed: ", "") ?? "" }
          : {}),
        response_metadata: { messages: error.messages.map((line) => `[ERROR] ${line}`) },
      }),
});

const perform = (backstage: Backstage, name: string, args: Args, token: string): Args => {
  const method = methods.get(name);
  if (method === undefined) throw new SlackError("unknown_method", [name]);
  authorize(backstage, method, token);
  return method.answer(unpacked(args), backstage);
};

/** The answer a fault gives instead of doing the work; undefined when the work is done all the same. */
const faulty = (response: ServerResponse, fault: Fault | undefined): string | undefined => {
  if (fault?.kind === "error") {
    json(response, 200, { ok: false, error: fault.error });
    return fault.error;
  }
  if (fault?.kind === "status") {
    json(response, fault.status, { ok: false, error: "fault" });
    return String(fault.status);
  }
  if (fault?.kind === "rateLimited") {
    json(
      response,
      429,
      { ok: false, error: "ratelimited" },
      { "retry-after": String(fault.retryAfterSeconds) },
    );
    return "ratelimited";
  }
  return undefined;
};

/** One call of the Web API: faults first, then token, scope and arguments, then the work; every call is logged. */
export async function webApi(
  backstage: Backstage,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { calls, faults, settings, workspace } = backstage;
  const at = settings.now();
  let args: Args = {};
  const log = (ok: boolean, error?: string) => {
    const { token: _, ...shown } = args;
    calls.add({ method: name, args: shown, ok, at, ...(error === undefined ? {} : { error }) });
  };
  try {
    args = argsOf(request.headers["content-type"] ?? "", (await readBody(request, LARGEST)).toString());
    const fault = faults.take(name, args);
    if (fault?.kind === "delay") await pause(fault.delayMs, undefined, { ref: false });
    const failed = faulty(response, fault);
    if (failed !== undefined) return log(false, failed);
    const answer = perform(backstage, name, args, tokenOf(request, args));
    log(true, fault?.kind === "lostReply" ? "lost_reply" : undefined);
    if (fault?.kind === "lostReply") response.destroy();
    else json(response, 200, { ok: true, ...answer }, { "x-slack-req-id": workspace.clock.id("") });
  } catch (error) {
    if (!(error instanceof SlackError)) throw error;
    log(false, error.code);
    json(response, 200, refusal(error));
  }
}
