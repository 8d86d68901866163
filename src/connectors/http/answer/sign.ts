import { clip } from "../../../core/words/format.ts";
import type { Heard, Known } from "./shape.ts";

/** How an answer of something in front of the service is known. All that is given must be there; the first that fits counts. */
export interface Sign extends Known {
  readonly by: string;
  readonly status?: readonly number[];
  readonly header?: readonly [name: string, value: RegExp];
  readonly body?: RegExp;
  readonly path?: RegExp;
  /** A header whose value tells the rest of the reason. */
  readonly quotes?: string;
}

/** Signs stand at the beginning of an answer. */
const MOST = 16_384;

export function signIn(signs: readonly Sign[], { status, headers, body, path }: Heard): Known | undefined {
  const text = body.slice(0, MOST);
  const found = signs.find(
    (sign) =>
      (sign.status === undefined || sign.status.includes(status)) &&
      (sign.header === undefined || sign.header[1].test(headers[sign.header[0]] ?? "")) &&
      (sign.path === undefined || sign.path.test(path)) &&
      (sign.body === undefined || sign.body.test(text)),
  );
  if (found === undefined) return undefined;
  const { by, cause, next, quotes = "" } = found;
  const quoted = clip((headers[quotes] ?? "").trim(), 60);
  const reason = found.reason === undefined || quoted === "" ? found.reason : `${found.reason} (${quoted})`;
  return { by, cause, ...(reason === undefined ? {} : { reason }), ...(next === undefined ? {} : { next }) };
}
