import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

export interface TestAuthority {
  readonly ca: string;
  /** A certificate for `names` (`DNS:shop.lab`, `IP:127.0.0.1`), valid from and to days from now (may be negative). */
  issue(names: readonly string[], fromDays: number, toDays: number, extensions?: string): KeyPair;
  /** With the response of its authority (OCSP, DER) that it was revoked. */
  stapledAsRevoked(names: readonly string[]): KeyPair & { response: Buffer };
  /** Without names: by its common name (`self`) only. */
  selfSigned(names: readonly string[]): KeyPair;
  /** A certificate for `names` by a root that may sign for names below `permitted` only. */
  issueWithin(permitted: string, names: readonly string[]): KeyPair & { readonly ca: string };
  /** A certificate signed by an intermediate of this authority; `cert` is the leaf alone. `isPublicLike`: it names where the intermediate is to be had. */
  issueThroughIntermediate(
    names: readonly string[],
    isPublicLike: boolean,
  ): KeyPair & { intermediate: string };
  /** This authority's own name and key, signed by an older one, long expired: what servers send along for old clients. */
  crossSigned(): string;
  /** A key of 1024 bits: what clients refuse before long. */
  issueWeak(names: readonly string[]): KeyPair;
  remove(): void;
}

/** Needs `openssl` on the PATH: Node cannot sign certificates. */
export const whyNoOpenssl = (): string | undefined => {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "openssl is not on the PATH (apt-get install openssl)";
  }
};

