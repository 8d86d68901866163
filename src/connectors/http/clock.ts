import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { ClockBounds, clockBounds } from "../../lib/clock-bounds.ts";
import type { HttpClient } from "./client.ts";

const { read } = actionsOn<HttpClient>("http");

/**
 * The clock of a service against diagbot's own, in milliseconds, by the Date header (RFC 9110 6.6.1) of its health endpoint:
 * whole seconds, so no closer than one second and a round trip. An answer out of a cache says when it was stored: that is an
 * error, not an offset.
 */
export const clock = read({
  name: "http.clock",
  title: "Clock of a service",
  input: z.object({}),
  output: ClockBounds,
  run: async (client, _input, context) => {
    const before = Date.now();
    const { headers } = await client.get(client.health, { timeoutMs: 5000 }, context);
    const after = Date.now();
    const at = Date.parse(headers.date ?? "");
    if (Number.isNaN(at) || headers.age !== undefined)
      throw new DiagError(
        "bad_output",
        headers.age === undefined
          ? "the service's answer has no Date header"
          : "the answer came out of a cache: its Date header is as old as it",
      );
    return clockBounds(at, before, after, 1000);
  },
});
