import type { ActionContext } from "../../core/words/action.ts";
import type { ConnectionCheck } from "../../core/words/connector.ts";
import type { PgbouncerClient } from "./client.ts";

/** Whether the console lets the bot's user look; what is missing is thrown, and said by `doctor`. */
export async function checkPgbouncer(
  client: PgbouncerClient,
  context: ActionContext,
): Promise<ConnectionCheck[]> {
  const { version, user, admins } = await client.use(context, async (show) => {
    const config = new Map((await show("CONFIG")).map(({ key, value }) => [key, value]));
    return {
      version: (await show("VERSION"))[0]?.version ?? "",
      user: config.get("stats_users") ?? "",
      admins: config.get("admin_users") ?? "",
    };
  });
  return [
    { name: "reach", state: "ok", detail: version },
    user === ""
      ? {
          name: "role",
          state: "warning",
          detail: `stats_users is empty, so diagbot is one of admin_users (${admins.slice(0, 80)}): it could pause and stop the bouncer`,
          fix: "in pgbouncer.ini, then RELOAD on the console; the user needs a line in auth_file, too",
          paste: ["stats_users = diagbot"],
        }
      : { name: "role", state: "ok", detail: "the console can be read" },
  ];
}
