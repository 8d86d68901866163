import { expect, test } from "vitest";
import type { AlertRequest } from "../../../src/core/ports/intake.ts";
import { Notification } from "../../../src/core/words/alert.ts";
import { DiagError } from "../../../src/core/words/errors.ts";
import { deliveryOf, type Received } from "../../../src/store/alert/alerts.ts";
import { alertsTogether, type Commit } from "../../../src/store/alert/alerts-together.ts";

const delivery = (name: string) => {
  const alert = { status: "firing", labels: { name }, annotations: {}, startsAt: "2026-01-01T00:00:00Z" };
  const notification = Notification.parse({
    ...{ version: "4", groupKey: name, status: "firing", receiver: "r", alerts: [alert] },
  });
  const request: AlertRequest = {
    ...{ notification, channel: "C0OPS", severity: "warning", quietMs: 1, runs: [] },
  };
  return deliveryOf({ source: "alertmanager", dedupeKey: name, raw: "{}" }, request);
};

/** A database that answers every batch with this SQLSTATE, and takes in who comes alone. */
async function receivedOf(code: string) {
  const commit = (async (_work: unknown, { first = "" } = {}) => {
    if (first.includes("pg_try_advisory"))
      throw new DiagError("store_unavailable", "diagbot's own database refused", { detail: code });
    return { news: "opened" } as Received;
  }) as Commit;
  const take = alertsTogether(commit);
  const ends = await Promise.allSettled(["a", "b", "c", "d", "e"].map((name) => take(delivery(name))));
  return ends.map(({ status }) => status);
}

test.each(["40P01", "40001", "55P03"])(
  "%s: rolled back for another transaction, so each comes alone",
  async (code) => expect(await receivedOf(code)).toEqual(Array.from({ length: 5 }, () => "fulfilled")),
);

test.each(["", "ECONNREFUSED", "57P01", "57014"])("%s: nothing of it may be done again", async (code) =>
  expect(await receivedOf(code)).toEqual(Array.from({ length: 5 }, () => "rejected")),
);
