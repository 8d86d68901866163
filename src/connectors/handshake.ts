/** What a failed TLS handshake means, by OpenSSL's name of it. */
export interface Handshake {
  /** A word or two, for a table. */
  readonly word: string;
  /** A clause for a message: "…: the other side speaks no TLS on this port". */
  readonly said: string;
  readonly because: string;
  readonly next: string;
}

const OLD: Handshake = {
  word: "TLS version too old",
  said: "there is no TLS version that both sides take",
  because:
    "The server takes none of the TLS versions that this client offers (1.2 and 1.3): it speaks TLS 1.0 or 1.1 only, which clients of today refuse.",
  next: "Let the server speak TLS 1.2 or newer (its TLS library may have to be updated: `openssl s_client -tls1 -cipher 'ALL:@SECLEVEL=0' -connect <host>:<port>` still gets through to it). Lowering the client's minimum is a way for a day, not a repair.",
};
const NO_TLS: Handshake = {
  word: "no TLS on this port",
  said: "the other side does not speak TLS on this port",
  because:
    "Something answers there, but not with TLS: plain HTTP or another plain protocol, or one that begins TLS later (STARTTLS: SMTP, IMAP, Postgres, MySQL, LDAP).",
  next: "Check the port, and whether the URL in diagbot.yaml should begin with http:// instead of https:// (redis:// instead of rediss://).",
};
const MUTUAL: Handshake = {
  word: "wants a client certificate",
  said: "the server wants a client certificate",
  because: "The server wants a certificate of the client (mutual TLS) and got none.",
  next: "Give the client its certificate and key where its kind of connection can have them, or ask a port without mutual TLS.",
};
const REFUSES_OURS: Handshake = {
  word: "refuses our client certificate",
  said: "the server does not accept the client certificate",
  because:
    "The server knows the client's certificate and does not accept it: its authority is unknown there, or it is expired, revoked or of the wrong kind.",
  next: "Compare the client certificate (`openssl x509 -noout -dates -issuer`) with the authorities the server trusts for clients. The server's own certificate is not the matter.",
};
const NO_NAME: Handshake = {
  word: "server does not know this name",
  said: "the server has no certificate for this host name",
  because: "The server has no site or certificate for the host name that was asked for (SNI).",
  next: "Compare the host name in diagbot.yaml with the names the server or its proxy is configured for; by IP address no name is sent at all.",
};
const NO_CIPHER: Handshake = {
  word: "no common TLS settings",
  said: "the two sides found nothing they both take",
  because:
    "The server ended the handshake without saying more (alert 40). Either no cipher, curve or signature is known to both, or it wants a client certificate (TLS 1.2 says it so), or it does not know the host name (SNI).",
  next: "To tell them apart: `openssl s_client -connect <host>:<port> -servername <host>`: \"Acceptable client certificate CA names\" means mutual TLS; with another -servername it may work; otherwise compare ciphers (`-cipher 'ALL:@SECLEVEL=0'`).",
};
const WEAK: Handshake = {
  word: "server's key or signature is too weak",
  said: "the server's key, parameters or signature are too weak for this client",
  because:
    "The server uses a key, Diffie-Hellman parameters or a signature (SHA-1, MD5) that OpenSSL refuses at its security level.",
  next: "Give the server a certificate with a key of 2048 bits or more and a SHA-256 signature, and Diffie-Hellman parameters of 2048 bits.",
};
const FAILS_THERE: Handshake = {
  word: "server fails during the TLS handshake",
  said: "the server failed itself during the TLS handshake",
  because:
    "The server answered the handshake with an error of its own (alert 80): most often it has no certificate for this host name, or cannot read its key.",
  next: "Read the server's or the proxy's error log at this moment, and compare the host name with its certificates.",
};
const BROKEN: Handshake = {
  word: "TLS handshake failed",
  said: "the TLS handshake failed",
  because: "The two sides spoke TLS but did not understand each other.",
  next: "Something between (proxy, firewall, old load balancer) may change the handshake: try from the server's own network, and read its log.",
};
const NO_ALPN: Handshake = {
  word: "no common protocol over TLS",
  said: "the server takes none of the protocols that were offered (ALPN)",
  because:
    "TLS works, but the server takes none of the application protocols the client offers (ALPN): HTTP/1.1 only against HTTP/2 only, for example.",
  next: "Let the server offer http/1.1, too, or ask the port that does.",
};
const LEGACY: Handshake = {
  word: "TLS renegotiation too old",
  said: "the server only does the old, unsafe renegotiation",
  because:
    "The server does not know secure renegotiation (RFC 5746): its TLS library is more than ten years old, and OpenSSL 3 refuses it.",
  next: "Update the server's TLS library or the appliance in front of it.",
};

/** By the end of OpenSSL's code, without `ERR_SSL_` and its `TLSV1_ALERT_`. In this order. */
const BY_CODE: readonly (readonly [RegExp, Handshake])[] = [
  [
    /PROTOCOL_VERSION$|UNSUPPORTED_PROTOCOL$|VERSION_TOO_LOW$|UNSUPPORTED_SSL_VERSION$|INAPPROPRIATE_FALLBACK$|NO_PROTOCOLS_AVAILABLE$/,
    OLD,
  ],
  [
    /WRONG_VERSION_NUMBER$|PACKET_LENGTH_TOO_LONG$|HTTP_REQUEST$|UNKNOWN_PROTOCOL$|RECORD_LAYER_FAILURE$/,
    NO_TLS,
  ],
  [/CERTIFICATE_REQUIRED$|PEER_DID_NOT_RETURN_A_CERTIFICATE$/, MUTUAL],
  [
    /ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(REVOKED|EXPIRED|UNKNOWN)|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)$/,
    REFUSES_OURS,
  ],
  [/UNRECOGNIZED_NAME$/, NO_NAME],
  [
    /HANDSHAKE_FAILURE$|NO_SHARED_CIPHER$|INSUFFICIENT_SECURITY$|NO_CIPHERS_AVAILABLE$|NO_SUITABLE_/,
    NO_CIPHER,
  ],
  [/KEY_TOO_SMALL$|MD_TOO_WEAK$|BAD_DH_VALUE$|DH_KEY_TOO_SMALL$|WRONG_SIGNATURE_TYPE$|LEGACY_SIGALG/, WEAK],
  [/UNSAFE_LEGACY_RENEGOTIATION/, LEGACY],
  [/NO_APPLICATION_PROTOCOL$/, NO_ALPN],
  [/ALERT_INTERNAL_ERROR$/, FAILS_THERE],
];

/** Undefined: the code is none of a TLS handshake. */
export function handshakeOf(code: string): Handshake | undefined {
  if (!/^(ERR_SSL_|ERR_TLS_|ERR_OSSL_)/.test(code) || /^ERR_TLS_CERT_/.test(code)) return undefined;
  return BY_CODE.find(([pattern]) => pattern.test(code))?.[1] ?? BROKEN;
}

/** Whether the server may still be heard by a client that takes what is out of date. */
export const isTooOld = (code: string): boolean => handshakeOf(code) === OLD || handshakeOf(code) === LEGACY;

/** OpenSSL's reason within its line of words: `…:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version:…`. */
export function opensslCode(message: string): string | undefined {
  const reason = /:SSL routines:[\w-]{0,60}:([\w /-]{3,60}):/.exec(message)?.[1];
  return reason === undefined ? undefined : `ERR_SSL_${reason.trim().toUpperCase().replace(/[ /-]/g, "_")}`;
}
