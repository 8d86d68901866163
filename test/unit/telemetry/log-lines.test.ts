import { expect, test } from "vitest";
import { redactor } from "../../../src/lib/redact.ts";
import { createLogger } from "../../../src/telemetry/logger.ts";

test("log lines: no secret gets into one", () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ level: "info", redact: redactor(["hunter2-of-the-database"]), destination });
  logger.info({ err: new Error("hunter2-of-the-database") }, "login with hunter2-of-the-database");
  expect(lines).toHaveLength(1);
  expect(lines.join()).toContain("login with [redacted]");
  expect(lines.join()).not.toContain("hunter2");
});
