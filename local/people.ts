import type { LocalChannel, LocalCommand, LocalPerson } from "./slack/types.ts";

/** Alice asks, Bob approves, Carol may do neither; Dave is there because what destroys data needs two besides the asker. */
export const PEOPLE: readonly LocalPerson[] = [
  { id: "U0ALICE", name: "alice", real_name: "Alice Adams", email: "alice@shop.example" },
  { id: "U0BOB", name: "bob", real_name: "Bob Brown", email: "bob@shop.example" },
  { id: "U0CAROL", name: "carol", real_name: "Carol Clark", email: "carol@shop.example" },
  { id: "U0DAVE", name: "dave", real_name: "Dave Dent", email: "dave@shop.example" },
];

/** Who presses Approve in the script, in this order, until there are enough votes. */
export const APPROVERS = ["U0BOB", "U0DAVE"];
export const OUTSIDER = "U0CAROL";

export const SHOP_CHANNEL = "C0SHOP";
export const OPS_CHANNEL = "C0OPS";

/** The channels of the local Slack around that of the system that is shown. */
export const channelsFor = (own: LocalChannel): readonly LocalChannel[] => [
  own,
  { id: OPS_CHANNEL, name: "ops", topic: "Alerts of systems without a channel of their own" },
  { id: "C0RANDOM", name: "random" },
];

/** `people` of diagbot.yaml. Carol is not in it: she is a member of the workspace without any role. */
export const CONFIGURED_PEOPLE = {
  alice: { slack: ["U0ALICE"], roles: ["oncall"] },
  bob: { slack: ["U0BOB"], roles: ["oncall", "dba"] },
  dave: { slack: ["U0DAVE"], roles: ["oncall"] },
};

export const POLICIES = {
  low: { approvals: 1, from: ["oncall"], self: true, expires: "30m" },
  high: { approvals: 1, from: ["oncall"], self: false, expires: "30m" },
  destructive: { approvals: 2, from: ["oncall", "dba"], self: false, expires: "15m" },
};

/** What the composer of the page completes, for a system of that name. */
export const commandsFor = (system: string): readonly LocalCommand[] => [
  {
    name: "/diag",
    usage: "[system] [runbook] [key=value …]",
    description: "Find out what is wrong",
    subcommands: [
      { name: "help", description: "What can I type?" },
      { name: "list", usage: "[system]", description: "Systems and their runbooks" },
      {
        name: system,
        usage: "[runbook] [key=value …]",
        description: `Health of ${system}, or one runbook`,
      },
      { name: "status", usage: "[run]", description: "What is going on" },
      { name: "history", usage: "<system>", description: "Earlier runs" },
      { name: "pending", usage: "[system]", description: "What waits for people" },
      { name: "cancel", usage: "<run>", description: "Stop a run" },
      { name: "close", usage: "<incident>", description: "It is over, although no alert says so" },
      { name: "freeze", usage: "[duration] [reason]", description: "No changes until further notice" },
      { name: "unfreeze", description: "Changes are allowed again" },
    ],
  },
];
