import type { StepError } from "../../../core/words/outcome.ts";

/** What an error of Postgres, or of what stands in front of it, means to the person on call. */
export interface Failure {
  /** Stable name of the cause, e.g. `refused`. */
  readonly id: string;
  readonly title: string;
  readonly because: string;
  /** What a human does now. */
  readonly advice: string;
}

/** An error as it was said. */
export interface Heard {
  /** SQLSTATE, errno, verdict on a certificate, or the stage of a time-out. */
  readonly code: string;
  readonly message: string;
  readonly detail: string;
  readonly hint: string;
  /**
   * The C function that raised it. Postgres always sends it and never translates it; poolers and proxies send none, unless
   * they hand on an error of the server behind them.
   */
  readonly routine: string;
  /** Whether the session was to be encrypted; empty: not known. */
  readonly tls: string;
}

/**
 * What a cause is known by; all that is given must hold. Postgres translates its messages (lc_messages), so what they mean is
 * never read from `english` alone where a code or a routine tells it: it only makes an answer more exact.
 */
export interface Sign {
  readonly code?: string | RegExp;
  readonly routine?: RegExp;
  /** Names within message, DETAIL and HINT that no translation changes: settings, files, libraries. */
  readonly names?: RegExp;
  /** A message of a pooler or proxy, which none of them translates. Never one of Postgres itself. */
  readonly pooler?: RegExp;
  /** A message of Postgres where it speaks English. */
  readonly english?: RegExp;
  /** Its DETAIL where it speaks English. */
  readonly detail?: RegExp;
  /** A message of the driver here. */
  readonly driver?: RegExp;
  readonly tls?: "no";
}

/** The first rule whose sign is seen says what it is. */
export type Rule = readonly [Sign, Failure];

export const heard = ({ message, detail = "", said = {} }: StepError): Heard => ({
  code: detail,
  message: message.slice(0, 1_000),
  detail: said.detail ?? "",
  hint: said.hint ?? "",
  routine: said.routine ?? "",
  tls: said.tls ?? "",
});

/** Codes of the server or of what stands in front of it, not of a socket: `EPIPE` has five characters, too. */
const SQLSTATE = /^(?:\d[0-9A-Z]|F0|HV|P0|XX)[0-9A-Z]{3}$/;

/** Whether all of the sign is in what was heard. */
export function shows(sign: Sign, { code, message, detail, hint, routine, tls }: Heard): boolean {
  const { pooler, english, driver, names } = sign;
  return (
    (sign.code === undefined ||
      (typeof sign.code === "string" ? sign.code === code : sign.code.test(code))) &&
    (sign.routine?.test(routine) ?? true) &&
    (names?.test(`${message} ${detail} ${hint}`) ?? true) &&
    (pooler === undefined || (routine === "" && SQLSTATE.test(code) && pooler.test(message))) &&
    (english?.test(message) ?? true) &&
    (sign.detail?.test(detail) ?? true) &&
    (driver?.test(message) ?? true) &&
    (sign.tls === undefined || sign.tls === tls)
  );
}
