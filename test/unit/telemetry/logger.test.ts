import { describe, expect, it } from "vitest";
import { redactor } from "../../../src/lib/redact.ts";
import { createLogger } from "../../../src/telemetry/logger.ts";

describe("a log line", () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ level: "info", redact: redactor(['pa"ss\\word']), destination });

  it("has no secret in it, however deep, and stays JSON with its own names", () => {
    logger.info(
      { credentials: "crm", run: 3, err: new Error('denied: pa"ss\\word') },
      'login with pa"ss\\word',
    );
    const line = JSON.parse(lines[0] ?? "") as { credentials: string; run: number; err: { message: string } };
    expect(line).toMatchObject({ credentials: "crm", run: 3, msg: "login with [redacted]" });
    expect(line.err.message).toBe("denied: [redacted]");
    expect(lines[0]).not.toContain("ss\\\\\\\\word");
    expect(lines[0]?.endsWith("}\n")).toBe(true);
  });
});
