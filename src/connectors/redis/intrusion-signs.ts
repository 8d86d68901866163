/**
 * Signs that strangers use a Redis to write files of their own onto its machine: they point `dir` and `dbfilename` at a place
 * where a file is carried out or lets somebody in, load a module that runs commands, or make the server follow their own. Known
 * from scans of open ports since 2015 (crackit, Kinsing, H2Miner, WatchDog, P2PInfect, Skidmap, HeadCrab, redis-rogue-server).
 */

/** Folders, by a whole part of the path: no Redis keeps its data there. */
const FOLDERS: readonly [RegExp, string][] = [
  [
    /(^|\/)cron(\.d|\.hourly|\.daily|\.weekly|tabs?)(\/|$)|^\/var\/spool\/cron(\/|$)/,
    "cron runs what lies there",
  ],
  [/(^|\/)\.ssh(\/|$)/, "keys that log people in lie there"],
  [
    /^\/etc(\/(init\.d|rc\.d|profile\.d|ld\.so\.conf\.d|systemd(\/.*)?|pam\.d|sudoers\.d))?\/?$/,
    "the system reads what lies there",
  ],
  [/^(\/usr)?\/lib\/systemd(\/|$)/, "the system starts what lies there"],
  [
    /(^|\/)(htdocs|public_html|wwwroot|webapps)(\/|$)|^\/var\/www(\/|$)|^\/usr\/share\/nginx(\/|$)/,
    "a web server hands out or runs what lies there",
  ],
  [/(^|[\\/])Start Menu[\\/]|[\\/]Startup([\\/]|$)/i, "Windows starts what lies there"],
];
const FILES: readonly [RegExp, string][] = [
  [/^authorized_keys2?$/, "a file of keys that log people in"],
  [/^(root|crontab|www-data|apache|nginx|redis)$/, "the name of a user's cron table"],
  [/\.(so|dll)$/i, "a library, as a module to be loaded is"],
  [/\.(php\d?|phtml|jspx?|aspx?|cgi)$/i, "a script of a web server"],
  [/\.(sh|py|pl|bat|ps1|service|timer)$/i, "a script or unit"],
  [/^(ld\.so\.preload|passwd|shadow|sudoers|\.bashrc|\.profile)$/, "a file of the system"],
];
/** Modules whose one purpose is to run commands of whoever asks. */
const MODULES = /^(system|exp|module|evil|backdoor|shell|rce|redis_shell|headcrab|prototype)$/i;
const MODULE_FOLDER = /^(\/tmp|\/var\/tmp|\/dev\/shm)(\/|$)/;

/** Published modules, by the name they register: Redis's own (Redis Stack, 8), Valkey's, and those services and clusters bring. */
const KNOWN_MODULES = new Set(
  [
    "search searchlight ft rejson json bf topk cms timeseries graph ai redisai vectorset redisgears redisgears_2 rg rediscompat",
    "redisraft ldap falkordb redis-cell cell neuralredis rdbtools redisql roaring r redis-roaring cuckoo countminsketch",
    "rstream tairhash exhash tairstring exstrtype tairzset exzset tairdoc",
  ].flatMap((names) => names.split(" ")),
);

/** Modules that none of the published ones calls itself: a private one, or an intruder's. Pure. */
export const unknownModules = ({ modules = [] }: Told): { name: string; path: string }[] =>
  modules
    .filter(({ name }) => !KNOWN_MODULES.has(name.toLowerCase()))
    .map(({ name, path }) => ({ name, path }));

/** Where the server is told to write, and what it has loaded. Empty: it does not say. */
export interface Told {
  readonly dir?: string | undefined;
  readonly dbfilename?: string | undefined;
  readonly modules?: readonly { readonly name: string; readonly path: string }[];
  /** Names of keys that hold a line of a cron table or an SSH key. */
  readonly planted?: readonly string[];
  /** Names of keys that hold a demand for ransom. */
  readonly ransom?: readonly string[];
}

