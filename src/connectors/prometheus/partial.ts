import type { NotSeen } from "../../core/words/not-seen.ts";
import type { PrometheusClient } from "./client.ts";

/** Answers beside which it was said that they are not whole: what is missing is missing from every number in them. */
export async function whole<T extends object>(
  client: PrometheusClient,
  work: (client: PrometheusClient) => Promise<T>,
): Promise<T & { notSeen?: NotSeen[] }> {
  const said = new Set<string>();
  const value = await work(client.noting((partial) => said.add(partial)));
  if (said.size === 0) return value;
  const why = [...said].slice(0, 3).join("; ");
  return {
    ...value,
    notSeen: [
      {
        what: "all of the data behind the numbers",
        why: `the answer is partial: ${why}`.slice(0, 500),
        fix: "bring back the store it names, then ask again",
      },
    ],
  };
}
