import { inTime } from "../lib/deadline.ts";

/** How one component does; `detail` is one line without secrets. */
export interface Health {
  readonly ok: boolean;
  readonly detail?: string;
}

export interface HealthReport {
  /** `ok` all well; `degraded` some component is not; `down` none is. */
  readonly status: "ok" | "degraded" | "down";
  readonly components: Readonly<Record<string, Health>>;
}

/**
 * Asks every component at once and waits for each at most `timeoutMs` (default 2 s). Never rejects: a component that
 * throws or does not answer is not well.
 */
export async function combineHealth(
  parts: Readonly<Record<string, () => Promise<Health>>>,
  timeoutMs = 2_000,
): Promise<HealthReport> {
  const asked = Object.entries(parts).map(
    async ([name, ask]) => [name, await answerOf(ask, timeoutMs)] as const,
  );
  const components = Object.fromEntries(await Promise.all(asked));
  const all = Object.values(components);
  const well = all.filter((health) => health.ok).length;
  const status = well === all.length ? "ok" : well === 0 ? "down" : "degraded";
  return { status, components };
}

async function answerOf(ask: () => Promise<Health>, timeoutMs: number): Promise<Health> {
  const asked = await inTime(Promise.resolve().then(ask), { ms: timeoutMs });
  if (asked.state === "done") return asked.value;
  if (asked.state === "late") return { ok: false, detail: `no answer within ${timeoutMs} ms` };
  return { ok: false, detail: asked.error instanceof Error ? asked.error.message : String(asked.error) };
}
