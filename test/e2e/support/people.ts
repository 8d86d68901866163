/** Alice asks, Bob and Dave may approve, Erin is known but has no role, Carol is nobody diagbot.yaml knows. */
export const PEOPLE = [
  { id: "U0ALICE", name: "alice" },
  { id: "U0BOB", name: "bob" },
  { id: "U0CAROL", name: "carol" },
  { id: "U0DAVE", name: "dave" },
  { id: "U0ERIN", name: "erin" },
];

export const OPS = "C0OPS";
export const SHOP = "C0SHOP";
export const CHANNELS = [
  { id: OPS, name: "ops" },
  { id: SHOP, name: "shop" },
];

/** `people`, `policies` and `limits` of diagbot.yaml. */
export const CONFIGURED = {
  slack: { channel: OPS },
  people: {
    alice: { slack: ["U0ALICE"], roles: ["oncall"] },
    bob: { slack: ["U0BOB"], roles: ["oncall", "dba"] },
    dave: { slack: ["U0DAVE"], roles: ["oncall"] },
    erin: { slack: ["U0ERIN"], roles: ["reader"] },
  },
  // The tests type quicker than a person does.
  limits: { commandsPerMinute: 10_000 },
  policies: {
    low: { approvals: 1, from: ["oncall"], self: true, expires: "30m" },
    high: { approvals: 1, from: ["oncall"], self: false, expires: "30m" },
    destructive: { approvals: 2, from: ["oncall", "dba"], self: false, expires: "15m" },
  },
};
