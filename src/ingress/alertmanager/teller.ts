const EVERY_MS = 3_600_000;

/** A refusal as it was answered. */
interface Refusal {
  readonly status: number;
  readonly outcome: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * Tells people of what was turned away for good, so that a misconfigured sender is not silent: at most once an hour for each
 * kind of reason. What the sender tries again by itself (503) is told by health and metrics instead.
 */
export function createTeller(
  notice: (text: string) => void,
  now: () => number = () => performance.now(),
): (answer: Refusal, from: string | undefined) => void {
  const last = new Map<string, number>();
  return ({ status, outcome, body }, from) => {
    if (status < 400 || status === 503 || outcome === "aborted") return;
    const before = last.get(outcome);
    if (before !== undefined && now() - before < EVERY_MS) return;
    last.set(outcome, now());
    const sender = from === undefined ? "" : ` from ${from.slice(0, 60)}`;
    notice(`An alert notification${sender} was turned away (${status}): ${whatToDo(outcome, body)}`);
  };
}

function whatToDo(outcome: string, { reason, hint }: Refusal["body"]): string {
  if (outcome === "too_large") return "it is too large. Set `max_alerts` in Alertmanager.";
  if (outcome === "unauthorized")
    return "its bearer token is missing or wrong. Its `http_config.authorization` must hold diagbot's ALERTMANAGER_TOKEN.";
  return [reason, hint]
    .filter((part) => part !== undefined && part !== "")
    .map(String)
    .join("; ");
}
