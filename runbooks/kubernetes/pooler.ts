import {
  count,
  type Finding,
  type kubernetes,
  type OutputOf,
  type pgbouncer,
  type postgres,
  rows,
} from "../../src/sdk/index.ts";
import { isWell, type Workload, type Workloads } from "./changes.ts";

type Variables = OutputOf<typeof kubernetes.variables>;
type Name = "canaryFirst" | "all" | "makeCanary" | "fitProgram" | "say";

interface Seen {
  readonly workloads: Workloads;
  readonly variables: Variables;
  readonly kept?: postgres.SessionState | undefined;
  readonly bouncer?: OutputOf<typeof pgbouncer.serverState> | undefined;
}

interface Asked {
  readonly workload?: string | undefined;
  readonly canary?: string | undefined;
  readonly namespace?: string | undefined;
  readonly container?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: string | undefined;
}

/** The variables that are to be set: that of the host, and that of the port where one was given. */
const wantedOf = ({ variables: { names } }: Seen, { host, port }: Asked): Record<string, string> => {
  const [first, second] = names;
  return {
    ...(first === undefined || host === undefined ? {} : { [first]: host }),
    ...(second === undefined || port === undefined ? {} : { [second]: port }),
  };
};

interface One {
  readonly workload: Workload;
  readonly container: string;
  readonly from: Record<string, string | null>;
  /** From a Secret or a ConfigMap. */
  readonly elsewhere: readonly string[];
}

function oneOf(seen: Seen, asked: Asked, name: string | undefined): One | undefined {
  const found = seen.variables.deployments.find((one) => one.name === name);
  const workload = seen.workloads.workloads.find((one) => one.uid === found?.uid);
  const names = Object.keys(wantedOf(seen, asked));
  const container = asked.container ?? found?.variables[0]?.container;
  if (workload === undefined || container === undefined || found === undefined) return undefined;
  const mine = found.variables.filter((one) => one.container === container && names.includes(one.name));
  return {
    ...{ workload, container, from: Object.fromEntries(mine.map((one) => [one.name, one.value])) },
    elsewhere: mine.filter((one) => one.elsewhere).map((one) => one.name),
  };
}

const isAt = ({ from }: One, wanted: Readonly<Record<string, string>>): boolean =>
  Object.entries(wanted).every(([name, value]) => from[name] === value);

/** What sessions keep that a pool by transaction would lose, in words. */
export function breaks({ kept, bouncer }: Pick<Seen, "kept" | "bouncer">): string[] {
  if (kept === undefined || (bouncer !== undefined && bouncer.poolMode === "session")) return [];
  const say = (n: number, one: string, more?: string) => (n === 0 ? [] : [count(n, one, more)]);
  return [
    ...say(
      kept.advisoryLocks,
      "advisory lock kept between transactions",
      "advisory locks kept between transactions",
    ),
    ...say(kept.listeners, "session that LISTENs", "sessions that LISTEN"),
    ...say(kept.temporaryTables, "temporary table"),
    ...say(kept.settings, "session with a SET of its own", "sessions with a SET of their own"),
    ...say(kept.prepared, "session with PREPARE"),
    ...say(kept.cursors, "cursor WITH HOLD", "cursors WITH HOLD"),
  ];
}

/** The call for the canary, or for the workload once the canary has it and is well; none where something would break. */
export function settingsOf(seen: Seen, asked: Asked, which: "canary" | "workload") {
  const wanted = wantedOf(seen, asked);
  const canary = oneOf(seen, asked, asked.canary);
  const all = oneOf(seen, asked, asked.workload);
  if (canary === undefined || all === undefined || Object.keys(wanted).length === 0) return [];
  if (breaks(seen).length > 0 || asked.canary === asked.workload) return [];
  const isDone = isAt(canary, wanted) && isWell(canary.workload);
  const one = which === "canary" ? canary : all;
  if (isAt(one, wanted) || (which === "workload" && !isDone) || one.elsewhere.length > 0) return [];
  const { namespace, name, uid } = one.workload;
  return [{ namespace, name, uid, container: one.container, from: one.from, to: wanted }];
}

const note = (id: string, title: string, because: string, remedies: readonly Name[]): Finding<Name> => ({
  ...{ id, severity: "info", title, because, remedies },
});

