import type { Finding, network } from "../../src/sdk/index.ts";
import { type Reached, sayPlace } from "./endpoints.ts";

type Said = Finding<"renew" | "fixStaple">;

/** What the server hands out of its certificate's revocation, and whether clients can make do with it. Pure. */
export function stapled(
  face: Reached,
  { staple, mustStaple }: Pick<network.Certificate, "staple" | "mustStaple">,
  now: Date,
): Said | false {
  if (staple === null)
    return (
      mustStaple && bad(face, "no-staple", "the certificate demands a staple, and the server sends none", "")
    );
  if (staple.status === "revoked")
    return {
      id: `revoked:${face.name}`,
      severity: "critical",
      title: `${sayPlace(face)}: the certificate was revoked${staple.revokedAt === null ? "" : ` on ${staple.revokedAt}`}`,
      because:
        "The server itself hands out its issuer's word for it (OCSP staple). Browsers and clients that look at it refuse the connection; those that do not, still take it: it works for some and not for others.",
      remedies: ["renew"],
    };
  if (staple.status === "unknown")
    return bad(
      face,
      "staple-unknown",
      "its issuer does not know the certificate",
      "So says the OCSP staple that the server sends: it was issued a moment ago, or by another authority than the one that was asked.",
    );
  if (staple.status === "other")
    return bad(
      face,
      "staple-other",
      "the server staples the status of another certificate",
      "It was renewed and the staple kept, or taken from another site's.",
    );
  if (staple.status !== "good")
    return (
      mustStaple &&
      bad(
        face,
        "staple-broken",
        "the certificate demands a staple, and the one that is sent says nothing",
        `Its status is “${staple.status}”.`,
      )
    );
  const end = staple.nextUpdate === null ? Number.POSITIVE_INFINITY : Date.parse(staple.nextUpdate);
  return (
    end <= now.getTime() &&
    bad(
      face,
      "staple-expired",
      `the staple the server sends was valid until ${staple.nextUpdate}`,
      "It has not fetched a new one from its issuer since.",
    )
  );
}

const bad = (face: Reached, id: string, title: string, because: string): Said => ({
  id: `${id}:${face.name}`,
  severity: "warning",
  title: `${sayPlace(face)}: ${title}`,
  because:
    `${because} Firefox and clients that check staples refuse it, or wait for the issuer's responder; others take the certificate: it works for some and not for others.`.trim(),
  remedies: ["fixStaple"],
});

/** Whether what is wrong is the staple, not the certificate. */
export const isStapleBad = (face: Reached, certificate: network.Certificate, now: Date): boolean => {
  const found = stapled(face, certificate, now);
  return found !== false && found.remedies?.includes("fixStaple") === true;
};

export const STAPLE_ADVICE =
  "let the server fetch the status anew: it must resolve and reach its issuer's OCSP responder (nginx: `ssl_stapling on`, `resolver`, and the issuer in ssl_trusted_certificate, or a file kept fresh by `openssl ocsp`; Apache: SSLUseStapling; HAProxy: `update ssl ocsp-response`), and reload it after a renewal. An issuer that has given up OCSP (Let's Encrypt in 2025) has none to staple: get a certificate without must-staple there, and switch stapling off.";
