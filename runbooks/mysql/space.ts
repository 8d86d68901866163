import { count, type Finding, type mysql, saySeconds } from "../../src/sdk/index.ts";

/** Writes that wait for the disk: nothing fails, so nobody hears of it but those who wait. */
export function spaceFinding({ spaceWaits }: mysql.ServerState): Finding<"freeSpace"> | undefined {
  if (spaceWaits === undefined || spaceWaits === null) return undefined;
  const { sessions, longestSeconds, state } = spaceWaits;
  const longest = longestSeconds < 1 ? "" : `, the longest for ${saySeconds(longestSeconds)}`;
  return {
    id: "waits-for-space",
    severity: "critical",
    title: `${count(sessions, "session")} ${sessions === 1 ? "waits" : "wait"} for room on a full disk${longest}`,
    because: `Its state is “${state}”: the disk of the binary logs, of the data or of tmpdir is full. The server tries again every minute and gives no error; every commit behind it waits, too, and so does SHOW BINARY LOGS. Reads go on.`,
    damage: "disruption",
    // The look at the binary logs waits behind the one that writes them.
    restsOn: ["binaryLogs"],
    remedies: ["freeSpace"],
  };
}

export const FREE_SPACE = [
  "Free space on the server's disk",
  "high",
  "`df` of datadir, of log_bin's folder and of tmpdir says which (SHOW VARIABLES LIKE '%dir', 'log_bin_basename'). Free what is beside the database first (old dumps, logs), or give the disk more room; within a minute what waits goes on by itself, nothing has to be restarted. PURGE BINARY LOGS waits like the rest while a commit holds the log; never remove those files by rm. DELETE frees no space, and ending the session that waits rolls its work back, which can wait again.",
] as const;
