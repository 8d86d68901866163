import {
  count,
  type Finding,
  facts,
  type nginx,
  type OutputOf,
  rows,
  saySeconds,
} from "../../src/sdk/index.ts";
import type { Remedy } from "./causes.ts";

type Config = OutputOf<typeof nginx.config>;
type Processes = OutputOf<typeof nginx.processes>;
type Certificates = OutputOf<typeof nginx.certificates>;
type Found = Finding<Remedy>;

/** A broken configuration, or no process at all. */
export const aboutConfig = (config: Config, processes: Processes): Found[] => [
  ...aboutTest(config, processes),
  ...aboutMaster(processes),
];

function aboutTest({ valid, error }: Config, { master }: Processes): Found[] {
  if (valid !== false || error === null) return [];
  const where = error.file === "" ? "" : ` (${error.file}:${error.line ?? "?"})`;
  const nameless = /host not found in (?:upstream|resolver|.{0,40}) ?"([^"]{1,253})"/.exec(
    error.message,
  )?.[1];
  return [
    {
      id: "config-broken",
      severity: master === null ? "critical" : "warning",
      title:
        nameless === undefined
          ? `The configuration on disk is broken${where}`
          : `The name ${nameless} has no address, and nginx reads no configuration with one that has none${where}`,
      because: `${error.message}. ${master === null ? "nginx cannot start with it." : "The workers serve by what they read before; a reload changes nothing, and a restart would take everything down."}`,
      evidence: error.text === "" ? [] : [facts({ [`line ${error.line ?? ""}`]: error.text })],
      explains: ["not-running", "reload-forgotten"],
      remedies: nameless === undefined ? ["mendConfig"] : ["resolveNames"],
    },
  ];
}

const aboutMaster = ({ master, hidden }: Processes): Found[] =>
  master !== null || hidden === true
    ? []
    : [
        {
          id: "not-running",
          severity: "critical",
          title: "nginx does not run",
          because:
            "No master process is where its pid file says, nor is there another of this configuration. Whether it was stopped on purpose, the system's journal says.",
          explains: ["refused", "no-live-upstreams"],
          remedies: ["startNginx"],
        },
      ];

/** Written since the workers were begun: valid, and not read. */
export function aboutReload(
  { valid }: Config,
  { master, generation, newer, wrongPidFile }: Processes,
): Found | undefined {
  const [first] = newer;
  if (master === null || generation === null || first === undefined) return undefined;
  return {
    id: "reload-forgotten",
    severity: "warning",
    title: `${count(newer.length, "file")} written since nginx read its configuration`,
    because: `${first.path} was written ${saySeconds(first.secondsAgo)} ago, after the workers were begun: they serve by what stood there before.${valid === false ? " Its test fails, so that it cannot be read." : ""} A file that was only touched looks the same.`,
    evidence: [
      rows("", newer.slice(0, 15), {
        file: (one) => one.path,
        written: (one) => `${saySeconds(one.secondsAgo)} ago`,
      }),
    ],
    remedies: valid === true && wrongPidFile === undefined ? ["reload"] : [],
  };
}

/** It runs, and nobody who asks its pid file learns of it. */
export function aboutPidFile({ master, wrongPidFile }: Processes): Found | undefined {
  if (master === null || wrongPidFile === undefined) return undefined;
  return {
    id: "pid-file-wrong",
    severity: "warning",
    title: `nginx runs (process ${master.pid}), and its pid file does not name it`,
    because: `${wrongPidFile} is missing, empty or of another process: \`nginx -t && nginx -s reload\`, logrotate and the unit reach nobody, and a start would find the ports taken.`,
    remedies: ["namePid"],
  };
}

const SOON_DAYS = 14;

/** Expired or nearly so: on disk, served, or renewed and not read. */
export function aboutCertificates({ certificates }: Certificates): Found[] {
  const say = (days: number) =>
    days < 0 ? `expired ${saySeconds(-days * 86_400)} ago` : `${Math.floor(days)} days left`;
  const table = (all: Certificates["certificates"]) => [
    rows("", all.slice(0, 20), {
      file: (one) => one.path,
      names: (one) => one.names.join(" "),
      "on disk": (one) => say(one.daysLeft),
      served: (one) => (one.servedDaysLeft === null ? "not seen" : say(one.servedDaysLeft)),
    }),
  ];
  const old = certificates.filter(
    (one) => one.servedDiffers === true && (one.servedDaysLeft ?? 0) < one.daysLeft,
  );
  const expired = certificates.filter((one) => one.daysLeft < 0);
  const soon = certificates.filter((one) => one.daysLeft >= 0 && one.daysLeft < SOON_DAYS);
  return [
    ...(old.length === 0
      ? []
      : [
          {
            id: "old-certificate-served",
            severity: old.some((one) => (one.servedDaysLeft ?? 0) < 0)
              ? ("critical" as const)
              : ("warning" as const),
            title: `Renewed on disk, and the old one is served: ${old[0]?.path}`,
            because: `What is served has ${say(old[0]?.servedDaysLeft ?? 0)}, the file ${say(old[0]?.daysLeft ?? 0)}: nginx reads certificates when it is reloaded only.`,
            evidence: table(old),
            explains: ["reload-forgotten"],
            remedies: ["reload" as const],
          },
        ]),
    ...(expired.length === 0
      ? []
      : [
          {
            id: "certificate-expired",
            severity: "critical" as const,
            title: `Certificate expired: ${expired[0]?.path}`,
            because: "Clients refuse it. A reload helps only once another one lies there.",
            evidence: table(expired),
            remedies: ["renewCertificate" as const],
          },
        ]),
    ...(soon.length === 0
      ? []
      : [
          {
            id: "certificate-expires",
            severity: "warning" as const,
            title: `Certificate expires in ${Math.floor(soon[0]?.daysLeft ?? 0)} days: ${soon[0]?.path}`,
            because: `Renewal has mostly been done by then (${SOON_DAYS} days): see why it was not.`,
            evidence: table(soon),
            remedies: ["renewCertificate" as const],
          },
        ]),
  ];
}
