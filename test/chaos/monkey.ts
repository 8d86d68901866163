import { randomUUID } from "node:crypto";
import { openBackend } from "../../src/queue/open.ts";
import type { Pool, Store } from "../../src/store/index.ts";
import { dismiss, isGone, kill, type Mate } from "./crew.ts";
import { entry } from "./human.ts";
import { patiently } from "./patience.ts";
import { type Random, random } from "./random.ts";
import type { Services } from "./services.ts";

/** How often each act comes, out of 100. */
const ACTS = {
  "kill -9": 34,
  freeze: 22,
  "stopped (SIGTERM)": 8,
  "queue wiped": 13,
  "forged jobs": 7,
  "Postgres crashed": 8,
  "kill switch": 8,
} as const;
type ActName = keyof typeof ACTS;

/** One act: what, to whom, for how long. */
export interface Act {
  readonly what: ActName;
  /** Between 0 and 1: which of the workers. */
  readonly whom: number;
  /** A freeze lasts so many leases. */
  readonly leases: number;
}

/** The acts of a seed, in order. How many of them come depends on how long the run takes. */
export function* actsOf(seed: number): Generator<Act, never> {
  const dice = random(seed);
  for (;;) yield { what: drawn(dice), whom: dice.next(), leases: 2 + dice.below(3) };
}

function drawn(dice: Random): ActName {
  let left = dice.below(100);
  for (const [what, share] of Object.entries(ACTS) as [ActName, number][]) {
    if (left < share) return what;
    left -= share;
  }
  return "kill -9";
}

/** Runs a worker that is gone had in hand, and when it went. */
export interface Loss {
  readonly at: number;
  readonly runs: readonly number[];
}

interface Zoo {
  readonly services: Services;
  readonly pool: Pool;
  readonly store: Store;
  readonly crew: Mate[];
  readonly leaseMs: number;
  rehire(): Promise<Mate>;
}

/** Carries the acts out, and knows what it has done. */
export function createMonkey(zoo: Zoo) {
  const counts: Record<ActName, number> = Object.fromEntries(
    Object.keys(ACTS).map((what) => [what, 0]),
  ) as Record<ActName, number>;
  const losses: Loss[] = [];
  const thawing: Promise<void>[] = [];
  const by = { via: "cli" as const, name: "bob" };

  const replace = async (index: number, end: (mate: Mate) => Promise<void>): Promise<void> => {
    const mate = zoo.crew[index];
    if (mate === undefined) return;
    await end(mate);
    const at = Date.now();
    // What it really left behind: what it had handed over or ended before is not recovered by anybody.
    const { rows } = await patiently(() =>
      zoo.pool.query<{ id: number }>("SELECT id FROM run WHERE owner = $1 AND status = 'running'", [
        mate.name,
      ]),
    );
    losses.push({ at, runs: rows.map((row) => row.id) });
    zoo.crew[index] = await zoo.rehire();
  };
  const freeze = (index: number, ms: number): void => {
    const mate = zoo.crew[index];
    if (mate === undefined || mate.frozen || isGone(mate)) return;
    mate.frozen = true;
    mate.child.kill("SIGSTOP");
    thawing.push(
      new Promise((resolve) => setTimeout(resolve, ms)).then(() => {
        mate.frozen = false;
        mate.child.kill("SIGCONT");
      }),
    );
  };
  const killSwitch = async (): Promise<void> => {
    await zoo.store.intake.freeze(entry(), { by, reason: "rig" });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await patiently(() => zoo.store.intake.unfreeze(entry(), by));
  };
  const does: Record<ActName, (act: Act, index: number) => Promise<void> | void> = {
    "kill -9": (_act, index) => replace(index, kill),
    // A frozen worker cannot hear that it shall stop.
    "stopped (SIGTERM)": (_act, index) => replace(index, zoo.crew[index]?.frozen === true ? kill : dismiss),
    freeze: (act, index) => freeze(index, act.leases * zoo.leaseMs),
    "queue wiped": () => zoo.services.flush(),
    "forged jobs": () => forge(zoo),
    "Postgres crashed": () => zoo.services.crashPostgres(),
    "kill switch": killSwitch,
  };
  return {
    counts,
    losses,
    act: async (act: Act): Promise<void> => {
      counts[act.what] += 1;
      await does[act.what](act, Math.floor(act.whom * zoo.crew.length));
    },
    /** Ends the trouble: everything frozen thaws, the kill switch is off. */
    mend: async (): Promise<void> => {
      await Promise.all(thawing);
      await patiently(() => zoo.store.intake.unfreeze(entry(), by));
    },
  };
}

/** Anyone with Redis can write there: jobs for runs in other hands, ended or never heard of, and jobs that are none. */
async function forge({ services, pool }: Zoo): Promise<void> {
  const { rows } = await pool.query<{ top: number }>("SELECT coalesce(max(id), 1)::int AS top FROM run");
  const top = rows[0]?.top ?? 1;
  const backend = openBackend({ ...services.place });
  try {
    const queue = await backend.openQueue("run");
    const some = Array.from({ length: 30 }, (_, index) => ({ id: Math.max(1, top - index) }));
    const garbage = [
      { id: 2_000_000_000 },
      { id: -1 },
      { id: "1; DROP TABLE run" },
      { run: 1, plan: {} },
      null,
      [],
    ];
    for (const data of [...some, ...garbage])
      await queue.add("run", data as never, {
        jobId: randomUUID(),
        removeOnComplete: true,
        removeOnFail: true,
      });
    await queue.add("approve" as never, { id: 1 }, { jobId: randomUUID(), removeOnComplete: true });
    await queue.close();
  } catch {
    // A queue that is down takes no forgeries either.
  } finally {
    await backend.close();
  }
}
