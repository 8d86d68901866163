import type { network } from "../../src/sdk/index.ts";

interface Why {
  readonly what: string;
  readonly because: string;
}

/** Verdicts of OpenSSL (x509_vfy) that tell by themselves what is wrong. */
const BY_VERDICT: Readonly<Record<string, Why>> = {
  CERT_REVOKED: {
    what: "the certificate was revoked",
    because: "Its issuer took it back: clients that ask for that refuse it",
  },
  INVALID_PURPOSE: {
    what: "the certificate is not for servers",
    because: "Its extended key usage does not hold serverAuth: it was issued for clients or for mail",
  },
  INVALID_CA: {
    what: "a certificate that is no authority signed it",
    because: "One of the chain signs another without being allowed to (CA:FALSE)",
  },
  PATH_LENGTH_EXCEEDED: {
    what: "an authority in the chain may not have one below it",
    because: "The path length of an authority in the chain is exceeded",
  },
  CERT_SIGNATURE_FAILURE: {
    what: "the chain does not fit together",
    because:
      "A signature in it is not by the certificate that is sent as its issuer: an intermediate of another issue of the same name was installed",
  },
  CERT_CHAIN_TOO_LONG: { what: "the chain is too long", because: "More certificates than clients take" },
};

/** Why nobody here vouches for a certificate: OpenSSL's verdict first, then what the server sends. Pure. */
export function whyUntrusted(certificate: network.Certificate): Why {
  const { isSelfSigned, chain, namesIssuerUrl, untrusted = "" } = certificate;
  const known = BY_VERDICT[untrusted];
  if (known !== undefined) return known;
  const issuer = chain.at(-1)?.issuer ?? "unknown";
  const isAlone = chain.length === 1;
  if (isSelfSigned)
    return {
      what: "the certificate is self-signed",
      because:
        "Nobody but itself vouches for it: clients refuse it unless they were given this very certificate",
    };
  if (isAlone && namesIssuerUrl)
    return {
      what: `the intermediate certificate ${issuer} is missing`,
      because:
        "The server sends its own certificate only. Browsers fetch the missing one or have it cached; programs refuse the connection",
    };
  if (isAlone)
    return {
      what: `the certificate comes alone, and its issuer ${issuer} is not trusted here`,
      because:
        "Either the server does not send an intermediate certificate, or the issuer is an authority of your own that this machine does not know",
    };
  return {
    what: `the certificate's chain ends at ${issuer}, which is not trusted here`,
    because: "An authority of your own that this machine does not know",
  };
}
