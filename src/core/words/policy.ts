import { z } from "zod";
import { DurationMs } from "./duration.ts";
import type { PrincipalId } from "./ids.ts";

/** Who may approve a remedy of one risk, how many of them, and for how long it holds. */
export const Policy = z.strictObject({
  approvals: z.int().min(1).max(10),
  /** Roles; a voter needs one of them. */
  from: z.array(z.string().min(1)).min(1),
  /** May the one who asked vote? */
  self: z.boolean().default(false),
  /** Nobody decided within this time: expired. */
  expires: DurationMs.default(30 * 60_000),
  /** Approved but not begun within this time: expired. */
  execute: DurationMs.default(10 * 60_000),
  /** What happens when it did not help: ask a human, or take it back at once. */
  undo: z.enum(["ask", "auto"]).default("ask"),
  /** Who may lower the quorum to one vote in an emergency, and which channel hears of it. Never lifts another rule. */
  breakGlass: z
    .strictObject({ from: z.array(z.string().min(1)).min(1), channel: z.string().min(1) })
    .optional(),
});
export type Policy = z.infer<typeof Policy>;

/** A missing risk is denied. */
export const Policies = z.strictObject({
  low: Policy.optional(),
  high: Policy.optional(),
  destructive: Policy.optional(),
});
export type Policies = z.infer<typeof Policies>;

export const PersonSchema = z.strictObject({
  slack: z.array(z.string().min(1)).default([]),
  roles: z.array(z.string().min(1)).default([]),
  /** Accounts of the operating system whose command line is this person's: `alice`, or `alice@web1` on one host only. */
  login: z.array(z.string().regex(/^[^\s@]+(@\S+)?$/, "an account, or account@host")).default([]),
});

/** `commandLine:` of diagbot.yaml. */
export const CommandLine = z.strictObject({
  /** Accounts people become by sudo to use the command line: there `SUDO_USER` says who it is. Elsewhere anybody could set it. */
  sudo: z.array(z.string().min(1)).default(["root"]),
});
export type CommandLine = z.infer<typeof CommandLine>;

/** A human who may be named as caller or voter. */
export interface Principal {
  readonly id: PrincipalId;
  readonly roles: readonly string[];
  readonly slack: readonly string[];
  /** Accounts of the operating system: `alice`, or `alice@web1`. */
  readonly login?: readonly string[];
}
