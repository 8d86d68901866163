// What authors of runbooks test them with; published as `diagbot/testing`. See docs/packs.md.
export { failed, type Judged, type JudgedRemedy, judge, type Situation } from "./judge.ts";
export { type Conclusion, parseRecording, type Recording } from "./recording.ts";
export { type Replayed, replay } from "./replay.ts";
