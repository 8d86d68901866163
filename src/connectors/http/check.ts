import type { ActionContext } from "../../core/words/action.ts";
import type { ConnectionCheck } from "../../core/words/connector.ts";
import { answerTrouble, goodAnswer } from "./answer/say.ts";
import type { AnswerRead } from "./answer/shape.ts";
import type { HttpClient } from "./client.ts";
import { readOf } from "./read-of.ts";

/** Whether the health path is one: what the service says of itself is the business of service-health. */
export async function checkHttp(client: HttpClient, context: ActionContext): Promise<ConnectionCheck[]> {
  const answer = await client.get(client.health, { timeoutMs: context.timeoutMs }, context);
  return [judgeReach(readOf(client, client.health, answer))];
}

/** Pure. Exported for its test. */
export function judgeReach(answer: AnswerRead): ConnectionCheck {
  const trouble = answerTrouble(answer);
  const detail = `GET ${answer.path}: ${answer.status}`;
  if (trouble === undefined)
    return { name: "reach", state: "ok", detail: `GET ${answer.path}: ${goodAnswer(answer)}` };
  if (trouble.help === "correct")
    return {
      name: "reach",
      state: answer.status < 400 ? "warning" : "missing",
      detail: `${detail}: ${trouble.because}`,
      fix: trouble.next,
    };
  const fix = trouble.help === "wait" ? "the service itself is not well: run service-health" : trouble.next;
  return { name: "reach", state: "warning", detail, fix };
}