/** A certificate authority of its own in a temporary folder. `openssl ca` is the command that can backdate. */
export function testAuthority(): TestAuthority {
  const folder = mkdtempSync(join(tmpdir(), "diagbot-ca-"));
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const read = (name: string) => readFileSync(at(name), "utf8");
  let count = 0;
  writeFileSync(at("ca.cnf"), CONFIG);
  writeFileSync(at("index.txt"), "");
  writeFileSync(at("serial"), "01\n");
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...ec,
    "-keyout",
    "ca.key",
    "-out",
    "ca.crt",
    "-days",
    "3650",
    "-subj",
    "/CN=Lab Root",
  );
  const issue: TestAuthority["issue"] = (names, fromDays, toDays, extensions = "") => {
    count += 1;
    const file = `leaf${count}`;
    writeFileSync(at(`${file}.ext`), `subjectAltName=${names.join(",")}\n${extensions}`);
    openssl(
      "req",
      "-new",
      ...ec,
      "-keyout",
      `${file}.key`,
      "-out",
      `${file}.csr`,
      "-subj",
      `/CN=leaf ${count}`,
    );
    const dates = ["-startdate", asn1(fromDays), "-enddate", asn1(toDays)];
    const files = ["-in", `${file}.csr`, "-out", `${file}.crt`, "-extfile", `${file}.ext`];
    openssl("ca", "-batch", "-notext", "-config", "ca.cnf", ...dates, ...files);
    return { key: read(`${file}.key`), cert: read(`${file}.crt`) };
  };
  return {
    ca: read("ca.crt"),
    issue,
    stapledAsRevoked: (names) => {
      const pair = issue(names, -1, 90);
      const file = `leaf${count}.crt`;
      openssl("ca", "-config", "ca.cnf", "-revoke", file);
      const by = ["-index", "index.txt", "-CA", "ca.crt", "-rsigner", "ca.crt", "-rkey", "ca.key"];
      const about = ["-issuer", "ca.crt", "-cert", file, "-ndays", "7", "-respout", "staple.der"];
      openssl("ocsp", ...by, ...about);
      return { ...pair, response: readFileSync(at("staple.der")) };
    },
    selfSigned: (names) => {
      const named = names.length === 0 ? [] : ["-addext", `subjectAltName=${names.join(",")}`];
      const subject = ["-subj", "/CN=self", ...named, "-days", "90"];
      openssl("req", "-x509", ...ec, "-keyout", "self.key", "-out", "self.crt", ...subject);
      return { key: read("self.key"), cert: read("self.crt") };
    },
    issueWithin: (permitted, names) => {
      const limits = ["-addext", `nameConstraints=critical,permitted;DNS:${permitted}`, "-days", "900"];
      const root = ["-subj", "/CN=Limited Root", ...limits];
      openssl("req", "-x509", ...ec, "-keyout", "limited.key", "-out", "limited.crt", ...root);
      openssl("req", "-new", ...ec, "-keyout", "within.key", "-out", "within.csr", "-subj", "/CN=within");
      writeFileSync(at("within.ext"), `subjectAltName=${names.join(",")}\n`);
      const by = ["-CA", "limited.crt", "-CAkey", "limited.key", "-CAcreateserial", "-days", "90"];
      openssl("x509", "-req", "-in", "within.csr", "-out", "within.crt", ...by, "-extfile", "within.ext");
      return { key: read("within.key"), cert: read("within.crt"), ca: read("limited.crt") };
    },
    issueThroughIntermediate: (names, isPublicLike) => {
      const request = (file: string, subject: string) =>
        openssl("req", "-new", ...ec, "-keyout", `${file}.key`, "-out", `${file}.csr`, "-subj", subject);
      const sign = (file: string, issuer: string, extensions: string) => {
        writeFileSync(at(`${file}.ext`), extensions);
        const by = ["-CA", `${issuer}.crt`, "-CAkey", `${issuer}.key`, "-CAcreateserial", "-days", "90"];
        openssl(
          "x509",
          "-req",
          "-in",
          `${file}.csr`,
          "-out",
          `${file}.crt`,
          ...by,
          "-extfile",
          `${file}.ext`,
        );
      };
      request("middle", "/CN=Lab Intermediate");
      sign("middle", "ca", "basicConstraints=critical,CA:TRUE\n");
      request("end", "/CN=end");
      const where = isPublicLike ? "authorityInfoAccess=caIssuers;URI:http://ca.lab/middle.crt\n" : "";
      sign("end", "middle", `subjectAltName=${names.join(",")}\n${where}`);
      return { key: read("end.key"), cert: read("end.crt"), intermediate: read("middle.crt") };
    },
    crossSigned: () => {
      const old = ["-subj", "/CN=Old Root", "-days", "3650"];
      openssl("req", "-x509", ...ec, "-keyout", "old.key", "-out", "old.crt", ...old);
      openssl("req", "-new", "-key", "ca.key", "-out", "cross.csr", "-subj", "/CN=Lab Root");
      writeFileSync(at("cross.ext"), "basicConstraints=critical,CA:TRUE\n");
      const dates = ["-startdate", asn1(-900), "-enddate", asn1(-100)];
      const files = ["-in", "cross.csr", "-out", "cross.crt", "-extfile", "cross.ext"];
      const by = ["-cert", "old.crt", "-keyfile", "old.key"];
      openssl("ca", "-batch", "-notext", "-config", "ca.cnf", ...by, ...dates, ...files);
      return read("cross.crt");
    },
    issueWeak: (names) => {
      const subject = ["-subj", "/CN=weak", "-addext", `subjectAltName=${names.join(",")}`, "-days", "90"];
      openssl(
        "req",
        "-x509",
        "-newkey",
        "rsa:1024",
        "-nodes",
        "-keyout",
        "weak.key",
        "-out",
        "weak.crt",
        ...subject,
      );
      return { key: read("weak.key"), cert: read("weak.crt") };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const asn1 = (days: number): string =>
  `${new Date(Date.now() + days * 86_400_000).toISOString().replace(/[-:T]/g, "").slice(0, 14)}Z`;

const CONFIG = `[ca]
default_ca = d
[d]
dir = .
database = index.txt
serial = serial
new_certs_dir = .
certificate = ca.crt
private_key = ca.key
default_md = sha256
policy = p
unique_subject = no
[p]
commonName = supplied
`;
