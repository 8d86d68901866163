import type { ActionContext } from "../../core/words/action.ts";
import type { ConnectionCheck } from "../../core/words/connector.ts";
import type { HttpClient } from "./client.ts";

/** Whether the health path is one: what the service says of itself is the business of service-health. */
export async function checkHttp(client: HttpClient, context: ActionContext): Promise<ConnectionCheck[]> {
  const { status, redirect } = await client.get(client.health, { timeoutMs: context.timeoutMs }, context);
  return [judgeStatus(client.health, status, redirect)];
}

/** Pure. Exported for its test. */
export function judgeStatus(path: string, status: number, redirect: string | undefined): ConnectionCheck {
  const name = "reach";
  const detail = `GET ${path}: ${status}`;
  if (redirect !== undefined)
    return {
      name,
      state: "warning",
      detail: `${detail}, sent to ${redirect}`,
      fix: "put the place it is sent to into `url:`",
    };
  if (status === 401 || status === 403)
    return {
      name,
      state: "missing",
      detail,
      fix: "the credentials are not accepted: set `headers:`, or a `health:` that needs none",
    };
  if (status === 404 || status === 405)
    return {
      name,
      state: "missing",
      detail,
      fix: "set `health:` of the connection to a path the service answers",
    };
  return status < 500
    ? { name, state: "ok", detail }
    : { name, state: "warning", detail, fix: "the service itself is not well: run service-health" };
}