/** The signs, each as a clause that names what it rests on; empty: none. Pure. */
export function intrusionSigns(told: Told): string[] {
  const { dir = "", dbfilename = "", modules = [], planted = [], ransom = [] } = told;
  const folder = FOLDERS.find(([pattern]) => pattern.test(dir))?.[1];
  const file = FILES.find(([pattern]) => pattern.test(dbfilename))?.[1];
  const unknown = new Set(unknownModules(told).map(({ name }) => name));
  // A replica of theirs gets the module as the copy of the data, and loads it from where that was saved.
  const isInData = (path: string) => dir.length > 1 && path.startsWith(`${dir.replace(/\/$/, "")}/`);
  const bad = modules.filter(
    ({ name, path }) =>
      MODULES.test(name) || MODULE_FOLDER.test(path) || (unknown.has(name) && isInData(path)),
  );
  return [
    ...(folder === undefined ? [] : [`dir is ${dir} (${folder})`]),
    ...(file === undefined ? [] : [`dbfilename is ${dbfilename} (${file})`]),
    ...bad.map(({ name, path }) => `a module ${name}${path === "" ? "" : ` is loaded from ${path}`}`),
    ...(planted.length === 0
      ? []
      : [`${planted.join(", ")} hold${planted.length === 1 ? "s" : ""} a line for cron or an SSH key`]),
    ...(ransom.length === 0
      ? []
      : [`${ransom.join(", ")} hold${ransom.length === 1 ? "s" : ""} a demand for ransom`]),
  ];
}

/** Names of keys that such programs leave. */
export const PLANTED_KEYS: readonly string[] = [
  ...[
    "backup1",
    "backup2",
    "backup3",
    "backup4",
    "crackit",
    "crackit_key",
    "weapon",
    "ssh_key",
    "trojan1",
    "trojan2",
  ],
  ...["x", "xx", "xxx", "1", "pwn", "pwned", "hack", "hacked", "root", "cron", "Backup1", "Backup2"],
];

/** Names of keys in which those who copied and deleted the data say what they want. */
export const RANSOM_KEYS: readonly string[] = [
  ...[
    "README",
    "READ_ME",
    "readme",
    "read_me",
    "READ_ME_TO_RECOVER_YOUR_DATA",
    "README_TO_RECOVER_YOUR_DATA",
  ],
  ...["WARNING", "warning", "PLEASE_READ", "HOW_TO_RESTORE", "RECOVER_YOUR_DATA", "ransom", "RANSOM"],
  ...["HACKED", "hacked_by", "send_bitcoin", "note", "message"],
];

/** They ask for a coin or lead to a hidden site, and speak of your data: one of both alone is any text. */
export const isRansom = (value: string): boolean =>
  PAYMENT.test(value.slice(0, 1_000)) && THREAT.test(value.slice(0, 1_000));

const PAYMENT = /\b(bitcoins?|btc|monero|xmr|ethereum|usdt|ransom)\b|\.onion\b/i;
const THREAT =
  /\b(your|all) (data|database|databases|db|redis|keys|files)\b|\b(backed up|encrypted|exfiltrated|recover|restore|decrypt) /i;

/** A line of a cron table, or a public key, as somebody plants it: between line breaks, so that the rest of the file does no harm. */
export const isPlanted = (value: string): boolean =>
  value
    .slice(0, 500)
    .split("\n")
    .some((line) => PLANTED.some((pattern) => pattern.test(line.trim())));

const PLANTED: readonly RegExp[] = [
  /^([*\d][*\d/,-]{0,8} ){2,4}\* /,
  /^@(reboot|hourly|daily) /,
  /^(ssh-rsa|ssh-ed25519|ecdsa-sha2-nistp256) AAAA/,
  /\b(curl|wget) [^|]{1,200}\| ?(ba)?sh\b/,
];
