import { count, type Finding, type OutputOf, type rabbitmq, rows, sayBytes } from "../../src/sdk/index.ts";

type State = OutputOf<typeof rabbitmq.state>;
type Node = State["nodes"][number];
type Found = Finding<"freeBroker" | "startNode" | "joinSides">;

const ALARMS = [
  {
    id: "memory-alarm",
    what: "Memory",
    has: ({ memoryAlarm }: Node) => memoryAlarm,
    says: ({ memoryBytes, memoryLimit }: Node) =>
      `holds ${sayBytes(memoryBytes)}, its limit is ${sayBytes(memoryLimit)}`,
  },
  {
    id: "disk-alarm",
    what: "Disk",
    has: ({ diskAlarm }: Node) => diskAlarm,
    says: ({ diskFree, diskLimit }: Node) =>
      `has ${sayBytes(diskFree)} free, ${sayBytes(diskLimit)} are wanted`,
  },
] as const;

const namesOf = (nodes: readonly Node[]): string => nodes.map(({ name }) => name).join(", ");

/** Alarms, each once however many nodes have it: one of them is enough to block all publishers. Pure. */
export const alarmFindings = ({ nodes, blocked }: State): Found[] =>
  ALARMS.flatMap(({ id, what, has, says }): Found[] => {
    const mine = nodes.filter(has);
    const [first] = mine;
    if (first === undefined) return [];
    return [
      {
        id,
        severity: "critical",
        title: `${what} alarm of ${namesOf(mine)}: nobody can publish`,
        because: `${mine.length === 1 ? "It" : first.name} ${says(first)}. The alarm of one node blocks publishers on all; ${count(blocked, "connection")} blocked now.`,
        evidence: mine.length === 1 ? [] : [rows("", mine, { node: ({ name }) => name, alarm: says })],
        explains: ["blocked"],
        remedies: ["freeBroker"],
      },
    ];
  });

/** Nodes that are away, and nodes that do not see each other: each once, as each side says it of the other. Pure. */
export function nodeFindings({ nodes }: State): Found[] {
  const down = nodes.filter(({ running }) => !running);
  const parted = nodes.filter(({ running, partitions }) => running && partitions.length > 0);
  const [first] = parted;
  return [
    ...(first === undefined
      ? []
      : [
          {
            id: "parted",
            severity: "critical" as const,
            title: `${first.name} is parted from ${first.partitions.join(", ")}`,
            because:
              "Each side goes on by itself: queues differ, and messages of one side are lost when they are joined.",
            evidence: [
              rows("", parted, {
                node: ({ name }) => name,
                "does not see": ({ partitions }) => partitions.join(", "),
              }),
            ],
            explains: ["queue-down"],
            remedies: ["joinSides" as const],
          },
        ]),
    ...(down.length === 0
      ? []
      : [
          {
            id: "node-down",
            severity: "critical" as const,
            title: `${namesOf(down)} ${down.length === 1 ? "does" : "do"} not run (${down.length} of ${count(nodes.length, "node")})`,
            because:
              "Classic queues that live there cannot be used; quorum queues go on while most of their nodes run.",
            explains: ["queue-down"],
            remedies: ["startNode" as const],
          },
        ]),
  ];
}
