import { type Finding, facts, host, type OutputOf } from "../../src/sdk/index.ts";
import { kernelWords } from "./kernel-words.ts";

/** What takes no writes, is hidden under another mount, or whose pool is ill. Pure. */
export const faultFindings = (disk: host.Disk, kernel: OutputOf<typeof host.kernelSays> | undefined) =>
  host
    .faultsOf(disk)
    .filter(({ kind }) => kind !== "silent")
    .map(({ id, path, severity, kind, title, because }) => {
      const one = disk.fileSystems.find((each) => each.path === path);
      const said = kernelWords(kind === "writes" ? (one?.device ?? "") : "", kernel);
      return {
        ...{ id, severity, title, because: `${because}${kind === "writes" ? said.words : ""}` },
        evidence: one === undefined ? [] : [facts({ device: one.device, type: one.type }), ...said.evidence],
        remedies: kind === "silent" ? [] : [FAULT_REMEDY[kind]],
      };
    });

const FAULT_REMEDY = {
  writes: "repairReadOnly",
  hidden: "mountInOrder",
  pool: "repairPool",
} as const;

/** What does not answer. Pure. */
export const silentFindings = (disk: host.Disk): Finding<never>[] =>
  host
    .faultsOf(disk)
    .filter(({ kind }) => kind === "silent")
    .map(({ id, severity, title, because }) => ({ id, severity, title, because }));

/** Budgets that could not be checked. Pure. */
export const unmeasuredFindings = (disk: host.Disk): Finding<never>[] =>
  disk.budgets
    .filter(({ error }) => error !== null)
    .map(({ path, error }) => ({
      id: `unmeasured:${path}`,
      severity: "warning",
      title: `The budget of ${path} could not be checked`,
      because: error ?? "",
    }));
