// What authors of runbooks test them with; published as `diagbot/testing`. See docs/packs.md.
export { failed, type Judged, type JudgedRemedy, judge, type Situation } from "./judge.ts";
