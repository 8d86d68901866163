import { readAnswer } from "./answer/read.ts";
import type { AnswerRead } from "./answer/shape.ts";
import type { Answer, HttpClient } from "./client.ts";

/** The answer of a client, judged. */
export const readOf = ({ origin, sendsCredentials }: HttpClient, path: string, answer: Answer): AnswerRead =>
  readAnswer(
    { ...answer, path, origin, sentCredentials: sendsCredentials, body: answer.safeBody },
    new Date(),
  );
