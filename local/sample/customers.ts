import { underSignal } from "../../src/lib/deadline.ts";
import { waitFor } from "../../src/lib/wait.ts";

/** People who look and buy, a few times a second, whether or not the shop answers. */
export function startCustomers(apiUrl: string, perSecond = 4): { stop(): Promise<void> } {
  const leaving = new AbortController();
  const open = new Set<Promise<void>>();
  const visit = async (at: number): Promise<void> => {
    const buys = at % 3 === 0;
    await underSignal({ until: [leaving.signal], ms: 9000 }, async (signal) => {
      const response = await fetch(apiUrl + (buys ? "/checkout" : "/products"), {
        method: buys ? "POST" : "GET",
        signal,
      });
      await response.arrayBuffer();
    });
  };
  const walk = async (): Promise<void> => {
    for (let at = 0; !leaving.signal.aborted; at++) {
      const one = visit(at)
        .catch(() => undefined)
        .finally(() => open.delete(one));
      open.add(one);
      await waitFor(1000 / perSecond, leaving.signal);
    }
  };
  const walking = walk();
  return {
    stop: async () => {
      leaving.abort();
      await walking;
      await Promise.all(open);
    },
  };
}
