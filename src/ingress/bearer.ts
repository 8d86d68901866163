import { createHash, timingSafeEqual } from "node:crypto";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Checks `Authorization: Bearer …` against each token in constant time: both sides are hashed first, so lengths do not show either. */
export function bearerCheck(tokens: readonly string[]): (header: string | undefined) => boolean {
  const wanted = tokens.filter((token) => token !== "").map(digest);
  return (header) => {
    const given = /^Bearer +(\S+) *$/i.exec(header ?? "")?.[1] ?? "";
    const seen = digest(given);
    // Every one is compared: which of them fits does not show.
    return wanted.map((one) => timingSafeEqual(seen, one)).includes(true);
  };
}
