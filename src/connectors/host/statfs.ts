import { sayDuration } from "../../core/words/duration.ts";
import { clip } from "../../core/words/format.ts";
import { linesOf } from "../machine/script.ts";

// Side by side, so that paths that hang cost their seconds once. Fields of statvfs, then the device number.
// Not even SIGKILL ends what waits in the kernel for a dead server, and it keeps its pipe open: what reads that pipe is a shell
// of each path's own, and is ended after four seconds. Such a process is there as long as the server is away: where one waits
// for the path already, nobody asks again, and they do not pile up. Command lines are read of those only that wait (state D).
export const STATFS = `export LC_ALL=C; i=0; all=
stuck=$(grep -lE '^[0-9]+ \\(stat\\) D ' /proc/[0-9]*/stat 2>/dev/null | cut -d/ -f3)
now=$(cut -d. -f1 /proc/uptime); hz=$(getconf CLK_TCK 2>/dev/null || echo 100)
waits() { for w in $stuck; do
  [ "$(tr '\\0' '\\n' <"/proc/$w/cmdline" 2>/dev/null | tail -n 1)" = "$1" ] || continue
  age=$((now - $(cut -d' ' -f22 "/proc/$w/stat" 2>/dev/null || echo 0) / hz))
  [ "$age" -ge 3 ] && { echo "stuck $w $age"; return 0; }
done; return 1; }
for p in "$@"; do i=$((i + 1)); (
  [ -n "$stuck" ] && s=$(waits "$p") && { printf '%s %s\\n' "$i" "$s"; exit; }
  s=$(timeout -s KILL 3 stat -f -c '%S %b %f %a %c %d' "$p" 2>&1) && s="ok $s $(timeout -s KILL 3 stat -c %d "$p" 2>/dev/null)"
  printf '%s %s\\n' "$i" "$(printf '%s' "$s" | tail -n 1)"
) & all="$all $!"; done
( exec >/dev/null 2>&1; sleep 4; kill -9 $all ) & watch=$!
for p in $all; do wait "$p"; done; kill "$watch" 2>/dev/null; true`;

/** Why a path could not be asked. */
export type Silence = "absent" | "denied" | "hangs" | "gone" | "error";

/** The C library's own words: the script asks for its language. Those of a server or a FUSE program that went away are `gone`. */
const WORDS: readonly [RegExp, Silence][] = [
  [/No such file or directory|Not a directory$/, "absent"],
  [/Permission denied|Operation not permitted$/, "denied"],
  [
    /Stale file handle|Transport endpoint is not connected|Host is down|No route to host|Connection timed out|No such device/,
    "gone",
  ],
];

export type Answer =
  | { readonly ok: true; readonly numbers: readonly number[] }
  | { readonly ok: false; readonly why: Silence; readonly says: string };

/** One answer per path, in their order. */
export function parseStatfs(text: string, paths: number): Answer[] {
  const byNumber = new Map(
    linesOf(text).map((line) => {
      const at = line.indexOf(" ");
      return [Number(line.slice(0, at)), line.slice(at + 1)];
    }),
  );
  return Array.from({ length: paths }, (_, index) => parseAnswer(byNumber.get(index + 1) ?? ""));
}

function parseAnswer(line: string): Answer {
  if (line.startsWith("ok ")) return { ok: true, numbers: line.slice(3).trim().split(" ").map(Number) };
  const [, pid, seconds] = /^stuck (\d+) (\d+)$/.exec(line) ?? [];
  if (pid !== undefined)
    return {
      ok: false,
      why: "hangs",
      says: `a look at it that began ${sayDuration(Number(seconds) * 1000)} ago still waits (pid ${pid}); nobody asks again before it has come back`,
    };
  const says = clip(line, 200);
  // Killed at its deadline it says nothing, or that it was.
  if (line === "" || /Killed$/.test(line)) return { ok: false, why: "hangs", says: "no answer within 3 s" };
  return { ok: false, why: WORDS.find(([words]) => words.test(line))?.[1] ?? "error", says };
}
