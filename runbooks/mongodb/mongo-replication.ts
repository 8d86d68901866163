import {
  clip,
  count,
  type Evidence,
  mongodb,
  type OutputOf,
  rows,
  runbookOn,
  sayBytes,
  sayDuration,
  z,
} from "../../src/sdk/index.ts";

type Replication = OutputOf<typeof mongodb.replication>;
type Member = Replication["members"][number];

/** Whether the set has a primary, whether its members follow it, and how long one may be away. */
const book = runbookOn(
  "mongodb",
  {
    id: "mongo-replication",
    title: "MongoDB replica set",
    alerts: [
      "MongodbReplicationLag",
      "MongodbReplicaMemberUnhealthy",
      "MongodbReplicationHeadroom",
      "MongoDBReplicationLag",
      "MongodbReplicationStatus3",
      "MongodbReplicationStatus6",
      "MongodbReplicationStatus8",
    ],
    params: z.object({
      lagSeconds: z.number().min(1).max(86_400).default(30).describe("seconds a member may be behind"),
      oplogHours: z
        .number()
        .min(0.1)
        .max(1_000)
        .default(24)
        .describe("hours the oplog is to reach back at least"),
    }),
  },
  () => ({ replication: mongodb.replication(), state: mongodb.state() }),
);

const members = ({ members: all }: Replication): Evidence =>
  rows("", all, {
    member: (one) => one.name,
    state: (one) => one.state,
    behind: (one) => (one.lagSeconds === null ? "–" : sayDuration(one.lagSeconds * 1000)),
    "on purpose": (one) => (one.delaySeconds === 0 ? "" : sayDuration(one.delaySeconds * 1000)),
    votes: (one) => one.votes,
    priority: (one) => one.priority,
    "syncs from": (one) => one.syncsFrom,
    says: (one) => clip(one.message, 120),
  });

const names = (all: readonly Member[]): string =>
  all.length > 3
    ? `${all
        .slice(0, 2)
        .map(({ name }) => name)
        .join(", ")} and ${all.length - 2} more`
    : all.map(({ name }) => name).join(", ");

const isDown = ({ healthy, state }: Member): boolean =>
  !healthy || ["DOWN", "UNKNOWN", "REMOVED"].includes(state);
/** Busy with itself: it holds data, and serves none meanwhile. */
const BUSY = ["RECOVERING", "STARTUP", "STARTUP2", "ROLLBACK"];
const hasPrimary = ({ members: all }: Replication): boolean => all.some(({ state }) => state === "PRIMARY");

/** Members of the set that may vote and answer. */
const voices = ({ members: all }: Replication): number =>
  all.filter((one) => !isDown(one)).reduce((sum, { votes }) => sum + votes, 0);

/** Beyond what is behind on purpose. */
const late = (replication: Replication, limit: number): Member[] =>
  replication.members.filter(
    ({ lagSeconds, delaySeconds }) => lagSeconds !== null && lagSeconds - delaySeconds > limit,
  );

