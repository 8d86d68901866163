import { describe, expect, test } from "vitest";
import { readHealthBody } from "../../../../src/connectors/http/health-body.ts";
import { fc } from "../../../helpers/property.ts";

const json = (body: unknown) => readHealthBody("application/json; charset=utf-8", JSON.stringify(body));
const bad = (body: unknown) =>
  json(body)
    .components.filter(({ verdict }) => verdict !== "healthy")
    .map(({ name, status }) => `${name}=${status}`);

describe("the body of a health endpoint", () => {
  test.each([
    [{ status: "ok" }, "healthy"],
    [{ status: "UP" }, "healthy"],
    [{ status: "Degraded" }, "degraded"],
    [{ status: "OUT_OF_SERVICE" }, "unhealthy"],
    [{ status: "not ready" }, "unhealthy"],
    [{ healthy: false }, "unhealthy"],
    [{ status: "frobnicating" }, "unknown"],
    [{}, "unknown"],
  ] as const)("%j is %s", (body, verdict) => {
    expect(json(body).verdict).toBe(verdict);
  });

  test("parts, as the usual frameworks write them", () => {
    expect(bad({ status: "DOWN", components: { db: { status: "DOWN" }, disk: { status: "UP" } } })).toEqual([
      "db=DOWN",
    ]);
    expect(bad({ status: "error", details: { redis: { status: "down" }, db: { status: "up" } } })).toEqual([
      "redis=down",
    ]);
    expect(
      bad({ status: "fail", checks: { "redis:time": [{ status: "fail" }, { status: "pass" }] } }),
    ).toEqual(["redis:time=fail"]);
    expect(bad({ status: "ok", services: [{ name: "queue", status: "stopped" }] })).toEqual([
      "queue=stopped",
    ]);
    expect(bad({ status: "ok", zoho: "expired", database: "connected", version: "2.1" })).toEqual([
      "zoho=expired",
    ]);
    expect(bad({ checks: { db: true, cache: false } })).toEqual(["cache=false"]);
  });

  test("without a word of its own the worst part counts", () => {
    expect(json({ checks: { db: "ok", cache: "degraded" } }).verdict).toBe("degraded");
  });

  test("plain text", () => {
    expect(readHealthBody("text/plain", "OK\n").verdict).toBe("healthy");
    expect(readHealthBody("text/html", "<html>a long page about nothing</html>").verdict).toBe("unknown");
  });

  test("announced JSON that is none is broken; JSON without the announcement is read", () => {
    expect(readHealthBody("application/json", "<html>").isBroken).toBe(true);
    expect(readHealthBody("text/plain", '{"status":"down"}').verdict).toBe("unhealthy");
  });

  test.each(['[{"toString":null}]', '{"checks":[{"name":{"toString":null},"status":"ok"}]}', "[null]"])(
    "objects where words are expected: %s",
    (body) => expect(() => readHealthBody("application/json", body)).not.toThrow(),
  );

  test("lists within lists without end", () => {
    const body = `{"checks":${"[".repeat(20_000)}"down"${"]".repeat(20_000)}}`;
    expect(() => readHealthBody("application/json", body)).not.toThrow();
  });

  test("never throws and stays small, whatever comes", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (body) => {
        const seen = readHealthBody("application/json", body);
        expect(seen.components.length).toBeLessThanOrEqual(30);
      }),
    );
  });
});
