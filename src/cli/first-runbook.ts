/** What a first runbook on a kind says, as text: one fitting read, the finding it leads to, and what is done about it. */
export interface FirstRunbook {
  /** What it imports of the SDK. */
  readonly words: readonly string[];
  readonly params: string;
  readonly step: string;
  readonly call: string;
  readonly remedies: string;
  readonly finding: string;
  /** Values of the step in a made-up situation, and the finding of the second. */
  readonly situations: { readonly well: string; readonly ill: string; readonly found: string };
  /** The healthy recording, in YAML's flow style. */
  readonly recorded: {
    readonly action: string;
    readonly port: number;
    readonly params: string;
    readonly input: string;
    readonly output: string;
  };
}

/** Kinds a first runbook is written on; which of them where none is named: the first that diagbot.yaml has. */
export const FIRST_KINDS = ["postgres", "redis", "docker", "http"] as const;
export type FirstKind = (typeof FIRST_KINDS)[number];

const TIMINGS = "{ dnsMs: 1, connectMs: 1, tlsMs: 2, waitMs: 5, downloadMs: 1, totalMs: 10 }";
const answer = (status: number, cause: string, verdict: string): string =>
  `{ path: "/health", status: ${status}, cause: "${cause}", verdict: "${verdict}", components: [], timings: ${TIMINGS} }`;

/** Postgres has a write, too: what it may end stands in the plan, and the same read says whether it helped. */
const postgres: FirstRunbook = {
  words: ["count", "postgres", "rows", "runbookOn", "sayDuration", "z"],
  params: 'minutes: z.number().min(0).default(30).describe("idle for longer than this")',
  step: "idle",
  call: "postgres.idleSessions({ olderThanMinutes: params.minutes })",
  remedies: `    terminate: book.does(
      postgres.terminateIdleSessions,
      ["idle"],
      ({ idle }, { params }) => ({
        sessions: idle.sessions.slice(0, 50).map(({ pid, startedAt }) => ({ pid, startedAt })),
        idleSeconds: params.minutes * 60,
      }),
      { recheck: ["idle"], holds: ({ idle }) => idle.total === 0 },
    ),
    useAPool: book.advises("Use a pool", "low", "A pool gives back what it does not need."),`,
  finding: `    find(
      ["idle"],
      ({ idle }, { params }) =>
        idle.total > 0 && {
          id: "idle",
          severity: "warning",
          title: \`\${count(idle.total, "session")} idle for over \${params.minutes} min\`,
          because: "Each holds a connection slot, and nobody has used it since.",
          evidence: [
            rows("", idle.sessions, {
              pid: (one) => one.pid,
              user: (one) => one.user,
              idle: ({ stateSeconds: s }) => (s === null ? "hidden" : sayDuration(s * 1000)),
            }),
          ],
          remedies: ["terminate", "useAPool"],
        },
    ),`,
  situations: {
    well: "{ total: 0, sessions: [] }",
    ill: `{
      total: 1,
      sessions: [
        {
          ...{ pid: 4711, startedAt: "2026-01-01T00:00:00Z", application: "shop", user: "shop", database: "shop" },
          ...{ address: "10.0.0.7", state: "idle", stateSeconds: 3_600, transactionSeconds: null },
        },
      ],
    }`,
    found: "idle",
  },
  recorded: {
    action: "postgres.idle-sessions",
    port: 5432,
    params: "{ minutes: 30 }",
    input: "{ olderThanMinutes: 30 }",
    output: "{ total: 0, sessions: [] }",
  },
};

const redis: FirstRunbook = {
  words: ["count", "redis", "rows", "runbookOn", "z"],
  params: "",
  step: "slow",
  call: "redis.slowCommands()",
  remedies: `    smallerSteps: book.advises(
      "Ask for less at once",
      "low",
      "While one command works all others wait: SCAN in place of KEYS, ranges in place of whole sets.",
    ),`,
  finding: `    find(
      ["slow"],
      ({ slow }) =>
        slow.commands.length > 0 && {
          id: "slow-commands",
          severity: "warning",
          title: \`\${count(slow.commands.length, "slow command")} in the last minutes\`,
          because: "Redis does one command at a time: all others have waited meanwhile.",
          evidence: [
            rows("", slow.commands, {
              command: (one) => one.command,
              ms: (one) => Math.round(one.ms),
              "s ago": (one) => Math.round(one.secondsAgo),
            }),
          ],
          remedies: ["smallerSteps"],
        },
    ),`,
  situations: {
    well: "{ commands: [], byCommand: [], overSeconds: 600, events: [] }",
    ill: `{
      ...{ byCommand: [], overSeconds: 600, events: [] },
      commands: [{ command: "KEYS", key: "", arguments: 1, ms: 900, secondsAgo: 30 }],
    }`,
    found: "slow-commands",
  },
  recorded: {
    action: "redis.slow-commands",
    port: 6379,
    params: "{}",
    input: "{ withinSeconds: 600 }",
    output: "{ commands: [], byCommand: [], overSeconds: 600, events: [] }",
  },
};

const GIB = 1024 ** 3;
const space = (unusedImages: number): string =>
  `{ images: 9000000000, unusedImages: ${unusedImages}, buildCache: 0, layers: 0, volumes: 0, unusedVolumes: 0 }`;

const docker: FirstRunbook = {
  words: ["docker", "facts", "runbookOn", "sayBytes", "z"],
  params: 'mostGiB: z.number().min(0).default(20).describe("more than this of unused images is too much")',
  step: "space",
  call: "docker.space()",
  remedies: `    pruneImages: book.advises(
      "Remove images that nothing uses",
      "low",
      "docker image prune --all --filter until=168h; what is needed again is pulled again.",
    ),`,
  finding: `    find(
      ["space"],
      ({ space }, { params }) =>
        space.unusedImages > params.mostGiB * 1024 ** 3 && {
          id: "unused-images",
          severity: "warning",
          title: \`\${sayBytes(space.unusedImages)} of images that no container uses\`,
          because: \`More than \${params.mostGiB} GiB; they can be pulled again.\`,
          evidence: [facts({ images: sayBytes(space.images), unused: sayBytes(space.unusedImages) })],
          remedies: ["pruneImages"],
        },
    ),`,
  situations: { well: space(GIB), ill: space(30 * GIB), found: "unused-images" },
  recorded: {
    action: "docker.space",
    port: 2376,
    params: "{ mostGiB: 20 }",
    input: "{}",
    output: space(GIB),
  },
};
const http: FirstRunbook = {
  words: ["facts", "http", "runbookOn", "z"],
  params: "",
  step: "health",
  call: "http.health()",
  remedies: `    lookAtIt: book.advises(
      "Look at its log",
      "low",
      "The service says itself that it is not well: its log says why.",
    ),`,
  finding: `    find(["health"], ({ health }) => {
      const trouble = http.answerTrouble(health);
      return (
        trouble && {
          id: "not-well",
          severity: "warning",
          title: \`\${health.path}: \${trouble.word}\`,
          because: trouble.because,
          evidence: [facts({ status: health.status, "total ms": Math.round(health.timings.totalMs) })],
          remedies: ["lookAtIt"],
        }
      );
    }),`,
  situations: {
    well: answer(200, "fine", "healthy"),
    ill: answer(503, "says-ill", "unhealthy"),
    found: "not-well",
  },
  recorded: {
    action: "http.health",
    port: 443,
    params: "{}",
    input: "{}",
    output: answer(200, "fine", "healthy"),
  },
};

export const FIRST: Readonly<Record<FirstKind, FirstRunbook>> = { postgres, redis, docker, http };
