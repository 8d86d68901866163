import { count, type Finding, type prometheus, rows, type Seen, sayPercent } from "../../src/sdk/index.ts";

type Throttling = prometheus.Throttling;
type Throttled = Throttling["containers"][number];

/** Stopped in so many of its periods is told; below so many periods with work the share says little. */
const OFTEN = 0.25;
const FEW = 200;

/** Containers that their CPU limit stops, by workload; of every Prometheus that was asked. Pure. */
export function throttleFindings(
  seen: Readonly<Record<string, Seen<unknown> | undefined>>,
): Finding<"raiseCpu">[] {
  const all = Object.entries(seen).flatMap(([step, one]) =>
    step.startsWith("throttling:") && one?.ok === true ? [one.value as Throttling] : [],
  );
  const bad = all.flatMap(({ containers, minutes }) =>
    containers
      .filter(({ ratio, periods }) => ratio >= OFTEN && periods >= FEW)
      .map((one) => ({ ...one, minutes })),
  );
  const names = [...new Set(bad.map(nameOf))];
  return names.flatMap((name): Finding<"raiseCpu">[] => {
    const ones = bad.filter((one) => nameOf(one) === name);
    const [worst] = ones;
    if (worst === undefined) return [];
    const used = worst.cores === null ? "" : `, though it uses ${worst.cores.toFixed(2)} CPUs on average`;
    return [
      {
        id: `throttled:${name}`,
        severity: "warning",
        title: `${worst.container} of ${worst.namespace}/${workloadOf(worst.pod)} is stopped by its CPU limit in ${sayPercent(worst.ratio)} of its periods${ones.length > 1 ? ` (${count(ones.length, "pod")})` : ""}`,
        because: `Within the last ${worst.minutes} min${used}: it may use its share of each 100 ms, and stands still for the rest once that is gone. Requests that come then wait; use (\`kubectl top\`) does not show it. Either the limit is too low for its bursts, or it has more threads at once than the limit has CPUs.`,
        evidence: [
          rows("Containers stopped by their limit", ones.slice(0, 10), {
            pod: (one) => one.pod,
            stopped: (one) => sayPercent(one.ratio),
            periods: (one) => one.periods,
            "CPUs used": (one) => one.cores?.toFixed(2),
          }),
        ],
        remedies: ["raiseCpu"],
      },
    ];
  });
}

const nameOf = ({ namespace, pod, container }: Throttled): string =>
  `${namespace}/${workloadOf(pod)}/${container}`;

/** `api` of `api-85cccffd4f-x2x4z` and of `api-0`: what names of pods end in. */
const workloadOf = (pod: string): string => pod.replace(/(?:-[a-f0-9]{6,10})?-(?:[a-z0-9]{5}|\d{1,4})$/, "");
