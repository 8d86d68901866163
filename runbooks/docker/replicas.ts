import { count, type docker, type Finding, type OutputOf, rows } from "../../src/sdk/index.ts";
import { containersOf } from "./problems.ts";

type List = OutputOf<typeof docker.containers>;
type One = List["containers"][number];

/** Containers that one approval may add. */
const MOST = 5;

interface Asked {
  readonly service?: string | undefined;
  readonly replicas?: number | undefined;
}

/** The number that ends a name compose gives. */
const numberIn = ({ name }: One): number => Number(/[-_](\d{1,4})$/.exec(name)?.[1] ?? Number.NaN);

const mineOf = (list: List, { service }: Asked): One[] =>
  (service === undefined ? [] : [...containersOf(list, service)]).toSorted(
    (a, b) => numberIn(a) - numberIn(b),
  );

/** One call for each that is missing, all made like the first that runs; none where there are enough, or too many are asked for. */
export function moreOf(list: List, { service, replicas }: Asked) {
  const mine = mineOf(list, { service });
  const running = mine.filter(({ state }) => state === "running");
  const [first] = running;
  const missing = (replicas ?? 0) - running.length;
  if (first === undefined || replicas === undefined || missing <= 0 || missing > MOST) return [];
  const last = Math.max(...mine.map((one) => numberIn(one) || 0));
  const { id: container, name, state, startedAt, service: of } = first;
  return Array.from({ length: missing }, (_none, at) => ({
    ...{ container, name, state, startedAt, service: of },
    ...{ number: last + 1 + at, wanted: replicas },
  }));
}

/** What was asked for, and why nothing is offered where it is not. Pure. */
export function replicasFinding(
  list: List,
  asked: Asked,
): Finding<"addReplicas" | "keepReplicas" | "say"> | undefined {
  const { service, replicas } = asked;
  const mine = mineOf(list, asked);
  if (replicas === undefined || mine.length === 0) return undefined;
  const running = mine.filter(({ state }) => state === "running").length;
  const evidence = [
    rows("", mine, { container: (one) => one.name, state: (one) => one.state, health: (one) => one.health }),
  ];
  const note = (title: string, because: string): Finding<"say"> => ({
    ...{ id: "replicas-asked", severity: "info", title, because, evidence, remedies: ["say"] },
  });
  if (replicas <= running)
    return note(
      `${service} has ${count(running, "container")} that run: ${replicas} would not be more`,
      "Fewer are never asked for from here: what is taken away loses its work.",
    );
  if (running === 0)
    return note(
      `None of ${service} runs`,
      "More of what does not run help nobody: `container-failure` says why it does not.",
    );
  if (replicas - running > MOST)
    return note(
      `${replicas - running} more of ${service} at once are too many`,
      `At most ${MOST} with one approval: see what the first do, then ask for more.`,
    );
  return {
    id: "replicas-asked",
    severity: "warning",
    title: `${replicas} containers of ${service} were asked for, ${running} run`,
    because: `Each new one is made like ${mine.find(({ state }) => state === "running")?.name}, and what runs goes on. More of them take more memory, and more connections of the database: both are kept within bounds, and a name, port or address that only one can have is refused.`,
    evidence,
    remedies: ["addReplicas", "keepReplicas"],
  };
}
