import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { notSeen } from "../../core/words/not-seen.ts";
import { presentedCertificate } from "./certificate.ts";
import type { NetworkClient } from "./client.ts";
import { connectAll } from "./connect.ts";
import { resolution } from "./resolve.ts";
import { Staple } from "./staple.ts";

export { causeOf, type NetworkCause } from "../cause.ts";
export { halfOf } from "./answers.ts";

const { read } = actionsOn<NetworkClient>("endpoint");
const Family = z.union([z.literal(4), z.literal(6)]);

const ResolvedShape = z.object({
  host: z.string(),
  addresses: z.array(z.object({ address: z.string(), family: Family })),
  ms: z.number(),
  /** What each name server says; `outcome` is `ok` or the resolver's code (ENOTFOUND, ESERVFAIL, ETIMEOUT…). */
  resolvers: z.array(
    z.object({
      server: z.string(),
      outcome: z.string(),
      /** Of each kind of address by itself: A and AAAA are two questions. */
      a: z.string().optional(),
      aaaa: z.string().optional(),
      ms: z.number(),
      addresses: z.array(z.string()),
      alias: z.string().optional(),
    }),
  ),
  failure: z.object({ code: z.string(), message: z.string(), detail: z.string().optional() }).optional(),
});
export type Resolved = z.output<typeof ResolvedShape>;

/**
 * The addresses of a connection's host as programs here see them, and what each name server (at most 3, 2 s each) says.
 * A name that does not resolve is a value with `failure`. tektra.network-connectivity (dig: rcode, latency, compare resolvers).
 */
export const resolve = read({
  name: "network.resolve",
  title: "Resolves the host name of a connection",
  input: z.object({}),
  output: ResolvedShape,
  run: async (client, _input, context) => {
    const { addresses, ms, resolvers, failure } = await resolution(client, context);
    return {
      host: client.endpoint().host,
      addresses: [...addresses],
      ms,
      resolvers: resolvers.map((one) => ({ ...one, addresses: [...one.addresses] })),
      ...(failure === undefined
        ? {}
        : { failure: { code: failure.code, message: failure.message, detail: failure.detail } }),
    };
  },
});

const ConnectedShape = z.object({
  attempts: z.array(
    z.object({
      address: z.string(),
      family: Family,
      isOpen: z.boolean(),
      ms: z.number(),
      code: z.string().optional(),
    }),
  ),
  /** `closed`/`reset`: the other side hung up within the listening time. */
  after: z.enum(["open", "closed", "reset"]),
  greeting: z.string().optional(),
});
export type Connected = z.output<typeof ConnectedShape>;

/**
 * TCP connections to every address of a connection (at most 6, at once), then a moment of listening.
 * Throws where no address takes the connection; `detail` is the errno, or `dns`/`tcp` of a timeout.
 * resync.tws-connection-failure; traps telnet-hang, icmp (a ping says nothing about a port).
 */
export const connect = read({
  name: "network.connect",
  title: "Opens a TCP connection to every address of a connection",
  timeoutSeconds: 15,
  input: z.object({
    timeoutMs: z.int().min(100).max(5000).default(3000),
    listenMs: z.int().min(0).max(2000).default(300),
  }),
  output: ConnectedShape,
  run: async (client, input, context) => {
    const { attempts, ...rest } = await connectAll(client, input, context);
    return { attempts: [...attempts], ...rest };
  },
});

const CertificateShape = z.object({
  protocol: z.string(),
  isTooOld: z.boolean().default(false),
  /** An old version that it takes beside new ones; null: none, or not known (`notSeen`). */
  alsoTakes: z.string().nullable().default(null),
  /** OpenSSL's code of what the server said against this client after the handshake (it wants a certificate of it); null: nothing. */
  refusal: z.string().nullable().default(null),
  notSeen,
  names: z.array(z.string()),
  isSelfSigned: z.boolean(),
  matchesHost: z.boolean(),
  /** OpenSSL's verdict on the chain; absent where it is trusted. */
  untrusted: z.string().optional(),
  /** OpenSSL's words, where the verdict has no code of its own. */
  reason: z.string().optional(),
  /** OpenSSL's whole verdict, dates and name included; absent: a client that verifies takes it. */
  verdict: z.string().optional(),
  weakness: z.string().optional(),
  fingerprint: z.string(),
  /** What the server hands out of its revocation (OCSP staple); null: nothing. */
  staple: Staple.nullable().default(null),
  /** The certificate demands that the server does. */
  mustStaple: z.boolean().default(false),
  /** What up to three other addresses of the name present; `code` where none did. */
  elsewhere: z
    .array(
      z.object({
        address: z.string(),
        family: Family,
        code: z.string().nullable(),
        validTo: z.string().nullable(),
        verdict: z.string().nullable(),
        isSame: z.boolean(),
      }),
    )
    .default([]),
  namesIssuerUrl: z.boolean(),
  /** Leaf first; dates are ISO 8601. */
  chain: z.array(
    z.object({
      subject: z.string(),
      issuer: z.string(),
      validFrom: z.string(),
      validTo: z.string(),
      /** False: sent for clients with other lists of authorities; without it the chain is whole here. */
      isNeeded: z.boolean().default(true),
    }),
  ),
});
export type Certificate = z.output<typeof CertificateShape>;

/**
 * The certificate a TLS endpoint presents: dates, names, chain, OpenSSL's verdict. Nothing is sent to the service.
 * Throws where there is no TLS there. resync.data-exposure (chain, SAN, days to expiry, protocol).
 */
export const tlsCertificate = read({
  name: "network.tls-certificate",
  title: "Reads the TLS certificate of a connection",
  timeoutSeconds: 15,
  input: z.object({}),
  output: CertificateShape,
  run: async (client, _input, context) => {
    const { names, chain, elsewhere, ...rest } = await presentedCertificate(client, context);
    return { names: [...names], chain: [...chain], elsewhere: [...elsewhere], ...rest };
  },
});
