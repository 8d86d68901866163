import {
  type Finding,
  facts,
  network,
  on,
  type RunContext,
  runbook,
  type Seen,
  shellWord,
  z,
} from "../src/sdk.ts";
import { chosen, nextStep, type Reached, sayPlace, withEndpoint } from "./support/endpoints.ts";

type Remedy = "renew" | "fixName" | "fixTrust" | "reachService";
type Sees = Readonly<Record<string, Seen<network.Certificate>>>;
type Context = Pick<
  RunContext<{ connection?: string | undefined }>,
  "params" | "system" | "thresholds" | "now"
>;
type Link = network.Certificate["chain"][number];
const DAY = 86_400_000;

const wanted = ({ params, system }: Pick<Context, "params" | "system">): Reached[] =>
  chosen(
    withEndpoint(system.connections).filter(({ endpoint }) => endpoint.tls),
    params.connection,
  );

/** Dates, names and trust of the certificate of every TLS endpoint. Guide: HTTPS in production. */
export const tlsExpiry = runbook({
  id: "tls-expiry",
  title: "TLS certificates",
  needs: [],
  // resync.data-exposure is more than this: masked logs and input checks need access to the application.
  covers: [],
  alerts: [
    { alertname: "SSLCertExpiringSoon" },
    { alertname: "SSLCertificateExpiring" },
    { alertname: "TLSCertificateExpiring" },
    { alertname: "CertificateExpiringSoon" },
    { alertname: "CertificateExpired" },
    { alertname: "BlackboxSslCertificateWillExpireSoon" },
    { alertname: "BlackboxSslCertificateExpired" },
    { alertname: "CertManagerCertExpirySoon" },
  ],
  params: z.object({
    connection: z.string().max(100).optional().describe("only this connection; empty: all that speak TLS"),
  }),
})
  .diagnose((_params, context) =>
    Object.fromEntries(
      wanted(context).map(({ name }) => [name, on(name, network.tlsCertificate())] as const),
    ),
  )
  .findings((seen, context): Finding<Remedy>[] => {
    const faces = wanted(context);
    if (faces.length === 0) return [noTls(context.params.connection)];
    return faces.flatMap((face) => findingsOf(face, seen[face.name], context));
  })
  .remedies({
    renew: {
      title: "Renew the certificate",
      risk: "high",
      advice: (seen: Sees, context) =>
        about(
          seen,
          context,
          (certificate) => soonest(certificate, context) !== undefined,
          (face, { chain, names }) => {
            const issuer = chain[0]?.issuer ?? "its issuer";
            return `${sayPlace(face)}: get a new certificate from ${issuer} for ${names.join(", ") || face.endpoint.host}, install it with its intermediates and reload the server (e.g. \`certbot renew\` or cert-manager's \`cmctl renew\`, then \`nginx -s reload\`): a renewed file that nobody loaded is the usual reason for an expired certificate. Check: openssl s_client -connect ${shellWord(`${face.endpoint.host}:${face.endpoint.port}`)} -servername ${shellWord(face.endpoint.host)} </dev/null | openssl x509 -noout -dates`;
          },
        ),
    },
    fixName: {
      title: "Present a certificate for this name",
      risk: "high",
      advice: (seen: Sees, context) =>
        about(
          seen,
          context,
          ({ matchesHost }) => !matchesHost,
          (face, { names }) =>
            `${sayPlace(face)}: issue a certificate whose subject alternative names hold ${face.endpoint.host} (now: ${names.join(", ") || "none"}), or correct the host in diagbot.yaml; behind a shared address check the server's default site (SNI).`,
        ),
    },
    fixTrust: {
      title: "Complete the chain",
      risk: "low",
      advice: (seen: Sees, context) =>
        about(
          seen,
          context,
          ({ untrusted }) => untrusted !== undefined,
          (face, { chain }) =>
            `${sayPlace(face)}: if ${chain.at(-1)?.issuer ?? "the issuer"} is your own authority, give diagbot its root (NODE_EXTRA_CA_CERTS=/path/root.pem) and every client too; otherwise configure the server to send its intermediate certificates (nginx: ssl_certificate with fullchain.pem).`,
        ),
    },
    reachService: {
      title: "Make the service reachable",
      risk: "high",
      advice: (seen: Sees, context) =>
        wanted(context)
          .flatMap((face) => {
            const one = seen[face.name];
            return one === undefined || one.ok ? [] : [`${sayPlace(face)}: ${nextStep(one.error, face)}`];
          })
          .join("\n"),
    },
  });

function findingsOf(
  face: Reached,
  seen: Seen<network.Certificate> | undefined,
  context: Context,
): Finding<Remedy>[] {
  if (seen === undefined) return [];
  if (!seen.ok) return [unread(face, seen.error)];
  const evidence = [shown(seen.value, context.now)];
  const found = [...dates(face, seen.value, context), ...name(face, seen.value), ...trust(face, seen.value)];
  return found.map((finding) => ({ ...finding, evidence }));
}

