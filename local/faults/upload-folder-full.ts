import { fault } from "./fault.ts";
import { emptyFolder, fillFolder } from "./files.ts";
import { folderFull } from "./rules.ts";

/** Aborted uploads leave their temporary files behind. */
export const uploadFolderFull = fault({
  id: "upload-folder-full",
  title: "Fill the upload folder",
  description: "Temporary files of aborted uploads are never removed and use up the folder's budget.",
  runbook: "disk-full",
  expects: { finding: "over-budget", remedy: "removeOldFiles" },
  rule: folderFull("uploads"),
  break: (shop) =>
    fillFolder(shop.folders.uploads, {
      count: 20,
      bytes: 2 << 20,
      name: (at) => `upload-${at}.tmp`,
      daysOld: 10,
    }),
  heal: (shop) => emptyFolder(shop.folders.uploads),
});
