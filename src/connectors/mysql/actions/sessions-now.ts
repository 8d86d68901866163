import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import type { MysqlClient } from "../client.ts";
import { Session, sessionsWhere } from "./session-row.ts";

/** Sessions by their numbers, those that are still there. Needs PROCESS. */
export const sessionsNow = actionsOn<MysqlClient>("mysql").read({
  name: "mysql.sessions-now",
  title: "Sessions by their numbers",
  input: z.object({ ids: z.array(z.int().positive()).min(1).max(50) }),
  output: z.object({ sessions: z.array(Session).max(50) }),
  run: async (client, { ids }, context) => ({
    sessions: await client.read(context, (sql, here) =>
      sessionsWhere(sql, here, { where: "p.ID IN (?)", values: [ids], most: 50 }),
    ),
  }),
});
