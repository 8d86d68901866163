import { expect, it } from "vitest";
import { measuredAway, POSTGRES_MEASURING, REDIS_MEASURING } from "../../../runbooks/health/measured.ts";

const alert = (alertname: string, instance = "10.0.0.12:9187") => ({
  alert: { labels: { alertname, instance }, annotations: {} },
});

it("a server that answers while its alert says it is away: the measurement is the matter", () => {
  expect(measuredAway(alert("PostgresqlDown"), 864_000, POSTGRES_MEASURING)).toMatchObject({
    id: "measured-away",
    severity: "info",
    title: "Postgres answers: the alert rests on a measurement that does not get through",
    because: expect.stringContaining("postgres_exporter at 10.0.0.12:9187 can ask (pg_up)"),
    remedies: ["lookAtExporter"],
  });
  expect(measuredAway(alert("RedisDown", ""), null, REDIS_MEASURING)?.because).toMatch(
    /^The alert rests on what redis_exporter can/,
  );
});

it("one that was started a moment ago may have been away", () => {
  expect(measuredAway(alert("PostgresqlDown"), 90, POSTGRES_MEASURING)?.title).toBe(
    "Postgres answers; it was started 90 s ago",
  );
});

it("an alert about something else, and a person who asks, are not contradicted", () => {
  expect(measuredAway(alert("PostgresqlReplicationLag"), 864_000, POSTGRES_MEASURING)).toBeUndefined();
  expect(measuredAway(alert("RedisMissingBackup"), 864_000, REDIS_MEASURING)).toBeUndefined();
  expect(measuredAway({}, 864_000, POSTGRES_MEASURING)).toBeUndefined();
});
