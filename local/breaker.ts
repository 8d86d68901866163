import { waitFor } from "../src/lib/wait.ts";
import type { Fault } from "./faults/fault.ts";
import type { Shop } from "./sample/shop.ts";
import type { Panel, PanelEntry } from "./slack/types.ts";
import { until } from "./tryout/until.ts";

type State = PanelEntry["state"];

/** Breaks things, and knows what is broken: for the panel of the page and for the script. */
export interface Breaker {
  readonly panel: Panel;
  /** Breaks it and resolves when the symptom is there. Throws when it does not show within 60 s. */
  break(fault: Fault): Promise<void>;
  heal(fault: Fault): Promise<void>;
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 1000;
const SYMPTOM_WITHIN_MS = 60_000;

const LONGEST_FAILURE = 200;

/** Over: no symptom in so many looks in a row. One clean look may be luck (a lock waiter that just timed out). */
const CLEAN_LOOKS = 2;

/** `changed` is called whenever the state of an entry has changed. */
export function createBreaker(shop: Shop, faults: readonly Fault[], changed: () => void): Breaker {
  const states = new Map<Fault, State>(faults.map((fault) => [fault, "ready"]));
  const clean = new Map<Fault, number>();
  const failures = new Map<Fault, string>();
  const stopping = new AbortController();

  const put = (fault: Fault, state: State): void => {
    if (states.get(fault) === state) return;
    states.set(fault, state);
    clean.set(fault, 0);
    changed();
  };
  const breakIt = async (fault: Fault): Promise<void> => {
    put(fault, "busy");
    try {
      await fault.break(shop);
      await until(`the symptom of ${fault.id}`, () => fault.symptom(shop), { timeoutMs: SYMPTOM_WITHIN_MS });
      put(fault, "broken");
    } catch (error) {
      put(fault, "ready");
      throw error;
    }
  };
  const heal = async (fault: Fault): Promise<void> => {
    put(fault, "busy");
    await fault.heal(shop).finally(() => put(fault, "broken"));
  };
  const look = async (fault: Fault): Promise<void> => {
    if (states.get(fault) !== "broken") return;
    const there = await fault.symptom(shop).catch(() => true);
    clean.set(fault, there ? 0 : (clean.get(fault) ?? 0) + 1);
    if ((clean.get(fault) ?? 0) >= CLEAN_LOOKS) put(fault, "ready");
  };
  const watch = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await Promise.all(faults.map(look));
      await waitFor(LOOK_EVERY_MS, stopping.signal);
    }
  };
  const watching = watch();

  const press = async (id: string): Promise<{ ok: boolean; text: string }> => {
    const fault = faults.find((one) => one.id === id);
    if (fault === undefined) return { ok: false, text: "There is nothing of that name to break." };
    const state = states.get(fault);
    if (state === "busy") return { ok: false, text: `${fault.title}: wait, it is under way.` };
    failures.delete(fault);
    const work = state === "broken" ? heal(fault) : breakIt(fault);
    // The page need not wait until the symptom shows: the entry says `busy` meanwhile.
    work.catch((error: Error) => {
      failures.set(fault, error.message.slice(0, LONGEST_FAILURE));
      changed();
    });
    return {
      ok: true,
      text:
        state === "broken" ? "Put right by hand." : "Done. Watch #shop: monitoring notices within seconds.",
    };
  };
  const list = async (): Promise<PanelEntry[]> =>
    faults.map((fault) => ({
      ...(failures.has(fault) ? { failure: failures.get(fault) ?? "" } : {}),
      id: fault.id,
      title: fault.title,
      description: fault.description,
      system: "shop",
      state: states.get(fault) ?? "ready",
    }));

  return {
    panel: { title: "Break something", list, press },
    break: breakIt,
    heal,
    stop: async () => {
      stopping.abort();
      await watching;
    },
  };
}
