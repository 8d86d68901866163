import { z } from "zod";
import { PrincipalId } from "./ids.ts";

/** Who asked, through which door. `principal` is set where the caller is one of diagbot.yaml's people. */
export const Caller = z.object({
  via: z.enum(["slack", "alert", "cli", "schedule"]),
  /** Shown to people: a Slack user id, an alert's name, a login name. */
  name: z.string().min(1).max(200),
  principal: PrincipalId.optional(),
  slack: z.object({ team: z.string(), user: z.string() }).optional(),
});
export type Caller = z.infer<typeof Caller>;
