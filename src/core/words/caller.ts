import { z } from "zod";
import { PrincipalId } from "./ids.ts";

/** Who asked, through which door. `principal` is set where the caller is one of diagbot.yaml's people. */
export const Caller = z.object({
  via: z.enum(["slack", "alert", "cli", "schedule"]),
  /** Shown to people: a Slack user id, an alert's name, a login name. */
  name: z.string().min(1).max(200),
  principal: PrincipalId.optional(),
  slack: z.object({ team: z.string(), user: z.string() }).optional(),
  /** Of the command line: the account of the operating system that asked, and where. */
  account: z
    .object({
      name: z.string().min(1).max(200),
      host: z.string().min(1).max(300),
      /** The account it became by sudo. */
      through: z.string().min(1).max(200).optional(),
    })
    .optional(),
});
export type Caller = z.infer<typeof Caller>;

/** `alice@web1`, or `alice@web1 as root` after sudo; undefined where the command line was not used. */
export const accountOf = ({ account }: Pick<Caller, "account">): string | undefined =>
  account &&
  `${account.name}@${account.host}${account.through === undefined ? "" : ` as ${account.through}`}`;
