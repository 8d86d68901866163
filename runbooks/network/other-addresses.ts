import { type Finding, network, rows } from "../../src/sdk/index.ts";
import { type Reached, sayPlace } from "./endpoints.ts";

type Other = network.Certificate["elsewhere"][number];

/** Of this machine or its network, which may have no IPv6: nothing is known of the other side. */
const OURS = new Set([
  "ENETUNREACH",
  "EHOSTUNREACH",
  "EADDRNOTAVAIL",
  "EAFNOSUPPORT",
  "ENETDOWN",
  "tcp",
  "tls",
]);

/** `localhost` names both families, and most servers there listen on one. */
const isOwn = ({ address }: Other): boolean => address === "::1";

/** One that is refused here although the first is taken, or that does not answer with TLS. Another valid certificate is none. */
const isBad = (other: Other, first: network.Certificate): boolean =>
  other.code === null
    ? other.verdict !== null && first.verdict === undefined
    : !OURS.has(other.code) && !isOwn(other);

/** A name with several addresses of which one presents what clients refuse: the fault comes and goes. Pure. */
export function otherwise(
  face: Reached,
  certificate: network.Certificate,
): Finding<"alignAddresses"> | false {
  const bad = certificate.elsewhere.filter((one) => isBad(one, certificate));
  const [worst] = bad;
  if (worst === undefined) return false;
  const say = ({ code, verdict, validTo }: Other): string =>
    code !== null
      ? `no TLS comes about (${network.causeOf({ code: "target_unreachable", message: "", detail: code }).word})`
      : `it presents a certificate that clients refuse (${verdict ?? ""}, valid until ${validTo ?? "unknown"})`;
  return {
    id: `differs:${face.name}`,
    severity: "warning",
    title: `${sayPlace(face)}: at ${worst.address} ${say(worst)}, while the first address answers`,
    because: `The name has several addresses${worst.family === 6 ? ", and clients take IPv6 first where they have it" : ""}: who meets that one fails, so it works for some and not for others, and looks well from where the first is asked.`,
    evidence: [
      rows("Other addresses", certificate.elsewhere, {
        address: (one) => one.address,
        answer: (one) =>
          one.code === null ? (one.isSame ? "the same certificate" : "another one") : one.code,
        verdict: (one) => one.verdict ?? "–",
        "valid until": (one) => one.validTo ?? "–",
      }),
    ],
    remedies: ["alignAddresses"],
  };
}