/** The link of the chain that is out of its dates, or will be first within the threshold. */
function soonest({ chain }: network.Certificate, { now, thresholds }: Context): Link | undefined {
  const limit = now.getTime() + thresholds.certificateDays * DAY;
  return chain
    .filter(({ validFrom, validTo }) => Date.parse(validTo) <= limit || Date.parse(validFrom) > now.getTime())
    .sort((a, b) => Date.parse(a.validTo) - Date.parse(b.validTo))[0];
}

function dates(face: Reached, certificate: network.Certificate, context: Context): Finding<Remedy>[] {
  const link = soonest(certificate, context);
  if (link === undefined) return [];
  const now = context.now.getTime();
  const isLeaf = link === certificate.chain[0];
  const whose = isLeaf ? "The certificate" : `${link.subject} in the chain`;
  const at = sayPlace(face);
  const what = isLeaf ? "certificate" : `chain certificate ${link.subject}`;
  if (Date.parse(link.validFrom) > now)
    return [
      {
        id: `not-yet:${face.name}`,
        severity: "critical",
        title: `${at}: ${what} is valid only in ${days(Date.parse(link.validFrom) - now)}`,
        because: `${whose} is valid from ${link.validFrom}: clients reject it until then. It was installed too early, or a clock is wrong.`,
        remedies: ["renew"],
      },
    ];
  const left = Date.parse(link.validTo) - now;
  if (left <= 0)
    return [
      {
        id: `expired:${face.name}`,
        severity: "critical",
        title: `${at}: ${what} expired ${days(-left)} ago`,
        because: `${whose} was valid until ${link.validTo}: every client that verifies refuses the connection.`,
        remedies: ["renew"],
      },
    ];
  return [
    {
      id: `expiring:${face.name}`,
      severity: "warning",
      title: `${at}: ${what} expires in ${days(left)}`,
      because: `${whose} is valid until ${link.validTo}; the limit is ${context.thresholds.certificateDays} days before.`,
      remedies: ["renew"],
    },
  ];
}

function name(face: Reached, { matchesHost, names }: network.Certificate): Finding<Remedy>[] {
  if (matchesHost) return [];
  return [
    {
      id: `wrong-name:${face.name}`,
      severity: "critical",
      title: `${sayPlace(face)}: the certificate is for another name`,
      because: `It is for ${names.join(", ") || "no name at all"}, not for ${face.endpoint.host}: clients that verify refuse it.`,
      remedies: ["fixName"],
    },
  ];
}

function trust(face: Reached, certificate: network.Certificate): Finding<Remedy>[] {
  const { untrusted, isSelfSigned, chain, namesIssuerUrl } = certificate;
  if (untrusted === undefined) return [];
  const issuer = chain.at(-1)?.issuer ?? "unknown";
  const isAlone = chain.length === 1;
  const finding = (title: string, because: string): Finding<Remedy>[] => [
    {
      id: `untrusted:${face.name}`,
      severity: "warning",
      title: `${sayPlace(face)}: ${title}`,
      because: `${because} (${untrusted}).`,
      remedies: ["fixTrust"],
    },
  ];
  if (isSelfSigned)
    return finding(
      "the certificate is self-signed",
      "Nobody but itself vouches for it: clients refuse it unless they were given this very certificate",
    );
  if (isAlone && namesIssuerUrl)
    return finding(
      `the intermediate certificate ${issuer} is missing`,
      "The server sends its own certificate only. Browsers fetch the missing one or have it cached; programs refuse the connection",
    );
  return finding(
    isAlone
      ? `the certificate comes alone, and its issuer ${issuer} is not trusted here`
      : `the certificate's chain ends at ${issuer}, which is not trusted here`,
    isAlone
      ? "Either the server does not send an intermediate certificate, or the issuer is an authority of your own that this machine does not know"
      : "An authority of your own that this machine does not know",
  );
}

function unread(face: Reached, error: { code: string; message: string; detail?: string }): Finding<Remedy> {
  const cause = network.causeOf(error);
  return {
    id: `unread:${face.name}`,
    severity: "warning",
    title: `${sayPlace(face)}: the certificate could not be read (${cause.word})`,
    because: `${error.message}. ${cause.because}`,
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

function about(
  seen: Sees,
  context: Pick<Context, "params" | "system">,
  applies: (certificate: network.Certificate) => boolean,
  say: (face: Reached, certificate: network.Certificate) => string,
): string {
  return wanted(context)
    .flatMap((face) => {
      const one = seen[face.name];
      return one?.ok && applies(one.value) ? [say(face, one.value)] : [];
    })
    .join("\n");
}

const noTls = (connection: string | undefined): Finding<Remedy> => ({
  id: "no-tls",
  severity: "info",
  title:
    connection === undefined
      ? "No connection of this system speaks TLS"
      : `No connection "${connection}" that speaks TLS`,
  because: "Looked for https://, rediss:// and tcp connections with `tls: true` in diagbot.yaml.",
});
