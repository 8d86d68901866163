import type { network } from "../../src/sdk/index.ts";

interface Why {
  readonly what: string;
  readonly because: string;
  /** What a human does about it. */
  readonly next: string;
}

const REISSUE =
  "get a certificate of the right kind from its issuer: sending more certificates, or trusting another authority, does not help.";
const SEND_CHAIN =
  "configure the server to send its intermediate certificates (nginx: ssl_certificate with fullchain.pem), those of the certificate's own issue.";
const trust = (issuer: string): string =>
  `if ${issuer} is your own authority, give diagbot its root (NODE_EXTRA_CA_CERTS=/path/root.pem) and every client too`;

/** Verdicts of OpenSSL (x509_vfy) that tell by themselves what is wrong. */
const BY_VERDICT: Readonly<Record<string, Why>> = {
  CERT_REVOKED: {
    what: "the certificate was revoked",
    because: "Its issuer took it back: clients that ask for that refuse it",
    next: "get a new certificate with a new key.",
  },
  INVALID_PURPOSE: {
    what: "the certificate is not for servers",
    because: "Its extended key usage does not hold serverAuth: it was issued for clients or for mail",
    next: REISSUE,
  },
  INVALID_CA: {
    what: "a certificate that is no authority signed it",
    because: "One of the chain signs another without being allowed to (CA:FALSE)",
    next: "issue it by an authority (CA:TRUE), or send the intermediate that is one.",
  },
  PATH_LENGTH_EXCEEDED: {
    what: "an authority in the chain may not have one below it",
    because: "The path length of an authority in the chain is exceeded",
    next: "issue it by an authority nearer to the root, or that one with a longer path length.",
  },
  CERT_SIGNATURE_FAILURE: {
    what: "the chain does not fit together",
    because:
      "A signature in it is not by the certificate that is sent as its issuer: an intermediate of another issue of the same name was installed",
    next: SEND_CHAIN,
  },
  CERT_CHAIN_TOO_LONG: {
    what: "the chain is too long",
    because: "More certificates than clients take",
    next: "send only what leads to the root.",
  },
};

/** OpenSSL's words where Node has no code for the verdict: the authority is trusted, and the certificate is not taken. */
const BY_WORDS: readonly (readonly [RegExp, Why])[] = [
  [
    /md too weak|digest/i,
    {
      what: "its signature is too weak for clients of today",
      because: "It, or a certificate above it, is signed with SHA-1 or MD5, which OpenSSL refuses",
      next: "get certificates with a SHA-256 signature, through the whole chain.",
    },
  ],
  [
    /key too (?:small|weak)/i,
    {
      what: "its key is too weak for clients of today",
      because: "Its key, or one above it, is shorter than OpenSSL takes",
      next: "get a certificate with a key of 2048 bits or more (or an elliptic curve).",
    },
  ],
  [
    /subtree|name constraint/i,
    {
      what: "its issuer may not sign for this name",
      because: "An authority in the chain is limited to other names (name constraints)",
      next: "get the certificate from an authority that may sign for this name, or serve it under one its issuer is for.",
    },
  ],
];

/** Issuers that tell by their name what stands there. */
const BY_ISSUER: readonly (readonly [RegExp, Why])[] = [
  [
    /\(STAGING\)|Fake LE|happy hacker fake/i,
    {
      what: "the certificate is of a staging authority, which nobody trusts",
      because:
        "Let's Encrypt's staging server issues for tries only: the client that gets certificates (certbot --staging, cert-manager's issuer, ACME_CA_SERVER) still points at it",
      next: "point it at the production server (acme-v02.api.letsencrypt.org), delete the staged certificate (its secret or folder) so that it asks anew, and reload the server. Nobody is to trust the staging root.",
    },
  ],
  [
    /zscaler|netskope|forcepoint|websense|fortinet|fortigate|palo alto|sophos|blue ?coat|symantec web|mcafee web|skyhigh|cisco umbrella|checkpoint|check point|barracuda|watchguard|sonicwall|untangle|mitmproxy|squid|burp|charles proxy|kaspersky|bitdefender|avast|eset ssl/i,
    {
      what: "a proxy that reads TLS stands between: it presents a certificate of its own",
      because:
        "The name of the authority is that of an inspecting proxy, firewall or virus scanner on the way. The service's own certificate was not seen, and may be in order",
      next: "take the host out of the inspection, or give diagbot (NODE_EXTRA_CA_CERTS) and every program here the proxy's root, from whoever runs it. To see the service's own certificate ask from another network.",
    },
  ],
];

/** Why nobody here vouches for a certificate: OpenSSL's verdict first, then what the server sends. Pure. */
export function whyUntrusted(certificate: network.Certificate): Why {
  const { isSelfSigned, chain, namesIssuerUrl, untrusted = "", reason } = certificate;
  const known = BY_VERDICT[untrusted] ?? BY_WORDS.find(([words]) => words.test(reason ?? ""))?.[1];
  if (known !== undefined) return known;
  if (untrusted === "UNSPECIFIED")
    return {
      what: `OpenSSL does not take it${reason === undefined ? "" : `: ${reason}`}`,
      because: "Its authority may well be trusted; what is wrong is the certificate or the chain itself",
      next: "`openssl s_client -connect HOST:PORT -servername HOST` says it with the certificate it is about (`depth=`).",
    };
  const issuer = chain.at(-1)?.issuer ?? "unknown";
  const isAlone = chain.length === 1;
  if (isSelfSigned)
    return {
      what: "the certificate is self-signed",
      because:
        "Nobody but itself vouches for it: clients refuse it unless they were given this very certificate",
      next: "replace it by one that an authority has issued (a public one, or your own), or give this very certificate to every client that shall take it (diagbot: NODE_EXTRA_CA_CERTS=/path/certificate.pem).",
    };
  if (isAlone && namesIssuerUrl)
    return {
      what: `the intermediate certificate ${issuer} is missing`,
      because:
        "Nothing the server sends beside its own certificate leads on from it (nothing at all, or an intermediate of somebody else). Browsers fetch the missing one or have it cached; programs refuse the connection",
      next: SEND_CHAIN,
    };
  if (isAlone)
    return {
      what: `the certificate comes alone, and its issuer ${issuer} is not trusted here`,
      because:
        "Either the server does not send an intermediate certificate, or the issuer is an authority of your own that this machine does not know",
      next: `${trust(issuer)}; otherwise ${SEND_CHAIN}`,
    };
  const told = BY_ISSUER.find(([name]) => chain.some((one) => name.test(one.issuer)))?.[1];
  if (told !== undefined) return { ...told, what: `${told.what} (${issuer})` };
  return {
    what: `the certificate's chain ends at ${issuer}, which is not trusted here`,
    because: "An authority of your own that this machine does not know",
    next:
      untrusted === "SELF_SIGNED_CERT_IN_CHAIN"
        ? `${trust(issuer)}. The chain is whole; if nobody knows that authority, something on the way (a proxy that reads TLS) presents it in the service's place.`
        : `${trust(issuer)}; otherwise ${SEND_CHAIN}`,
  };
}
