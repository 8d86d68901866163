import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import { notSeen } from "../../core/words/not-seen.ts";
import { ClockBounds, clockBounds } from "../../lib/clock-bounds.ts";
import { linesOf, partsOf, script, within } from "../machine/script.ts";
import type { HostClient } from "./client.ts";

const { read } = actionsOn<HostClient>("host");

// None of them changes anything: adjtimex without options reads the kernel's clock, which containers share with their machine.
const SERVICES = within(
  10,
  `export LC_ALL=C; PATH=$PATH:/usr/sbin:/sbin
a=$(timeout -s KILL 3 chronyc -n -c tracking 2>/dev/null); printf '%s\\n==\\n' "$a"
b=$(timeout -s KILL 3 timedatectl show 2>/dev/null); printf '%s\\n==\\n' "$b"
c=$(timeout -s KILL 3 ntpq -c 'rv 0 leap,stratum,refid,offset' 2>/dev/null); printf '%s\\n==\\n' "$c"
d=$({ adjtimex --print || busybox adjtimex || ntptime; } 2>/dev/null); printf '%s\\n==\\n' "$d"
cat /sys/devices/system/clocksource/clocksource0/current_clocksource 2>/dev/null || echo unknown`,
);

const Output = z.object({
  /** Null: nobody who knows could be asked. */
  synchronised: z.boolean().nullable(),
  /** Who said so. */
  by: z.enum(["chrony", "ntpd", "systemd", "kernel"]).nullable(),
  /** Seconds it is off, either way, as that service says; null: it does not say. */
  offsetSeconds: z.number().nullable(),
  /** Whom it follows, as it says. */
  source: z.string(),
  /** The kernel's estimate of how far it may be off; it grows by half a millisecond a second while nobody corrects it. */
  maxErrorSeconds: z.number().nullable(),
  /** `kvm-clock`, `hyperv_clocksource…`: a guest may be kept right by its hypervisor. */
  clocksource: z.string(),
  /** Against diagbot's own clock; of this very machine where the connection is `local`. */
  ours: ClockBounds,
  notSeen,
});
export type Clock = z.output<typeof Output>;

/** Is the clock kept right, by whom, and how far is it off? chronyc(1), ntpq(8), timedatectl(1), adjtimex(2). */
export const clock = read({
  name: "host.clock",
  title: "Clock and who keeps it",
  input: z.object({}),
  output: Output,
  timeoutSeconds: 15,
  run: async (client, _input, context) => {
    const before = Date.now();
    const said = await script(client, "date +%s.%N", [], context);
    const after = Date.now();
    return { ...judgeClock(await script(client, SERVICES, [], context)), ours: oursOf(said, before, after) };
  },
});

/** `1795989847.598556032`; busybox leaves the `%N` as it is: whole seconds. Pure. Exported for its test. */
export function oursOf(said: string, before: number, after: number): ClockBounds {
  const [, seconds, nanos] = /^(\d+)\.(\d{9})?/.exec(said) ?? [];
  if (seconds === undefined) throw new DiagError("bad_output", "`date` does not say the time");
  const at = Number(seconds) * 1000 + Number(nanos ?? 0) / 1e6;
  return clockBounds(at, before, after, nanos === undefined ? 1000 : 0);
}

type Word = Pick<Clock, "synchronised" | "by" | "offsetSeconds" | "source">;

/** The service's own word first: chrony sets the kernel's flag only where told to (rtcsync). Pure. Exported for its test. */
export function judgeClock(said: string): Omit<Clock, "ours"> {
  const [chrony = "", systemd = "", ntp = "", kernel = "", clocksource = ""] = partsOf(said);
  const word = byChrony(chrony) ?? byNtp(ntp) ?? byKernel(kernel) ?? bySystemd(systemd);
  const maxError = /max(?:imum )?error:?[ \t]+(\d+)/.exec(kernel)?.[1];
  return {
    ...(word ?? { synchronised: null, by: null, offsetSeconds: null, source: "" }),
    maxErrorSeconds: maxError === undefined ? null : Number(maxError) / 1e6,
    clocksource: clip(clocksource.trim(), 60),
    ...(word === undefined
      ? {
          notSeen: [
            {
              what: "whether the clock is synchronised",
              why: "neither chronyc, ntpq, timedatectl nor adjtimex answers there",
              fix: "install chrony, or busybox (its adjtimex reads the kernel's word without rights)",
            },
          ],
        }
      : {}),
  };
}

/** One line of comma separated values: reference, address, stratum, time, system time's offset in seconds, …, leap status. */
function byChrony(text: string): Word | undefined {
  const words = linesOf(text)[0]?.split(",") ?? [];
  if (words.length < 14) return undefined;
  const isKept = words[13] !== "Not synchronised";
  return {
    ...{ synchronised: isKept, by: "chrony", source: isKept ? clip(words[1] ?? "", 80) : "" },
    // One that has lost its servers still says how far off it last was; one that never had any says 0.
    offsetSeconds: isKept || Number(words[4]) !== 0 ? Math.abs(Number(words[4])) : null,
  };
}

/** `leap=00, stratum=2, refid=10.0.0.1, offset=-0.312` (milliseconds); leap 11: not synchronised. */
function byNtp(text: string): Word | undefined {
  const of = (name: string) => new RegExp(`(?:^|[\\s,])${name}=([^,\\s]+)`).exec(text)?.[1];
  const leap = of("leap");
  if (leap === undefined) return undefined;
  const isKept = leap !== "11" && leap !== "3" && of("stratum") !== "16";
  const offset = Number(of("offset"));
  return {
    ...{ synchronised: isKept, by: "ntpd", source: isKept ? clip(of("refid") ?? "", 80) : "" },
    offsetSeconds: isKept && Number.isFinite(offset) ? Math.abs(offset) / 1000 : null,
  };
}

const UNSYNCHRONISED = 0x40;

/** `status: 64 (UNSYNC)` of adjtimex, `status 0x2001 (PLL,NANO)` of ntptime. */
function byKernel(text: string): Word | undefined {
  const status = /^[ \t]*status:?[ \t]+(0x[0-9a-fA-F]+|\d+)/m.exec(text)?.[1];
  if (status === undefined) return undefined;
  const isKept = (Number(status) & UNSYNCHRONISED) === 0;
  return { synchronised: isKept, by: "kernel", offsetSeconds: null, source: "" };
}

function bySystemd(text: string): Word | undefined {
  const said = /^NTPSynchronized=(yes|no)$/m.exec(text)?.[1];
  return said === undefined
    ? undefined
    : { synchronised: said === "yes", by: "systemd", offsetSeconds: null, source: "" };
}
