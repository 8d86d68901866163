import { describe, expect, it } from "vitest";
import { databasesOf, errorsIn, numberIn, parseInfo } from "../../../../src/connectors/redis/info.ts";
import { maskKey, prefixOf, protectedAs } from "../../../../src/connectors/redis/keys.ts";
import { slowCommandOf } from "../../../../src/connectors/redis/slow.ts";

describe("keys", () => {
  it.each([
    ["user:12345:profile", "user:*:profile", "user:*:*"],
    ["sess:9f86d081884c7d65", "sess:*", "sess:*"],
    ["mail:ann@example.org", "mail:*", "mail:*"],
    ["user98765", "user*", "user*"],
    ["page:home:de", "page:home:de", "page:home:*"],
    ["config", "config", "config"],
    ["tok:eyJhbGciOiJIUzI1NiJ9.abc", "tok:*.abc", "tok:*"],
  ])("%s is shown as %s and grouped as %s", (key, masked, prefix) => {
    expect(maskKey(key)).toBe(masked);
    expect(prefixOf(key)).toBe(prefix);
  });

  it.each([
    ["bull:mail:1", "queue"],
    ["{bull}:mail:wait", "queue"],
    ["celery", "queue"],
    ["_kombu.binding.celery", "queue"],
    ["sess:abc", "session"],
    ["django.contrib.sessions.cache1", "session"],
    ["spring:session:sessions:1", "session"],
    ["zoho:refresh_token", "token"],
    ["lock:order:7", "lock"],
    ["rate_limit:10.0.0.1", "rate limit"],
  ])("%s is no cache: %s", (key, what) => {
    expect(protectedAs(key)).toBe(what);
  });

  it.each(["page:1", "user:profile:1", "cache:query:ab12", "blocked-content", "bullet:1", "html:/clock"])(
    "%s may go",
    (key) => {
      expect(protectedAs(key)).toBeUndefined();
    },
  );

  it("takes a stream for a queue", () => expect(protectedAs("page:1", "stream")).toBe("queue"));
});

describe("INFO", () => {
  it("is read by field, whatever the line ends", () => {
    const info = parseInfo(
      "# Server\r\nredis_version:7.0.15\r\n\r\ndb0:keys=3,expires=1,avg_ttl=5\ndb12:keys=2,expires=0\nerrorstat_OOM:count=7",
    );
    expect(info.redis_version).toBe("7.0.15");
    expect(databasesOf(info)).toEqual([
      { database: 0, keys: 3, withTtl: 1 },
      { database: 12, keys: 2, withTtl: 0 },
    ]);
    expect(errorsIn(info)).toEqual({ OOM: 7 });
  });
});

describe("a number of INFO", () => {
  it.each([
    ["master_last_io_seconds_ago:-1", null],
    ["master_last_io_seconds_ago:0", 0],
    ["other:1", null],
    ["master_last_io_seconds_ago:", null],
    ["master_last_io_seconds_ago:n/a", null],
  ])("%s is %s", (text, value) => {
    expect(numberIn(parseInfo(text), "master_last_io_seconds_ago")).toBe(value);
  });
});

describe("a slow log entry", () => {
  it("shows command, masked key and number of arguments only", () => {
    expect(slowCommandOf([1, 100, 2500, ["set", "user:4711", "SECRET"], "1.2.3.4:5", ""], 160)).toEqual({
      command: "SET",
      key: "user:*",
      arguments: 2,
      ms: 2.5,
      secondsAgo: 60,
    });
    expect(slowCommandOf([1, 100, 10, ["EVAL", "return 'SECRET'", "0"]], 100).key).toBe("");
  });
});
