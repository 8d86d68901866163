import type { Finding, network } from "../../src/sdk/index.ts";
import { type Reached, sayPlace } from "./endpoints.ts";

/** It speaks nothing that clients of today take. */
export function tooOld(
  face: Reached,
  { isTooOld, protocol }: network.Certificate,
): Finding<"replaceOld"> | false {
  return (
    isTooOld && {
      id: `too-old:${face.name}`,
      severity: "critical",
      title: `${sayPlace(face)}: speaks ${protocol} only, too old for clients of today`,
      because: `Clients that take TLS 1.2 and newer only (OpenSSL 3, Node, Java, Go, browsers) are refused during the handshake; with ${protocol} and the ciphers of long ago it came about. The port does speak TLS, and the certificate is not the matter.`,
      remedies: ["replaceOld"],
    }
  );
}

/** It takes what is out of date beside what is not: no client fails by it, and audits do. */
export const alsoOld = (
  face: Reached,
  { alsoTakes }: Pick<network.Certificate, "alsoTakes">,
): Finding<"replaceOld"> | false =>
  alsoTakes !== null && {
    id: `also-old:${face.name}`,
    severity: "info",
    title: `${sayPlace(face)}: also takes ${alsoTakes}, which is out of date`,
    because:
      "Clients of today speak a newer version with it and do not notice. TLS 1.0 and 1.1 were given up in 2021 (RFC 8996), and rules such as those for payment cards forbid them.",
    remedies: ["replaceOld"],
  };
