import { z } from "zod";
import { Bug } from "./bugs.ts";

/** What a supervisor's order looks like: a number, to be named in the answer, and what is to be done. */
const Order = z.looseObject({ order: z.int() });

/** Carries out the orders of the supervisor and answers each when it is over, well or badly: what failed is in the log. */
export function obeyOrders(carryOut: (bug: Bug) => Promise<void>): void {
  process.on("message", (message) => {
    const { order, ...rest } = Order.parse(message);
    carryOut(Bug.parse(rest))
      .catch((error: Error) => process.stderr.write(`order ${order}: ${error.message}\n`))
      .finally(() => process.send?.({ done: order }));
  });
}
