// What a connector's contract is tried on; authors of packs get the same from `diagbot/testing`.
export type { Failure, Harness, Settings, Target, WriteCase } from "../../src/testing/index.ts";
