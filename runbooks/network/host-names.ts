interface Presented {
  readonly names: readonly string[];
  readonly chain: readonly { readonly subject: string }[];
}
export interface WhyNot {
  /** For the title; empty: the names tell. */
  readonly short: string;
  readonly because: string;
  readonly next: string;
}

/** Certificates that servers present where they have none for the name. */
const DEFAULTS =
  /Kubernetes Ingress Controller Fake Certificate|TRAEFIK DEFAULT CERT|^localhost$|^localhost\.localdomain$|snakeoil|^Plesk$|^example\.(com|org)$|Caddy Local|^CloudFlare Origin Certificate$|\.(cloudfront\.net|azurewebsites\.net|herokuapp\.com|fastly\.net|elb\.amazonaws\.com)$/i;

/** Why a certificate is not for a host, by the rules of RFC 6125: the first that tells more than the names themselves. Pure. */
export function whyNotNamed(host: string, { names, chain }: Presented): WhyNot {
  const issue = `issue a certificate whose subject alternative names hold ${host}`;
  const wanted = host.toLowerCase().replace(/\.$/, "");
  const subject = chain[0]?.subject ?? "";
  if (names.length === 0)
    return {
      short: ": it has no subject alternative names",
      because: `it names ${subject} as its subject only, and clients have not looked there for years`,
      next: `${issue}: a common name does not count any more.`,
    };
  if (isAddress(wanted) && names.some((name) => name.toLowerCase() === wanted))
    return {
      short: ": the IP address stands in it as if it were a host name",
      because:
        "clients look for addresses among the addresses (IP:…), and it stands among the host names (DNS:…)",
      next: `${issue}, as an address (IP:${host} among the subject alternative names).`,
    };
  if (isAddress(wanted))
    return {
      short: ": it is asked for by its IP address",
      because:
        "a certificate is for an IP address only where it names that address (IP:…), and this one does not",
      next: `use the host name instead of ${host} in diagbot.yaml (${names.slice(0, 3).join(", ")}), or ${issue} (IP:${host}).`,
    };
  const wildcards = names.filter((name) => name.startsWith("*.")).map((name) => name.slice(2).toLowerCase());
  const above = wildcards.find((base) => wanted.endsWith(`.${base}`));
  if (above !== undefined)
    return {
      short: ": a wildcard covers one level only",
      because: `*.${above} covers one level of names below ${above}, and ${host} is ${levelsBelow(wanted, above)} levels below`,
      next: `${issue} (or *.${wanted.slice(wanted.indexOf(".") + 1)}), or give the service a name one level below ${above}.`,
    };
  const bare = wildcards.find((base) => wanted === base);
  if (bare !== undefined)
    return {
      short: ": a wildcard does not cover the bare domain",
      because: `*.${bare} covers the names below ${bare}, not ${bare} itself`,
      next: `${issue} beside *.${bare}.`,
    };
  const fallback = [subject, ...names].find((name) => DEFAULTS.test(name));
  if (fallback !== undefined)
    return {
      short: `: the server presents its default (${fallback})`,
      because:
        "that is what a server or platform presents where it has no certificate for the name that was asked for",
      next: `make the certificate for ${host} known to the server or ingress (is its secret there, does its host name fit?), or correct the host in diagbot.yaml.`,
    };
  return {
    short: "",
    because: "either another site answers at that address, or the name changed and the certificate did not",
    next: `${issue} (now: ${names.join(", ")}), or correct the host in diagbot.yaml; behind a shared address check the server's default site (SNI).`,
  };
}

const isAddress = (host: string): boolean => host.includes(":") || /^\d{1,3}(\.\d{1,3}){3}$/.test(host);
const levelsBelow = (host: string, base: string): number => host.slice(0, -base.length - 1).split(".").length;
