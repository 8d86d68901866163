import { clip } from "../../src/sdk/index.ts";
import { nearest } from "../last-lines/nearest.ts";
import type { LineRow } from "../last-lines/row.ts";
import { type Cause, type Container, fill, type Log } from "./cause.ts";
import type { Past } from "./past.ts";
import { codeCause } from "./signals.ts";

/** How a container ended, and what there is beside its exit code. */
export interface End {
  readonly one: Container;
  readonly code: number;
  readonly past: Past;
  /** What that run wrote, oldest first. */
  readonly lines: readonly string[];
  /** Of what that run wrote before, lines that name an error. */
  readonly earlier?: readonly string[] | undefined;
  /** `linux/amd64` of the engine, where it was asked. */
  readonly platform: string | undefined;
}

const QUOTED = " It wrote: ";
/** A run this long was well for a while: what ended it is no fault of its start. */
const LONG_SECONDS = 60;
/** How programs of another CPU end under emulation. */
const EMULATED = new Set([132, 133, 134, 139, 159, 255]);

/**
 * Why it ended, most specific first: a line that tells it whatever the code is; a platform that does not fit; the code where it
 * is a signal; any other line that tells; and last that nothing does. Pure.
 */
export function endCause(end: End): Cause {
  const { one, code } = end;
  if (code === 0) return DONE;
  const sure = lineCause(end, (row) => row.isSure === true);
  if (sure !== undefined) return sure;
  if (isForeign(end) && EMULATED.has(code)) return emulated(end);
  if (code === 137) return killed(end);
  const byCode = codeCause(one, code);
  if (byCode !== undefined && code > 128 && code !== 255) return helpOnlyIf(ranLong(one), byCode);
  const { lines, earlier = [] } = end;
  return (
    lineCause(end, () => true) ??
    (lines.length === 0 ? undefined : lineCause({ ...end, lines: earlier }, () => true)) ??
    helpOnlyIf(
      ranLong(one),
      byCode ?? {
        short: "",
        because: `Its program reported an error (exit code ${code}).`,
        startHelps: true,
      },
    )
  );
}

/** It fails at nothing: it is done, and was meant to go on. */
const DONE: Cause = {
  short: "its program ends at once, without an error",
  because:
    "Exit code 0: either its program goes into the background (a daemon, which a container must keep in the foreground), or it is a shell without a terminal, or a job that is done and has a restart policy for services.",
  advice: {
    key: "fixCrash",
    text: "Keep the program in the foreground (`nginx -g 'daemon off;'`, no `&` at the end of the script, `exec` for the last program); a job takes `restart: \"no\"` or `on-failure`.",
  },
};

/** It fails because of something that is not itself: by what it wrote. Pure. */
export const needsAnother = (lines: readonly string[]): boolean => nearest(lines)?.row.isDependency === true;

function lineCause(end: End, wanted: (row: LineRow) => boolean): Cause | undefined {
  const found = nearest(end.lines, wanted);
  if (found === undefined) return undefined;
  const { row, line } = found;
  const isScript = row.key === "fixImage" && row.text.test("exec format error");
  const platform =
    isScript && end.one.imagePlatform !== null && end.platform !== undefined
      ? isForeign(end)
        ? ` It is the first: the image is for ${end.one.imagePlatform}, the engine is ${end.platform}.`
        : ` It is the second: the image is for ${end.one.imagePlatform}, as the engine is.`
      : "";
  const cause: Cause = {
    short: row.short,
    because: `${fill(row.because, end.one)}${platform}${row.key === "fixImage" ? hidden(end.one) : ""}${QUOTED}${clip(line, 200)}`,
    advice: { key: row.key ?? "fixCrash", text: fill(row.advice, end.one) },
    ...(row.startHelps ? { startHelps: true } : {}),
  };
  return row.isDependency ? cause : helpOnlyIf(ranLong(end.one), cause);
}

const isForeign = ({ one, platform }: End): boolean =>
  one.imagePlatform !== null && platform !== undefined && one.imagePlatform !== platform;

const emulated = ({ one, code, platform }: End): Cause => ({
  short: `its image is for ${one.imagePlatform}, the engine is ${platform}`,
  because: `It can run here by emulation only, if at all, and ended with exit code ${code}.`,
  advice: {
    key: "fixImage",
    text: "Pull or build the image for this platform: `docker pull --platform`, `platform:` in the compose file, `docker buildx build --platform`.",
  },
});

/** A mount that covers the folder the container's program lies in; empty: none does. */
export function hidden({ program, mountedAt }: Container): string {
  const mount = mountedAt.find((path) => program.startsWith(path.endsWith("/") ? path : `${path}/`));
  return mount === undefined
    ? ""
    : ` ${program} lies below ${mount}, where a mount hides what the image has.`;
}

/** SIGKILL that is neither a kill for memory nor a request, as far as that is known. */
function killed({ one, past }: End): Cause {
  const limit = one.memoryLimit > 0;
  const memory = limit
    ? "the kernel for memory (engines on cgroup v2 do not always note it)"
    : "the kernel, because the machine was short of memory";
  const because = past.remembersEnd
    ? `Exit code 137 is SIGKILL. The engine remembers its end, and neither a kill for memory nor a request to stop it: either ${memory}, or \`kill -9\` from outside of the engine, or its shell passed on that a child of it was killed.`
    : `Exit code 137 is SIGKILL, and the engine no longer remembers who sent it: either ${memory}, or somebody stopped it and it did not end within its ${one.stopSeconds} s of grace, or \`docker kill\`.`;
  const known = codeCause(one, 137);
  return { ...known, short: known?.short ?? "", because, startHelps: true };
}

const ranLong = ({ startedAt, finishedAt, uptimeSeconds }: Container): boolean =>
  uptimeSeconds === null && Date.parse(finishedAt) - Date.parse(startedAt) >= LONG_SECONDS * 1000;

/** A start again helps nothing that fails at every start. */
function helpOnlyIf(helps: boolean, { startHelps, ...cause }: Cause): Cause {
  return helps && startHelps ? { ...cause, startHelps } : cause;
}

/** Of a log, what its last run wrote. */
export const lastRunOf = (log: Log | undefined): readonly string[] =>
  log === undefined || log.ofLastRun === 0 ? [] : log.lines.slice(-log.ofLastRun);

/** ` Last log line: …`, or why there is none; nothing where the cause quotes it already. */
export function sayLast({ because }: Cause, log: Log | undefined, lines: readonly string[]): string {
  if (log === undefined || because.includes(QUOTED)) return "";
  if (log.error !== null) return " Its log cannot be read.";
  const last = lines.at(-1);
  return last === undefined ? " It wrote nothing." : ` Last log line: ${clip(last, 200)}`;
}
