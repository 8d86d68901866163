import {
  type ConnectionFace,
  type Finding,
  facts,
  network,
  on,
  runbookOn,
  type StepError,
  shellWord,
  z,
} from "../../src/sdk/index.ts";
import { chosen, nextStep, type Reached, sayEach, sayPlace, withEndpoint } from "./endpoints.ts";

type Link = network.Certificate["chain"][number];
const DAY = 86_400_000;

const wanted = (faces: readonly ConnectionFace[], name: string | undefined): Reached[] =>
  chosen(
    withEndpoint(faces).filter(({ endpoint }) => endpoint.tls),
    name,
  );

/** Dates, names and trust of the certificate of every TLS endpoint. Guide: HTTPS in production. */
const book = runbookOn(
  [],
  {
    id: "tls-expiry",
    title: "TLS certificates",
    // resync.data-exposure is more than this: masked logs and input checks need access to the application.
    covers: [],
    alerts: [
      "SSLCertExpiringSoon",
      "SSLCertificateExpiring",
      "TLSCertificateExpiring",
      "CertificateExpiringSoon",
      "CertificateExpired",
      "BlackboxSslCertificateWillExpireSoon",
      "BlackboxSslCertificateExpired",
      "CertManagerCertExpirySoon",
    ],
    params: z.object({
      connection: z.string().max(100).optional().describe("only this connection; empty: all that speak TLS"),
    }),
    explains: "all",
  },
  ({ params, system }) =>
    Object.fromEntries(
      wanted(system.connections, params.connection).map(({ name }) => [
        name,
        on(name, network.tlsCertificate()),
      ]),
    ),
);

export const tlsExpiry = book
  .remedies({
    renew: book.advises(
      "Renew the certificate",
      "high",
      (values, { system, params, now, thresholds: { certificateDays } }) =>
        sayEach(wanted(system.connections, params.connection), ({ name, endpoint: { host, port } }) => {
          const certificate = values[name];
          if (certificate === undefined || soonest(certificate, now, certificateDays) === undefined)
            return undefined;
          const { chain, names } = certificate;
          return `get a new certificate from ${chain[0]?.issuer ?? "its issuer"} for ${names.join(", ") || host}, install it with its intermediates and reload the server (e.g. \`certbot renew\` or cert-manager's \`cmctl renew\`, then \`nginx -s reload\`): a renewed file that nobody loaded is the usual reason for an expired certificate. Check: openssl s_client -connect ${shellWord(`${host}:${port}`)} -servername ${shellWord(host)} </dev/null | openssl x509 -noout -dates`;
        }),
    ),
    fixName: book.advises("Present a certificate for this name", "high", (values, { system, params }) =>
      sayEach(wanted(system.connections, params.connection), ({ name, endpoint: { host } }) => {
        const certificate = values[name];
        return (
          certificate?.matchesHost === false &&
          `issue a certificate whose subject alternative names hold ${host} (now: ${certificate.names.join(", ") || "none"}), or correct the host in diagbot.yaml; behind a shared address check the server's default site (SNI).`
        );
      }),
    ),
    fixTrust: book.advises("Complete the chain", "low", (values, { system, params }) =>
      sayEach(wanted(system.connections, params.connection), ({ name }) => {
        const certificate = values[name];
        return (
          certificate?.untrusted !== undefined &&
          `if ${certificate.chain.at(-1)?.issuer ?? "the issuer"} is your own authority, give diagbot its root (NODE_EXTRA_CA_CERTS=/path/root.pem) and every client too; otherwise configure the server to send its intermediate certificates (nginx: ssl_certificate with fullchain.pem).`
        );
      }),
    ),
    reachService: book.advises.all("Make the service reachable", "high", (seen, { system, params }) =>
      sayEach(wanted(system.connections, params.connection), (face) => {
        const one = seen[face.name];
        return one?.ok === false && nextStep(one.error, face);
      }),
    ),
  })
  .findings((find) => [
    find([], (_values, { system, params: { connection } }) =>
      wanted(system.connections, connection).length > 0 ? undefined : noTls(connection),
    ),
    find.all((seen, { system, params, now, thresholds: { certificateDays } }) =>
      wanted(system.connections, params.connection).flatMap((face) => {
        const one = seen[face.name];
        return [
          one?.ok === false && unread(face, one.error),
          ...(one?.ok ? judged(face, one.value, now, certificateDays) : []),
        ];
      }),
    ),
  ]);

const judged = (face: Reached, certificate: network.Certificate, now: Date, certificateDays: number) =>
  [
    dates(face, certificate, now, certificateDays),
    wrongName(face, certificate),
    trust(face, certificate),
  ].map((found) => found && { ...found, evidence: [shown(certificate, now)] });

