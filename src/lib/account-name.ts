import { userInfo } from "node:os";

/** The account this process runs as. In a container that may be a number without a name: `uid-1000`. */
export function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? "unknown"}`;
  }
}
