import {
  count,
  docker,
  type Finding,
  type OutputOf,
  runbookOn,
  sayBytes,
  sayPercent,
  shellWord,
  z,
} from "../../src/sdk/index.ts";
import { containersOf } from "./problems.ts";
import { moreOf, replicasFinding } from "./replicas.ts";

const MIB = 1024 * 1024;
/** Containers of one service that one approval may change. */
const MOST = 5;

/** What people ask for by name of one service: another memory or CPU limit without a restart, or more containers of it. */
const book = runbookOn(
  "docker",
  {
    id: "container-change",
    title: "Limits and number of containers",
    covers: ["tektra.cpu-optimization", "sergas-accounts.memory-limits", "resync.high-cpu-memory"],
    alerts: [],
    params: z.object({
      service: z.string().max(100).optional().describe("this compose service or container"),
      memoryMiB: z
        .int()
        .min(6)
        .max(10_000_000)
        .optional()
        .describe("give each of its containers this memory limit, in MiB"),
      cpus: z
        .number()
        .min(0.01)
        .max(1_024)
        .optional()
        .describe("give each of its containers at most so much CPU; 1 is one CPU"),
      replicas: z
        .int()
        .min(2)
        .max(100)
        .optional()
        .describe("have so many containers of it, never fewer than now"),
    }),
  },
  () => ({ list: docker.containers() }),
).andThen(["list"], ({ list }, { params }) => ({
  usage: docker.stats({
    containers: meant(list, params.service)
      .filter(({ state }) => state === "running")
      .map(({ id }) => id)
      .slice(0, 20),
  }),
}));

type List = OutputOf<typeof docker.containers>;

/** The containers of the service that was named; none without a name. */
const meant = (list: List, service: string | undefined) =>
  service === undefined ? [] : containersOf(list, service);

export const containerChange = book
  .remedies({
    setLimits: book.does(
      docker.setLimits,
      ["list"],
      ({ list }, { params: { service, memoryMiB, cpus } }) =>
        memoryMiB === undefined && cpus === undefined
          ? []
          : meant(list, service)
              .slice(0, MOST)
              .map(({ id, name, state, startedAt }) => ({
                ...{ container: id, name, state, startedAt },
                ...(memoryMiB === undefined ? {} : { memory: memoryMiB * MIB }),
                ...(cpus === undefined ? {} : { cpus }),
              })),
      { title: "Set the limit (no restart)" },
    ),
    addReplicas: book.does(docker.addReplica, ["list"], ({ list }, { params }) => moreOf(list, params), {
      title: "Start more containers of it",
    }),
    keepReplicas: book.advises(
      "Write the number where it is made from",
      "low",
      (_values, { params: { service = "SERVICE", replicas = 0 } }) =>
        `The next \`docker compose up -d\` takes it back to what the file says: give ${service} \`scale:\` (or \`deploy: { replicas: … }\`) of ${replicas} there, or \`docker compose up -d --no-recreate --scale ${shellWord(`${service}=${replicas}`)}\` from the folder of the project.`,
    ),
    write: book.advises(
      "Write it where it is made from",
      "low",
      (_values, { params: { memoryMiB, cpus } }) =>
        `\`docker compose up -d\` makes it anew with what the file says: ${[...(memoryMiB === undefined ? [] : [`mem_limit ${memoryMiB}m`]), ...(cpus === undefined ? [] : [`cpus ${cpus}`])].join(" and ")} there, too. The number of its workers is a setting of the program: about one for each CPU it may use.`,
    ),
    say: book.advises(
      "Say what is meant",
      "low",
      "`/diag <system> container-change service=<name> memoryMiB=512`, `cpus=1.5`, or both; `replicas=3` for more of them. How it does now: `/diag <system> container-failure service=<name>`.",
    ),
  })
  .findings((find) => [
    find(["list"], ({ list }, { params }) => notSaid(list, params)),
    find(["list"], ({ list }, { params }) => replicasFinding(list, params)),
    find(["list", "usage?"], ({ list, usage }, { params }) => {
      const wanted = wishes(params);
      const found = meant(list, params.service);
      return (
        found.length > 0 &&
        wanted.length > 0 && {
          id: "limits-asked",
          severity: "warning",
          title: `${count(found.length, "container")} of ${params.service} shall have ${wanted.join(" and ")}`,
          because: `${usage?.usage.map(sayUsage).join("; ") || "None of them runs"}. It goes on running; a limit below what it holds is refused.`,
          remedies: ["setLimits", "write"],
        }
      );
    }),
  ]);

interface Wanted {
  readonly service?: string | undefined;
  readonly memoryMiB?: number | undefined;
  readonly cpus?: number | undefined;
  readonly replicas?: number | undefined;
}

/** What was asked for, in words. */
const wishes = ({ memoryMiB, cpus }: Wanted): string[] => [
  ...(memoryMiB === undefined ? [] : [`a memory limit of ${sayBytes(memoryMiB * MIB)}`]),
  ...(cpus === undefined ? [] : [`at most ${cpus} CPUs`]),
];

/** Half a wish: a container without a change, or a change of nobody. */
function notSaid(list: List, params: Wanted): Finding<"say"> | undefined {
  const asked = wishes(params).length > 0 || params.replicas !== undefined;
  const { service } = params;
  const isKnown = meant(list, service).length > 0;
  if ((service === undefined && !asked) || (isKnown && asked)) return undefined;
  const known = [...new Set(list.containers.map((one) => one.service))].slice(0, 10);
  return {
    id: "not-said",
    severity: "info",
    title: isKnown
      ? `Of ${service} nothing is to be changed`
      : `No container of ${service ?? "any service"} is meant`,
    because: `Known are ${known.join(", ") || "none"}.`,
    remedies: ["say"],
  };
}

type Usage = OutputOf<typeof docker.stats>["usage"][number];

const sayUsage = ({ name, memory, memoryLimit, limited, cpus, throttled }: Usage): string =>
  [
    `${name} holds ${memory === null ? "memory nobody tells" : sayBytes(memory)} of ${limited ? sayBytes(memoryLimit) : "no limit"}`,
    `uses ${cpus === null ? "CPU nobody tells" : `${cpus.toFixed(2)} CPUs`}`,
    ...(throttled === null ? [] : [`held back in ${sayPercent(throttled)} of the periods`]),
  ].join(", ");
