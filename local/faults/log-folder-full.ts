import { fault } from "./fault.ts";
import { emptyFolder, fillFolder } from "./files.ts";
import { folderFull } from "./rules.ts";

/** Rotation works, removal does not: two weeks of old logs use up the folder's budget. */
export const logFolderFull = fault({
  id: "log-folder-full",
  title: "Fill the log folder",
  description: "Rotated logs pile up until the log folder's budget is used.",
  runbook: "disk-full",
  expects: { finding: "over-budget", remedy: "removeOldFiles" },
  rule: folderFull("logs"),
  break: (shop) =>
    fillFolder(shop.folders.logs, {
      count: 13,
      bytes: 3 << 20,
      name: (at) => `shop-api.log.${at}`,
      daysOld: 7,
    }),
  heal: (shop) => emptyFolder(shop.folders.logs),
});
