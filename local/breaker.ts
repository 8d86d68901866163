import { waitFor } from "../src/lib/wait.ts";
import type { LiveFault } from "./faults/fault.ts";
import type { Panel, PanelEntry } from "./slack/types.ts";
import { until } from "./tryout/until.ts";

type State = PanelEntry["state"];

/** Breaks things, and knows what is broken: for the panel of the page and for the script. */
export interface Breaker {
  readonly panel: Panel;
  /** Breaks it and resolves when the symptom is there. Throws when it does not show within 60 s. */
  break(fault: LiveFault): Promise<void>;
  heal(fault: LiveFault): Promise<void>;
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 1000;
const SYMPTOM_WITHIN_MS = 60_000;

const LONGEST_FAILURE = 200;

/** Over: no symptom in so many looks in a row. One clean look may be luck (a lock waiter that just timed out). */
const CLEAN_LOOKS = 2;

/** `where` is the system that is broken, and its channel; `changed` is called whenever the state of an entry has changed. */
export function createBreaker(
  where: { readonly system: string; readonly channel: string },
  faults: readonly LiveFault[],
  changed: () => void,
): Breaker {
  const states = new Map<LiveFault, State>(faults.map((fault) => [fault, "ready"]));
  const clean = new Map<LiveFault, number>();
  const failures = new Map<LiveFault, string>();
  const stopping = new AbortController();

  const put = (fault: LiveFault, state: State): void => {
    if (states.get(fault) === state) return;
    states.set(fault, state);
    clean.set(fault, 0);
    changed();
  };
  const breakIt = async (fault: LiveFault): Promise<void> => {
    put(fault, "busy");
    try {
      await fault.break();
      await until(`the symptom of ${fault.id}`, () => fault.symptom(), { timeoutMs: SYMPTOM_WITHIN_MS });
      put(fault, "broken");
    } catch (error) {
      put(fault, "ready");
      throw error;
    }
  };
  const heal = async (fault: LiveFault): Promise<void> => {
    put(fault, "busy");
    await fault.heal().finally(() => put(fault, "broken"));
  };
  const look = async (fault: LiveFault): Promise<void> => {
    if (states.get(fault) !== "broken") return;
    const there = await fault.symptom().catch(() => true);
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
        state === "broken"
          ? "Put right by hand."
          : `Done. Watch #${where.channel}: monitoring notices within seconds.`,
    };
  };
  const list = async (): Promise<PanelEntry[]> =>
    faults.map((fault) => entryOf(fault, where.system, states.get(fault) ?? "ready", failures.get(fault)));

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

const entryOf = (
  { id, title, description }: LiveFault,
  system: string,
  state: State,
  failure: string | undefined,
): PanelEntry => ({
  ...(failure === undefined ? {} : { failure }),
  id,
  title,
  description,
  system,
  state,
});
