import {
  type ConnectionFace,
  type Finding,
  network,
  on,
  runbookOn,
  type StepError,
  shellWord,
  z,
} from "../../src/sdk/index.ts";
import { shown } from "./certificate-facts.ts";
import { dates, isEarly, isSound, renewAbove, soonest } from "./dates.ts";
import { chosen, nextStep, type Reached, sayEach, sayPlace, withEndpoint } from "./endpoints.ts";
import { whyNotNamed } from "./host-names.ts";
import { otherwise } from "./other-addresses.ts";
import { isStapleBad, STAPLE_ADVICE, stapled } from "./staple.ts";
import { alsoOld, tooOld } from "./too-old.ts";
import { whyUntrusted } from "./untrusted.ts";

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
    covers: ["resync.data-exposure"],
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
          if (certificate === undefined) return undefined;
          const isRevoked = certificate.staple?.status === "revoked";
          if (!isRevoked && soonest(certificate, now, certificateDays) === undefined) return undefined;
          if (isEarly(certificate, now))
            return `nothing is to be renewed. Compare the clock of this machine with the time (\`timedatectl\`); if it is right, present the former certificate until ${certificate.chain[0]?.validFrom}.`;
          const { chain, names } = certificate;
          const above = renewAbove(certificate, now, certificateDays);
          if (above !== undefined) return above;
          return `get a new certificate from ${chain[0]?.issuer ?? "its issuer"} for ${names.join(", ") || host}, install it with its intermediates and reload the server (e.g. \`certbot renew\` or cert-manager's \`cmctl renew\`, then \`nginx -t && nginx -s reload\`): a renewed file that nobody loaded is the usual reason for an expired certificate. Check: openssl s_client -connect ${shellWord(`${host}:${port}`)} -servername ${shellWord(host)} </dev/null | openssl x509 -noout -dates`;
        }),
    ),
    fixName: book.advises("Present a certificate for this name", "high", (values, { system, params }) =>
      sayEach(wanted(system.connections, params.connection), ({ name, endpoint: { host } }) => {
        const certificate = values[name];
        return certificate?.matchesHost === false && `${whyNotNamed(host, certificate).next}`;
      }),
    ),
    fixTrust: book.advises("Let clients trust it", "low", (values, { system, params }) =>
      sayEach(wanted(system.connections, params.connection), ({ name }) => {
        const certificate = values[name];
        return certificate?.untrusted !== undefined && whyUntrusted(certificate).next;
      }),
    ),
    replaceOld: book.advises("Bring the server's TLS up to date", "high", (values, { system, params }) =>
      sayEach(wanted(system.connections, params.connection), ({ name, endpoint: { host, port } }) => {
        const certificate = values[name];
        if (certificate?.isTooOld)
          return `let it speak TLS 1.2 or newer: update its TLS library (or the appliance in front of it), then its setting (nginx: \`ssl_protocols TLSv1.2 TLSv1.3\`). Until then clients that must can be told to take it for this one host. See it: openssl s_client -tls1 -cipher 'ALL:@SECLEVEL=0' -connect ${shellWord(`${host}:${port}`)} </dev/null`;
        if (certificate?.alsoTakes != null)
          return `see in the server's log which clients still come with it (nginx: \`$ssl_protocol\`); once none does, leave it out (nginx: \`ssl_protocols TLSv1.2 TLSv1.3\`).`;
        if (certificate !== undefined && isCommonNameOnly(certificate))
          return `issue it again with subject alternative names that hold ${host}: the common name counts for less and less clients.`;
        return (
          certificate?.weakness !== undefined &&
          "get a certificate with a key of 2048 bits or more (or an elliptic curve) and a SHA-256 signature, through the whole chain."
        );
      }),
    ),
    alignAddresses: book.advises(
      "Bring all addresses of the name to the same state",
      "high",
      "The addresses are in the finding: install the renewed certificate there, too, and reload that server (a renewal that reached one of several machines is the usual reason), let it listen on both IPv4 and IPv6 (nginx: `listen [::]:443 ssl`), or take the address out of DNS.",
    ),
    fixStaple: book.advises("Staple what is true now", "low", (values, { system, params, now }) =>
      sayEach(wanted(system.connections, params.connection), (face) => {
        const certificate = values[face.name];
        return certificate !== undefined && isStapleBad(face, certificate, now) && STAPLE_ADVICE;
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
    tooOld(face, certificate),
    dates(face, certificate, now, certificateDays),
    wrongName(face, certificate),
    trust(face, certificate),
    weak(face, certificate),
    commonNameOnly(face, certificate),
    alsoOld(face, certificate),
    stapled(face, certificate, now),
    otherwise(face, certificate),
    unneeded(face, certificate, now),
  ].map((found) => found && { ...found, evidence: [shown(certificate, now)] });

function weak(face: Reached, { weakness, reason }: network.Certificate): Finding<"replaceOld"> | false {
  // Where this client refuses it, too, that is said as why it does not trust it.
  const isRefused = /too (?:weak|small)/i.test(reason ?? "");
  return (
    weakness !== undefined &&
    !isRefused && {
      id: `weak:${face.name}`,
      severity: "warning",
      title: `${sayPlace(face)}: ${weakness}`,
      because:
        "This client still takes it; others refuse it (OpenSSL at security level 2 as in Debian and Ubuntu, Java, Go, browsers): it works for some and not for others.",
      remedies: ["replaceOld"],
    }
  );
}

/** Clients differ in what they make of it: OpenSSL and Node still look there. */
const isCommonNameOnly = ({ names, matchesHost }: network.Certificate): boolean =>
  names.length === 0 && matchesHost;

const commonNameOnly = (face: Reached, certificate: network.Certificate): Finding<"replaceOld"> | false =>
  isCommonNameOnly(certificate) && {
    id: `weak:${face.name}`,
    severity: "warning",
    title: `${sayPlace(face)}: the certificate says its name in the common name only`,
    because:
      "It has no subject alternative names. Browsers, Go and newer Python (urllib3 2) look there only and refuse it; OpenSSL (curl), Node and Java fall back to the common name: it works for some and not for others.",
    remedies: ["replaceOld"],
  };

/** Expired, but nobody needs it here: old cross-signed roots. */
function unneeded(face: Reached, certificate: network.Certificate, now: Date): Finding<never> | false {
  const expired = certificate.chain.find(({ validTo }) => Date.parse(validTo) <= now.getTime());
  return (
    expired !== undefined &&
    isSound(certificate) && {
      id: `unneeded:${face.name}`,
      severity: "info",
      title: `${sayPlace(face)}: an expired certificate in the chain that nobody needs (${expired.subject})`,
      because: `${expired.subject} was valid until ${expired.validTo}. Clients of today find another way to an authority they trust and take the chain; only very old ones (OpenSSL 1.0.2, GnuTLS before 3.6.14) stumble over it. Leave it out of the file the server sends.`,
    }
  );
}

const wrongName = (face: Reached, certificate: network.Certificate): Finding<"fixName"> | false =>
  !certificate.matchesHost && {
    id: `wrong-name:${face.name}`,
    severity: "critical",
    title: `${sayPlace(face)}: the certificate is for another name${whyNotNamed(face.endpoint.host, certificate).short}`,
    because: `It is for ${certificate.names.join(", ") || "no name at all"}, not for ${face.endpoint.host}: ${whyNotNamed(face.endpoint.host, certificate).because}. Clients that verify refuse it.`,
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

const noTls = (connection: string | undefined): Finding<never> => ({
  id: "no-tls",
  severity: "info",
  title:
    connection === undefined
      ? "No connection of this system speaks TLS"
      : `No connection "${connection}" that speaks TLS`,
  because: "Looked for https://, rediss:// and tcp connections with `tls: true` in diagbot.yaml.",
});
