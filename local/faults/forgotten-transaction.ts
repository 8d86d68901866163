import { fault } from "./fault.ts";
import { idleInTransaction } from "./rules.ts";

const NOTEBOOK = "notebook";

/** Blocks nobody yet, but holds back VACUUM for the whole database as long as it lives. */
export const forgottenTransaction = fault({
  id: "forgotten-transaction",
  title: "Forget an open transaction",
  description:
    "A notebook began a transaction, read something and was left; after some seconds it is noticed.",
  runbook: "pg-locks",
  expects: { finding: "idle-in-transaction", remedy: "terminateOpen" },
  rule: idleInTransaction,
  break: async (shop) => {
    const session = await shop.session(NOTEBOOK);
    await session.run("BEGIN ISOLATION LEVEL REPEATABLE READ");
    await session.run("SELECT count(*) FROM products");
  },
  heal: (shop) => shop.closeSessions(NOTEBOOK),
});
