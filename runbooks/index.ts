import type { Runbook } from "../src/sdk.ts";
import { containerFailure } from "./container-failure.ts";
import { diskFull } from "./disk-full.ts";
import { highMemory } from "./high-memory.ts";

/** Every runbook, one line each, in the order people see them. */
export const runbooks: readonly Runbook[] = [containerFailure, diskFull, highMemory];