const UNSEEN =
  "What drivers prepare by the protocol nobody sees from outside: the canary's log shows it (`prepared statement … does not exist`, SQLSTATE 26000).";

/** What was asked for, and what stands in its way. */
export function poolerFindings(seen: Seen, asked: Asked): Finding<Name>[] {
  const wanted = wantedOf(seen, asked);
  if (asked.workload === undefined)
    return [note("nothing-asked", "Nothing was asked for", "This points a workload at a pooler.", ["say"])];
  if (Object.keys(wanted).length === 0)
    return [
      note(
        "no-variable",
        "Which variable holds the host is not known, or no host was given",
        "`variables:` of the kubernetes connection names those that diagbot may set, that of the host first.",
        ["say"],
      ),
    ];
  const all = oneOf(seen, asked, asked.workload);
  if (all === undefined)
    return [
      note(
        "no-such-workload",
        `No deployment ${asked.workload} is seen through this connection`,
        "It may be of a namespace, or beyond a selector, that the connection does not look at.",
        ["say"],
      ),
    ];
  const canary = oneOf(seen, asked, asked.canary);
  const told = Object.entries(wanted)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");
  const evidence = [
    rows("", [...(canary === undefined ? [] : [canary]), all], {
      deployment: (one) => one.workload.name,
      available: (one) => `${one.workload.available} of ${one.workload.desired}`,
      now: (one) =>
        Object.entries(one.from)
          .map(
            ([name, value]) =>
              `${name}=${value ?? (one.elsewhere.includes(name) ? "(elsewhere)" : "(not set)")}`,
          )
          .join(", "),
    }),
  ];
  const what = breaks(seen);
  if (what.length > 0)
    return [
      {
        ...{ id: "would-break", severity: "warning", evidence, remedies: ["fitProgram"] },
        title: `Behind a pool by transaction this would break: ${what.join(", ")}`,
        because: `Seen on the database now${seen.kept?.applications.length ? `, of ${seen.kept.applications.join(", ")}` : ""}; what ran before is not. ${UNSEEN}`,
      },
    ];
  const unknown =
    seen.kept === undefined
      ? "Without a postgres connection nobody looked at what sessions keep (advisory locks, LISTEN, SET, temporary tables)."
      : "Nothing is seen that sessions keep between transactions.";
  const elsewhere = [canary, all].flatMap((one) => one?.elsewhere ?? []);
  if (elsewhere.length > 0)
    return [
      {
        ...note(
          "from-elsewhere",
          `${[...new Set(elsewhere)].join(", ")} comes from a Secret or ConfigMap`,
          "It is changed there, and the pods replaced afterwards (k8s-change restart=true).",
          ["say"],
        ),
        evidence,
      },
    ];
  // As it was asked for.
  if (isAt(all, wanted)) return [];
  if (canary === undefined || asked.canary === asked.workload)
    return [
      {
        ...note("no-canary", `${asked.workload} is not changed without a canary`, `${unknown} ${UNSEEN}`, [
          "makeCanary",
        ]),
        evidence,
      },
    ];
  if (!isAt(canary, wanted))
    return [
      {
        ...note(
          "canary-asked",
          `${told} for the canary ${asked.canary}, before ${asked.workload}`,
          `${unknown} ${UNSEEN} Its user and password have to be known to the pooler, too.`,
          ["canaryFirst", "fitProgram"],
        ),
        evidence,
      },
    ];
  return isWell(canary.workload)
    ? [
        {
          ...note(
            "all-asked",
            `The canary ${asked.canary} goes through the pooler and is whole; ${asked.workload} is next`,
            `Look at its errors first (logs-search component=${asked.canary}): whole it is by its probes only. ${unknown} ${UNSEEN}`,
            ["all", "fitProgram"],
          ),
          evidence,
        },
      ]
    : [
        {
          ...{ id: "canary-fails", severity: "warning", evidence, remedies: ["fitProgram"] },
          title: `The canary ${asked.canary} goes through the pooler and is not whole`,
          because: `${canary.workload.available} of ${canary.workload.desired} replicas are available. ${asked.workload} stays as it is; the undo of the canary's change sets it back.`,
        },
      ];
}
