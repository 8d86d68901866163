interface Said {
  readonly title: (whom: string) => string;
  readonly because: string;
}

/** Why TLS with an upstream does not come about, by OpenSSL's words in nginx's line; most specific first. Alerts: RFC 8446, 6.2. */
const ROWS: readonly (readonly [words: RegExp, said: Said])[] = [
  [
    /unrecognized name|alert number 112/,
    {
      title: (whom) => `${whom} does not know by which name it is asked: nginx answers 502`,
      because:
        "It speaks TLS, and has no certificate for the name in the greeting, or there is none: nginx sends the upstream's name only with `proxy_ssl_server_name on`. The service itself may be well.",
    },
  ],
  [
    /certificate verify failed|upstream SSL certificate (verify error|does not match)/,
    {
      title: (whom) => `nginx does not accept the certificate of ${whom}: it answers 502`,
      because:
        "`proxy_ssl_verify` is on, and the certificate is out of its dates, of an authority that is not in proxy_ssl_trusted_certificate, or for another name; the line says which.",
    },
  ],
  [
    /wrong version number|unknown protocol|packet length too long/,
    {
      title: (whom) => `${whom} speaks no TLS there: nginx answers 502`,
      because: "nginx asks by https and is answered in another protocol, mostly plain HTTP.",
    },
  ],
  [
    /protocol version|unsupported protocol|no protocols available|alert number 70/,
    {
      title: (whom) => `nginx and ${whom} have no version of TLS in common: it answers 502`,
      because: "One of both is too old, or its `ssl_protocols` (here proxy_ssl_protocols) too narrow.",
    },
  ],
  [
    /handshake failure|alert number 40/,
    {
      title: (whom) => `${whom} breaks the handshake off: nginx answers 502`,
      because:
        "Either it wants a name that nginx does not send (edges like Cloudflare say it so: `proxy_ssl_server_name on`), or a client certificate, or they have no cipher in common; `openssl s_client` with and without `-servername` tells them apart.",
    },
  ],
  [
    /peer closed connection in SSL handshake|unexpected eof/i,
    {
      title: (whom) => `${whom} closes in the middle of the handshake: nginx answers 502`,
      because:
        "Either it speaks no TLS on that port, or what stands before it (a balancer, a firewall) cuts the connection, or it crashed.",
    },
  ],
];

const OTHER: Said = {
  title: (whom) => `No TLS comes about with ${whom}: nginx answers 502`,
  because: "The other side speaks no TLS there, or its certificate is not accepted.",
};

/** What a line about TLS with an upstream says. Pure. */
export const tlsSaid = (line: string): Said => ROWS.find(([words]) => words.test(line))?.[1] ?? OTHER;
