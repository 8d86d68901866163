import { facts, type network } from "../../src/sdk/index.ts";

export const DAY = 86_400_000;

/** A certificate as people look at it. */
export const shown = ({ chain, names, protocol, fingerprint }: network.Certificate, now: Date) => {
  const leaf = chain[0];
  return facts({
    subject: leaf?.subject ?? "unnamed",
    issuer: leaf?.issuer ?? "unnamed",
    names: names.join(", ") || "none",
    "valid from": leaf?.validFrom ?? "unknown",
    "valid until": leaf === undefined ? "unknown" : `${leaf.validTo} (${signedDays(leaf.validTo, now)})`,
    chain: chain.map(({ subject }) => subject).join(" < "),
    protocol,
    "SHA-256": fingerprint,
  });
};

export const days = (milliseconds: number): string => {
  const whole = Math.floor(milliseconds / DAY);
  if (whole >= 2) return `${whole} days`;
  return `${Math.max(1, Math.floor(milliseconds / 3_600_000))} h`;
};
const signedDays = (date: string, now: Date): string => {
  const left = Date.parse(date) - now.getTime();
  return left >= 0 ? `in ${days(left)}` : `${days(-left)} ago`;
};