/** The link of the chain that is out of its dates, or will be first within so many days. */
function soonest({ chain }: network.Certificate, now: Date, certificateDays: number): Link | undefined {
  const limit = now.getTime() + certificateDays * DAY;
  return chain
    .filter(({ validFrom, validTo }) => Date.parse(validTo) <= limit || Date.parse(validFrom) > now.getTime())
    .sort((a, b) => Date.parse(a.validTo) - Date.parse(b.validTo))[0];
}

function dates(
  face: Reached,
  certificate: network.Certificate,
  now: Date,
  certificateDays: number,
): Finding<"renew"> | undefined {
  const link = soonest(certificate, now, certificateDays);
  if (link === undefined) return undefined;
  const isLeaf = link === certificate.chain[0];
  const whose = isLeaf ? "The certificate" : `${link.subject} in the chain`;
  const what = `${sayPlace(face)}: ${isLeaf ? "certificate" : `chain certificate ${link.subject}`}`;
  const wait = Date.parse(link.validFrom) - now.getTime();
  if (wait > 0)
    return {
      id: `not-yet:${face.name}`,
      severity: "critical",
      title: `${what} is valid only in ${days(wait)}`,
      because: `${whose} is valid from ${link.validFrom}: clients reject it until then. It was installed too early, or a clock is wrong.`,
      remedies: ["renew"],
    };
  const left = Date.parse(link.validTo) - now.getTime();
  if (left <= 0)
    return {
      id: `expired:${face.name}`,
      severity: "critical",
      title: `${what} expired ${days(-left)} ago`,
      because: `${whose} was valid until ${link.validTo}: every client that verifies refuses the connection.`,
      remedies: ["renew"],
    };
  return {
    id: `expiring:${face.name}`,
    severity: "warning",
    title: `${what} expires in ${days(left)}`,
    because: `${whose} is valid until ${link.validTo}; the limit is ${certificateDays} days before.`,
    remedies: ["renew"],
  };
}

const wrongName = (face: Reached, { matchesHost, names }: network.Certificate): Finding<"fixName"> | false =>
  !matchesHost && {
    id: `wrong-name:${face.name}`,
    severity: "critical",
    title: `${sayPlace(face)}: the certificate is for another name`,
    because: `It is for ${names.join(", ") || "no name at all"}, not for ${face.endpoint.host}: clients that verify refuse it.`,
    remedies: ["fixName"],
  };

function trust(face: Reached, certificate: network.Certificate): Finding<"fixTrust"> | false {
  const { what, because } = whyUntrusted(certificate);
  return (
    certificate.untrusted !== undefined && {
      id: `untrusted:${face.name}`,
      severity: "warning",
      title: `${sayPlace(face)}: ${what}`,
      because: `${because} (${certificate.untrusted}).`,
      remedies: ["fixTrust"],
    }
  );
}

function whyUntrusted({ isSelfSigned, chain, namesIssuerUrl }: network.Certificate) {
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

function unread(face: Reached, error: StepError): Finding<"reachService"> {
  const { word, because } = network.causeOf(error);
  return {
    id: `unread:${face.name}`,
    severity: "warning",
    title: `${sayPlace(face)}: the certificate could not be read (${word})`,
    because: `${error.message}. ${because}`,
    remedies: ["reachService"],
  };
}

const shown = ({ chain, names, protocol, fingerprint }: network.Certificate, now: Date) => {
  const leaf = chain[0];
  return facts({
    subject: leaf?.subject ?? "unnamed",
    issuer: leaf?.issuer ?? "unnamed",
    names: names.join(", ") || "none",
    "valid from": leaf?.validFrom ?? "unknown",
    "valid until": leaf === undefined ? "unknown" : `${leaf.validTo} (${signedDays(leaf.validTo, now)})`,
    chain: chain.map(({ subject }) => subject).join(" < "),
    protocol,
    "SHA-256": fingerprint,
  });
};

const days = (milliseconds: number): string => {
  const whole = Math.floor(milliseconds / DAY);
  if (whole >= 2) return `${whole} days`;
  return `${Math.max(1, Math.floor(milliseconds / 3_600_000))} h`;
};
const signedDays = (date: string, now: Date): string => {
  const left = Date.parse(date) - now.getTime();
  return left >= 0 ? `in ${days(left)}` : `${days(-left)} ago`;
};

const noTls = (connection: string | undefined): Finding<never> => ({
  id: "no-tls",
  severity: "info",
  title:
    connection === undefined
      ? "No connection of this system speaks TLS"
      : `No connection "${connection}" that speaks TLS`,
  because: "Looked for https://, rediss:// and tcp connections with `tls: true` in diagbot.yaml.",
});
