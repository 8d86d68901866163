import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { ClockBounds, clockBounds } from "../../lib/clock-bounds.ts";
import type { PostgresClient } from "./client.ts";

const { read } = actionsOn<PostgresClient>("postgres");

/** The clock of the server's machine against diagbot's own, in milliseconds; no closer than one round trip. */
export const clock = read({
  name: "postgres.clock",
  title: "Clock of the server",
  input: z.object({}),
  output: ClockBounds,
  run: (client, _input, context) =>
    client.read(context, async (sql) => {
      const before = Date.now();
      const [row] = await sql<{ at: number }>(
        "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS at",
      );
      return clockBounds(row?.at ?? Number.NaN, before, Date.now(), 0);
    }),
});
