// What authors of runbooks and connectors test them with; published as `diagbot/testing`. See docs/packs.md.
export type { Failure, Harness, NamesOfOthers, Settings, Target, WriteCase } from "./contract/harness.ts";
export { type Contract, type ContractCase, type ContractOptions, contractOf } from "./contract/index.ts";
export { listening, type TestServer } from "./contract/listening.ts";
export { endless, type Mute, mute } from "./contract/servers.ts";
export { failed, type Judged, type JudgedRemedy, judge, type Situation } from "./judge.ts";
export { type Conclusion, parseRecording, type Recording } from "./recording.ts";
export { type Replayed, replay } from "./replay.ts";