export const mongoReplication = book
  .remedies({
    bringBack: book.advises("Bring the members back", "high", ({ replication }) => {
      const down = replication?.members.filter(isDown) ?? [];
      return `Look at ${names(down)}: is the machine up, does mongod run (\`systemctl status mongod\`, its log's end), and can the members reach each other on its port? Do not remove a member from the set while it is down: that changes the majority. \`rs.stepDown\` and a forced reconfiguration (\`rs.reconfig(…, { force: true })\`) may lose writes that others have confirmed; that is for people who know which side has them.`;
    }),
    letFollow: book.advises("Find what keeps it back", "low", ({ replication }, { params }) => {
      const behind = replication === undefined ? [] : late(replication, params.lagSeconds);
      return `On ${names(behind)}: is its disk slower or full, does it serve long reads or build an index, is its clock right, and whom does it sync from (\`rs.printSecondaryReplicationInfo()\`)? Writes with \`w: "majority"\` wait for it where the majority needs it. Nothing is to be killed on the primary: fewer writes there let it follow.`;
    }),
    longerOplog: book.advises(
      "Let the oplog reach back longer",
      "low",
      ({ replication }) =>
        `\`db.adminCommand({ replSetResizeOplog: 1, size: <MB>, minRetentionHours: <hours> })\` on each member, with room on its disk${replication?.oplogBytes === null || replication === undefined ? "" : ` (now ${sayBytes(replication.oplogBytes)})`}. A burst of writes (an import, a mass update) shortens it for a while: look at what writes so much first.`,
    ),
    joinSet: book.advises("Bring it into its set, or start it without one", "high", ({ replication }) =>
      replication?.outside === "not-in-it"
        ? "From the primary, compare `rs.conf().members[].host` with the name and port this server answers at (`hello().me`): another name, or it was removed. If it is meant to be one: `rs.add`. Its data are those of when it was removed."
        : "First see whether its data folder is the right one (a volume that is not mounted looks like a new server). A member that is added by `rs.add` on the primary gets its configuration from there. `rs.initiate` only for a set that does not exist yet: on a member that lost its data it makes a second, empty set.",
    ),
    leaveAlone: book.advises(
      "Leave it alone while it makes progress",
      "low",
      "STARTUP2 copies all data (initial sync), RECOVERING catches up, ROLLBACK takes back what only it had: its log says how far it is. A restart begins an initial sync anew. What a rollback took back lies in its folder `rollback/`.",
    ),
  })
  .findings((find) => [
    find(
      ["replication"],
      ({ replication: { outside } }) =>
        outside !== undefined && {
          id: "outside-set",
          severity: "critical",
          title:
            outside === "not-in-it"
              ? "The server is not in the configuration of its replica set"
              : "The server was started for a replica set and has no configuration of one",
          because:
            outside === "not-in-it"
              ? "It was removed, or its name or port is another one than the set knows it by. It takes neither reads nor writes so."
              : "Either the set was never initiated, or this member was not added yet, or it lost its data and is taken for a new one. It takes neither reads nor writes so. To tell them apart: do the other members have a primary, and name this one?",
          remedies: ["joinSet" as const],
        },
    ),
    find(["replication"], ({ replication }) => {
      if (replication.set === null || hasPrimary(replication)) return undefined;
      const { majority } = replication;
      const seen = voices(replication);
      const lacks = majority !== null && seen < majority;
      return {
        id: "no-primary",
        severity: "critical",
        title: `Replica set ${replication.set} has no primary: nothing can be written`,
        because: lacks
          ? `${count(seen, "vote")} of ${majority} that are needed can be reached from the member that was asked, so none may be elected.`
          : "Enough members can be reached: an election is under way, or none of them may become primary (priority 0, behind, or each sees others than the rest). From another member it may look different.",
        evidence: [members(replication)],
        explains: ["lag"],
        remedies: ["bringBack"],
      };
    }),
    find(["replication"], ({ replication }) => {
      const down = replication.members.filter(isDown);
      if (down.length === 0) return undefined;
      const { majority } = replication;
      const spare = majority === null ? undefined : voices(replication) - majority;
      return {
        id: "member-down",
        severity: spare !== undefined && spare <= 0 ? "critical" : "warning",
        title: `${names(down)} cannot be reached by the member that was asked`,
        because: `${down
          .map(({ name, message }) => `${name}: ${message === "" ? "no answer" : message}`)
          .slice(0, 3)
          .join(
            "; ",
          )}.${spare === undefined || !hasPrimary(replication) ? "" : spare <= 0 ? " One more, and there is no primary." : ` ${count(spare, "vote")} to spare.`}`,
        evidence: [members(replication)],
        explains: ["no-primary"],
        remedies: ["bringBack"],
      };
    }),
    find(["replication"], ({ replication }) => {
      const busy = replication.members.filter((one) => !isDown(one) && BUSY.includes(one.state));
      return (
        busy.length > 0 && {
          id: "member-busy",
          severity: "warning",
          title: `${names(busy)}: ${[...new Set(busy.map(({ state }) => state))].join(", ")}`,
          because: `It holds data and serves none until it has caught up. ${busy
            .map(({ message }) => message)
            .filter((text) => text !== "")
            .slice(0, 2)
            .join("; ")}`.trim(),
          evidence: [members(replication)],
          remedies: ["leaveAlone" as const],
        }
      );
    }),
    find(["replication"], ({ replication }, { params }) => {
      const behind = late(replication, params.lagSeconds);
      const worst = Math.max(
        0,
        ...behind.map(({ lagSeconds, delaySeconds }) => (lagSeconds ?? 0) - delaySeconds),
      );
      const { oplogSeconds } = replication;
      const isFalling = oplogSeconds !== null && worst > oplogSeconds / 2;
      return (
        behind.length > 0 && {
          id: "lag",
          severity: isFalling ? "critical" : "warning",
          title: `${names(behind)} ${behind.length === 1 ? "is" : "are"} ${sayDuration(worst * 1000)} behind`,
          because: isFalling
            ? `The oplog reaches back ${sayDuration((oplogSeconds ?? 0) * 1000)}: further behind than that, it has to copy all data anew.`
            : "Reads from it are that old, and a majority that needs it waits. On a set that hardly writes the figure is the time between two writes.",
          evidence: [members(replication)],
          remedies: ["letFollow" as const],
        }
      );
    }),
    find(
      ["replication"],
      ({ replication: { oplogSeconds, set, role } }, { params }) =>
        set !== null &&
        role !== "arbiter" &&
        oplogSeconds !== null &&
        oplogSeconds < params.oplogHours * 3600 && {
          id: "oplog-short",
          severity: oplogSeconds < 3600 ? "warning" : "info",
          title: `The oplog reaches back ${sayDuration(oplogSeconds * 1000)}`,
          because: `A member that is away for longer has to copy all data anew. ${params.oplogHours} h are wanted. A young or quiet set has a short one that still grows.`,
          remedies: ["longerOplog" as const],
        },
    ),
    find(
      ["state"],
      ({ state }) =>
        state.now.flowControlLagged === true && {
          id: "flow-control",
          severity: "warning",
          title: "Writes are slowed down: the majority does not keep up",
          because: `Flow control holds writers back until members follow${state.since.flowControlWait === null ? "" : ` (${state.since.flowControlWait} s of waiting a second)`}: it is what lag does, not a fault of the primary.`,
        },
    ),
    find(
      ["replication"],
      ({ replication }) =>
        replication.set === null &&
        replication.outside === undefined &&
        replication.role !== "mongos" &&
        (replication.notSeen ?? []).length === 0 && {
          id: "by-itself",
          severity: "info",
          title: "The server is by itself: it is of no replica set",
          because: "Nothing follows it, and nothing takes over from it.",
        },
    ),
  ]);
