import { facts, host, http, on, postgres, runbookOn, saySeconds, z } from "../../src/sdk/index.ts";
import { type Compared, comparedWith, skewFinding, unsynchronisedFinding } from "./clocks.ts";

/** Is the clock of the machine right, and does anybody keep it so? */
const book = runbookOn(
  "host",
  {
    id: "host-clock",
    title: "Clock of a machine",
    covers: [],
    alerts: [
      "NodeClockSkewDetected",
      "NodeClockNotSynchronising",
      "HostClockSkew",
      "HostClockNotSynchronising",
      "ClockSkew",
      "EtcdClockSkew",
    ],
    params: z.object({
      maxOffsetSeconds: z
        .number()
        .positive()
        .max(3600)
        .default(0.5)
        .describe("report a clock that is further off than so many seconds"),
    }),
  },
  (_context) => ({ clock: host.clock() }),
).andThen(["clock"], (_seen, { system }) => {
  // Another clock of the same system, where one can be asked: what a service says of itself is not all there is to know.
  const database = system.connections.find(({ kind }) => kind === "postgres");
  const service = system.connections.find(({ kind }) => kind === "http");
  return {
    ...(database === undefined ? {} : { database: on(database.name, postgres.clock()) }),
    ...(service === undefined ? {} : { service: on(service.name, http.clock()) }),
  };
});

export const hostClock = book
  .remedies({
    keepTime: book.advises(
      "Let a time service keep the clock",
      "low",
      "On the machine, not in a container: `systemctl enable --now chrony` (or chronyd, systemd-timesyncd), then `chronyc sources -v`: a `^*` line is the server it follows, `^?` one that does not answer (UDP port 123 out, names that resolve). On cloud machines their own source is nearest: 169.254.169.123 (AWS), metadata.google.internal, or the PTP device of the hypervisor (`refclock PHC /dev/ptp0`).",
    ),
    correctClock: book.advises(
      "Correct the clock with care",
      "high",
      "`chronyc makestep` sets it at once, also backwards, which programs that measure time by it do not like (databases, schedulers, clusters with leases): stop those first, or let it be slewed (chrony does so by itself, about 1 s in 12 s at most). Then run this again. Tokens and certificates made meanwhile may be dated wrongly.",
    ),
  })
  .findings((find) => {
    const others = (seen: Parameters<typeof comparedWith>[0]): Compared[] => comparedWith(seen);
    return [
      find(["clock", "database?", "service?"], (seen, { params }) =>
        unsynchronisedFinding(seen.clock, others(seen), params.maxOffsetSeconds, [
          facts({
            "said by": seen.clock.by ?? "nobody",
            "may be off by (kernel)":
              seen.clock.maxErrorSeconds === null ? "unknown" : saySeconds(seen.clock.maxErrorSeconds),
            "clock source": seen.clock.clocksource,
          }),
        ]),
      ),
      find(["clock", "database?", "service?"], (seen, { params }) =>
        skewFinding(seen.clock, others(seen), params.maxOffsetSeconds),
      ),
    ];
  });
