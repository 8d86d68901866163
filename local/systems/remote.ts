import { z } from "zod";
import type { Target } from "../prometheus/server.ts";
import { until } from "../tryout/until.ts";
import type { Patch, State } from "./service/spec.ts";

/** A sample service that runs in another process, through its control port. Each throws where it does not answer. */
export interface Control {
  /** Resolves when it answers; throws after 30 s. */
  up(): Promise<void>;
  state(): Promise<State>;
  patch(patch: Patch): Promise<void>;
  /** Its page of metrics as it was at those times (seconds). */
  past(times: readonly number[]): Promise<NonNullable<Target["past"]>>;
}

const PATIENCE_MS = 5000;
const UP_WITHIN_MS = 30_000;
const Pages = z.object({ pages: z.array(z.string()) });

/** `url` of the control port. */
export function openControl(url: string): Control {
  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const state = async (): Promise<State> => z.record(z.string(), z.json()).parse(await ask("GET", "/state"));
  return {
    up: async () => {
      await until("the sample service", state, { timeoutMs: UP_WITHIN_MS });
    },
    state,
    patch: async (patch) => {
      await ask("PATCH", "/state", patch);
    },
    past: async (times) => {
      const { pages } = Pages.parse(await ask("POST", "/past", { times }));
      return pages.map((text, at) => ({ t: times[at] ?? 0, text }));
    },
  };
}
