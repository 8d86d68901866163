import type { Causes, Known } from "./known.ts";

const NO_TLS: Known = {
  id: "no-tls",
  title: "Redis does not answer the TLS handshake",
  because: "The port takes connections, but speaks no TLS (or the server is stuck).",
  advice:
    "Look at `tls-port` and `port` in its configuration and at rediss:// in the URL: plain Redis wants redis://.",
};
const WANTS_TLS: Known = {
  id: "wants-tls",
  title: "Redis wants TLS, but the URL says redis://",
  because: "The port completes a TLS handshake and hangs up on anything else.",
  advice:
    "Write rediss:// in the URL. Where its certificate is of an authority of your own, give diagbot the root (NODE_EXTRA_CA_CERTS).",
};
const OTHER: Known = {
  id: "tls",
  title: "The TLS connection to Redis fails",
  because: "The server's TLS settings are not what this client asks for, or the port does not speak TLS.",
  advice:
    "See what the port offers (`openssl s_client -connect <host>:<port>`), and redis:// or rediss:// in the URL.",
};
const UNKNOWN_AUTHORITY: Known = {
  ...OTHER,
  title: "The TLS connection to Redis fails: its certificate is of an authority this machine does not know",
  because:
    "The chain ends in a root nobody has given to diagbot, as with private and some providers' authorities, or the server leaves an intermediate out.",
  advice:
    "Give diagbot the authority's certificate (NODE_EXTRA_CA_CERTS); do not stop verifying. `openssl s_client -showcerts -connect <host>:<port>` shows the chain it sends.",
};

/** TLS, by the verdict of Node or OpenSSL. */
export const TLS: Causes = {
  EPROTO: OTHER,
  "no-tls": NO_TLS,
  "wants-tls": WANTS_TLS,
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  CERT_HAS_EXPIRED: {
    ...OTHER,
    title: "The TLS connection to Redis fails: its certificate has expired",
    because: "Clients that verify refuse it.",
    advice:
      "Renew the certificate and let Redis load it (CONFIG SET tls-cert-file, or a restart); tls-expiry shows the dates.",
  },
  CERT_NOT_YET_VALID: {
    ...OTHER,
    title: "The TLS connection to Redis fails: its certificate is not valid yet",
    because: "Its first day lies ahead, or the clock of this machine is behind.",
    advice: "Compare the clocks first, then the certificate's dates (tls-expiry).",
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    ...OTHER,
    title: "The TLS connection to Redis fails: its certificate is for another name",
    because:
      "The host in the URL is not among the names of the certificate; a wildcard covers one level only.",
    advice:
      "Use a name the certificate has (the provider's endpoint, not an address or an alias of your own), or add the name to it.",
  },
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: {
    ...OTHER,
    id: "wants-certificate",
    title: "Redis wants a certificate of its clients",
    because: "tls-auth-clients is on, as by default, and diagbot has none to show.",
    advice:
      "`tls-auth-clients optional` (or no) lets a client in by its password; to keep it on for others, give diagbot a way of its own, such as a local stunnel that holds a client certificate.",
  },
};

/** Verdicts that are not in the table. */
export const OTHER_TLS = OTHER;
export const IS_TLS = /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_)/;
