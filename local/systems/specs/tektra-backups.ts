import { wordOf } from "../service/common.ts";
import type { Program, State } from "../service/spec.ts";
import { mapOf } from "../service/state.ts";

/** What the example's own programs for Postgres say before anything was begun. */
export const backupState = {
  base: {
    name: "base-20260101T000000Z",
    state: "whole",
    at: "2026-01-01T00:10:00Z",
    bytes: 8_200_000_000,
    free_bytes: 120_000_000_000,
    needs_bytes: 11_000_000_000,
    said: "backup successfully verified",
  },
  recovered: { state: "none", to: "", base: "", reached: "", check: "", said: "" },
  restored: {
    ...{ state: "none", file: "", tables: "", tables_before: "", check: "", check_before: "" },
    ...{ sessions: "0", said: "" },
  },
  app: { Status: "running" },
} satisfies State;

const takes: Program = (args, state) => {
  const at = new Date().toISOString();
  if (args.includes("--last")) return { out: mapOf(state, "base") };
  if (args.includes("--drop-last")) return { set: { base: { state: "dropped", at } } };
  return { set: { base: { name: `base-${at.replace(/[-:]|\.\d+/g, "")}`, state: "whole", at } } };
};

/** Emulated: what takes minutes is done at once. */
const recovers: Program = (args, state) => {
  const to = wordOf(args, "--to");
  if (args.includes("--state")) return { out: mapOf(state, "recovered") };
  if (args.includes("--promote")) return { set: { recovered: { state: "promoted" } } };
  if (to === undefined) return { set: { recovered: { state: "none", to: "" } } };
  const base = mapOf(state, "base").name ?? "";
  return { set: { recovered: { state: "reached", to, base, reached: to, check: "4211" } } };
};

const restores: Program = (args, state) => {
  const file = wordOf(args, "--restore");
  if (args.includes("--state")) return { out: mapOf(state, "restored") };
  if (file !== undefined) {
    const figures = { tables: "31", tables_before: "31", check: "4180", check_before: "4211" };
    return { set: { restored: { state: "whole", file, ...figures } } };
  }
  const [word = ""] = args;
  const next = { "--swap": "swapped", "--swap-back": "whole", "--drop": "none" }[word] ?? "none";
  return { set: { restored: { state: next } } };
};

/** Docker's socket as curl reads it: the container of the application. */
const inspects: Program = (_args, state) => ({ out: { State: mapOf(state, "app") } });

/** `docker compose stop` and `start` of the application. */
export const stopsAndStarts: Program = (args) => ({
  ...(args.includes("stop") ? { set: { app: { Status: "exited" } } } : {}),
  ...(args.includes("start") ? { set: { app: { Status: "running" } } } : {}),
});

export const backupPrograms: Readonly<Record<string, Program>> = {
  "/opt/tektra/bin/pg-base": takes,
  "/opt/tektra/bin/pg-recover": recovers,
  "/opt/tektra/bin/pg-restore-beside": restores,
  "/usr/bin/curl": inspects,
};
