import type { Runbook } from "../src/sdk.ts";

/** Every runbook, one line each, in the order people see them. */
export const runbooks: readonly Runbook[] = [];
