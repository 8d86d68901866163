import type { Failure, Rule } from "./rule.ts";

const SEE =
  "`openssl s_client -starttls postgres -connect <host>:<port> -showcerts` shows the certificates; tls-expiry names their dates, names and issuer.";
const KEEP =
  "Do not switch the check off (sslmode=no-verify, rejectUnauthorized: false): then anybody in between can read along.";

const UNKNOWN_CA: Failure = {
  id: "tls",
  title: "The certificate authority of the Postgres server is not known here",
  because:
    "The TLS handshake works, but the certificate is signed by an authority this machine does not trust: a provider's own or a private one, or an intermediate certificate is not sent. The driver checks it for sslmode=require, too, where psql would not.",
  advice: `Get the authority's certificate from whoever runs the server (RDS: the region's or the global bundle; Cloud SQL: server-ca.pem; Azure, Supabase, Aiven: from their console) and name it in the URL: sslmode=verify-full&sslrootcert=<file>. If an intermediate is missing, let the server send it. ${SEE} ${KEEP}`,
};
const SELF_SIGNED: Failure = {
  id: "tls",
  title: "The Postgres server shows a self-signed certificate",
  because: "No authority signed it, so it can be checked only against itself.",
  advice: `If it is the server's own (the file of ssl_cert_file), copy it here and name it in the URL: sslmode=verify-full&sslrootcert=<file>; better give the server one of your authority. If the server should have another, something else answers in its place. ${SEE} ${KEEP}`,
};
const EXPIRED: Failure = {
  id: "tls",
  title: "The certificate of the Postgres server has expired",
  because: "The server's certificate, or one it was signed with, is past its date.",
  advice: `Renew it: replace the file of ssl_cert_file, then SELECT pg_reload_conf(); running sessions stay. On a managed server rotate its authority's certificate and download the new bundle here. ${SEE} ${KEEP}`,
};
const NOT_YET: Failure = {
  id: "tls",
  title: "The certificate of the Postgres server is not valid yet",
  because: "Its first day is still to come: it was made for later, or a clock is wrong.",
  advice: `Compare the clock of this machine (\`timedatectl\`) with the certificate's first day. ${SEE}`,
};
const REVOKED: Failure = {
  id: "tls",
  title: "The certificate of the Postgres server was revoked",
  because: "Its authority says that it is not to be trusted any more.",
  advice: `Give the server a new certificate, and find out why the old one was revoked. ${SEE}`,
};
const OTHER_NAME: Failure = {
  id: "tls",
  title: "The certificate of the Postgres server is for another name",
  because:
    "The authority is trusted and the dates are right, but the host of the URL is not among the names of the certificate (an address, an alias, a name inside the cluster).",
  advice: `Use a name of the certificate as host of the URL, or issue one with this name. ${SEE} ${KEEP}`,
};
const CLIENT_CERTIFICATE: Failure = {
  id: "tls",
  title: "The Postgres server wants a certificate of the client",
  because:
    "Its TLS asks for a client certificate (clientcert, ssl_ca_file), and none, or none it trusts, was shown.",
  advice:
    "Name one that its authority signed in the URL: sslcert=<file>&sslkey=<file>; its common name must be the role.",
};
const NO_TLS: Failure = {
  id: "tls",
  title: "The Postgres server, or the pooler in front, offers no TLS",
  because:
    "The URL asks for TLS and the other side says that it has none (`ssl = off`, or client_tls_sslmode of PgBouncer).",
  advice:
    "If the port is right, switch TLS on there (ssl_cert_file, ssl_key_file, `ssl = on`, SELECT pg_reload_conf()). Only within a network you trust, sslmode=disable in the URL instead.",
};
const TOO_OLD: Failure = {
  id: "tls",
  title: "The TLS versions or ciphers of the Postgres server and this client do not meet",
  because: "The handshake ended before any certificate was looked at: one side is too old for the other.",
  advice:
    "Compare ssl_min_protocol_version, ssl_max_protocol_version and ssl_ciphers of the server with this machine's OpenSSL; raise the older side.",
};
const NO_FILE: Failure = {
  id: "tls-file",
  title: "A certificate file named in the URL cannot be read here",
  because:
    "sslrootcert, sslcert or sslkey of the URL names a file that is not on this machine, or not for diagbot's user.",
  advice:
    "Put the file where the URL says (in a container: mount it) and let diagbot's user read it. The server was not asked.",
};
const FAILS: Failure = {
  id: "tls",
  title: "The TLS connection to Postgres fails",
  because: "The handshake broke off for a reason of its own.",
  advice: `${SEE} Then compare sslmode, sslrootcert, sslcert and sslkey of the URL.`,
};

/** Verdicts of OpenSSL and Node on the handshake and on certificates. */
export const TLS: readonly Rule[] = [
  [{ driver: /\b(ENOENT|EACCES|EISDIR|ENOTDIR)\b.{0,80}, open / }, NO_FILE],
  [{ code: "no-tls" }, NO_TLS],
  [{ code: /^(CERT_HAS_EXPIRED|CRL_HAS_EXPIRED)$/ }, EXPIRED],
  [{ code: /^CERT_NOT_YET_VALID$/ }, NOT_YET],
  [{ code: /^CERT_REVOKED$/ }, REVOKED],
  [{ code: /ALTNAME|HOSTNAME_MISMATCH/ }, OTHER_NAME],
  [{ code: "DEPTH_ZERO_SELF_SIGNED_CERT" }, SELF_SIGNED],
  [
    {
      code: /^(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(GET_ISSUER_CERT|VERIFY_LEAF)|CERT_UNTRUSTED|INVALID_CA|CERT_REJECTED)/,
    },
    UNKNOWN_CA,
  ],
  [{ code: /CERTIFICATE_REQUIRED|ALERT_(BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_)/ }, CLIENT_CERTIFICATE],
  [
    { code: /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_SHARED_CIPHER|HANDSHAKE_FAILURE|KEY_TOO_SMALL|DH_KEY/ },
    TOO_OLD,
  ],
  [
    { code: /^(CERT_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_|EPROTO$)/ },
    FAILS,
  ],
];
