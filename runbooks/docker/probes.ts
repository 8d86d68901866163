import { clip, saySeconds } from "../../src/sdk/index.ts";
import { type Cause, type Container, fill } from "./cause.ts";

/** What a failed health check says of the service: nothing (the check itself is wrong), or that it is ill. */
export interface ProbeCause extends Cause {
  readonly says: "nothing" | "ill";
  /** A process that was well once and hangs now: a restart may help. */
  readonly hangs?: true;
}

interface Row {
  readonly says: ProbeCause["says"];
  /** Exit codes of the check; default: any. -1: the engine could not run it, or ended it. */
  readonly codes?: readonly number[];
  /** Found in its output; matched without regard to case. */
  readonly text?: RegExp;
  readonly short: string;
  readonly because: string;
  readonly advice: string;
  readonly hangs?: true;
}

/**
 * What the output of a failed health check means, most specific first. Whose words: those of Docker, runc, crun and Podman where
 * a check could not be run at all; of shells (dash, bash, busybox) where the program is missing; of curl and both wgets (GNU,
 * busybox); of the clients of Redis, Postgres and MySQL. All of them English in images without a locale.
 */
const ROWS: readonly Row[] = [
  {
    says: "nothing",
    text: /(exec: |executable file |stat )["`]?\/?(usr\/)?(bin\/)?(ba|da|a)?sh["`]?:? ?(executable file not found|not found|stat|no such file|in \$path)|executable file `(\/bin\/)?(ba)?sh` not found/,
    short: "the image has no shell for it",
    because: "The check is a line for a shell (CMD-SHELL), and the image has none.",
    advice:
      'Write it as a list that names a program of the image: `test: ["CMD", "/app/server", "--health"]`; where the image has no such program, `test: ["NONE"]` and watch it from outside.',
  },
  {
    says: "nothing",
    text: /executable file( `[^`]{1,200}`)? not found|exec: "[^"]{1,300}": (stat [^:]{1,300}: )?no such file or directory|exec [^:]{1,300}: no such file or directory/,
    short: "a program it calls is not in the image",
    because: "The check names a program that the image does not have.",
    advice:
      "Name one that is there (busybox images have `wget -qO- URL`, not curl; Node, Python and Go programs can ask themselves), or install it in the Dockerfile.",
  },
  {
    says: "nothing",
    codes: [127],
    short: "a program it calls is not in the image",
    because: "The check calls a program that the image does not have (exit code 127).",
    advice: "Name one that is there, or install it in the Dockerfile.",
  },
  {
    says: "nothing",
    // busybox: "sh: curl: not found"; dash: "/bin/sh: 1: curl: not found"; bash: "bash: line 1: curl: command not found".
    text: /(^|[\n/ ])(ba|da|a)?sh: (line )?(\d{1,6}: )?[^\s:]{1,200}: (command )?not found|command not found|^env: [^\n]{1,200}no such file/,
    short: "a program it calls is not in the image",
    because:
      "The shell does not find the program the check calls; what follows it (`|| exit 1`) makes a failed check of it.",
    advice:
      "Name one that is there (busybox images have `wget -qO- URL`, not curl), or install it in the Dockerfile.",
  },
  {
    says: "nothing",
    codes: [126],
    short: "its program may not be executed",
    because: "The file of the check is there and not executable (exit code 126).",
    advice: '`chmod +x` in the Dockerfile, or call it through its interpreter: `["CMD", "sh", "/check.sh"]`.',
  },
  {
    says: "nothing",
    text: /exec: "[^"]{1,300}": permission denied|(^|[\n/ ])(ba|da|a)?sh: [^\n]{1,200}: permission denied/,
    short: "its program may not be executed",
    because: "The file of the check is there and not executable for the container's user.",
    advice: '`chmod +x` in the Dockerfile, or call it through its interpreter: `["CMD", "sh", "/check.sh"]`.',
  },
  {
    says: "ill",
    text: /resource temporarily unavailable|cannot allocate memory|can't fork|cannot fork|too many open files/,
    short: "no process or file is left to run it",
    because:
      "The check could not be run because the container (or the machine) is out of processes, files or memory: nothing is known of the service itself, but it will meet the same wall.",
    advice:
      "Compare its processes with `pids_limit` (`docker stats --no-stream`, `docker top`); children that ended and were never waited for go with `init: true`.",
  },
  {
    says: "nothing",
    text: /oci runtime|exec failed|unable to start container process|invalid environment|rpc error|container_linux\.go|crun: |setns|cannot exec|procready|containerd|ttrpc/,
    short: "the engine cannot run it",
    because: "The engine (or runc below it) could not run the check in the container at all.",
    advice:
      "Try it by hand: `docker exec CONTAINER true`. Where that fails, too, it is the engine or runc: `journalctl -u docker -u containerd --since -15m`.",
  },
  {
    says: "nothing",
    text: /^health check exceeded timeout[^\n]{0,60}:[\s\S]{0,400}\b(ok|pong|healthy|ready|accepting connections|"?status"?: ?"?(up|ok|pass|healthy))/,
    short: "it answers well, and later than the check may take",
    because: "The output shows a good answer; the check was ended because it ran longer than its time limit.",
    advice: "Give `timeout` more than the check's own limits take.",
  },
  {
    says: "ill",
    codes: [-1],
    text: /exceeded timeout|timeout|timed out|deadline/,
    short: "it does not answer in time",
    because:
      "Either the service hangs or is overloaded, or the check is slower than its own time limit; to tell them apart, run the check by hand in the container and time it.",
    advice:
      "`time docker exec CONTAINER …` (the command of the check), `docker stats --no-stream CONTAINER`, then `timeout` of the check or what keeps the service busy.",
    hangs: true,
  },
  {
    says: "nothing",
    text: /unrecognized option|unknown option|invalid option|illegal option|option [^\n]{1,80} is unknown|unrecognized arguments?|(^|\n)usage: /,
    short: "it is called with an option its program does not know",
    because:
      "The program of the check refuses its own options: busybox's wget and nc know fewer than those of GNU.",
    advice: "Correct the options of the check for the program that is in the image.",
  },
  {
    says: "nothing",
    text: /syntax error|(syntax|reference|name|type|attribute)error: [^\n]{0,120}(not defined|unexpected|invalid syntax|is not a function|has no attribute)|unterminated quoted|unexpected (eof|end of file|token)|unexpected "|bad substitution|parameter not set|unbound variable/,
    short: "its script is wrong",
    because:
      "The shell cannot read the check. In a compose file `$` is compose's: a variable of the container is written `$$NAME`.",
    advice:
      "Correct the line of the check; `docker inspect -f '{{json .Config.Healthcheck.Test}}' CONTAINER` shows what became of it.",
  },
  {
    says: "nothing",
    text: /(modulenotfounderror|no module named|cannot find module|importerror|could not find or load main class)/,
    short: "its script lacks a library",
    because: "The check is a script of its own, and a library it wants is not in the image.",
    advice: "Write the check with what the image has, or install the library in the Dockerfile.",
  },
  {
    says: "nothing",
    text: /does not implement the grpc health protocol|unimplemented: unknown service grpc\.health|code = unimplemented/,
    short: "the service has no health service of gRPC",
    because:
      "The service answers, and does not know the question: it does not implement grpc.health.v1.Health.",
    advice:
      "Register the health service in the server, or check its port (`-addr`, a plain TCP check) instead.",
  },
  {
    says: "nothing",
    text: /(returned error: |http\/[\d.]{1,3} |status(code)?[ :=]{1,3}|http error )429\b/,
    short: "the service limits it",
    because: "The check is answered 429: it asks more often than the service lets it.",
    advice: "Ask less often (`interval`), or a path without a limit.",
  },
  {
    says: "nothing",
    text: /no space left on device|disk quota exceeded/,
    short: "it cannot write: a disk is full",
    because: "The check writes a file, and there is no room: of the container's layer, a volume or a tmpfs.",
    advice:
      "`docker exec CONTAINER df -h`, and disk-full of the machine; the service itself will meet it next.",
  },
  {
    says: "nothing",
    text: /curl: \(3\)|curl: \(1\)|url rejected|malformed|unsupported protocol|bad address '?\$|url using bad|no host part/,
    short: "the address it asks is not one",
    because: "The URL of the check cannot be read: a variable in it may be empty.",
    advice: "Correct the URL; a variable of the container is written `$$NAME` in a compose file.",
  },
  {
    says: "nothing",
    text: /curl: \(60\)|curl: \(35\)|certificate (verify|problem)|self[- ]signed certificate|wrong version number|http request to an https server|ssl_error|tls handshake|not an http response/,
    short: "it speaks another protocol than the service (http or https)",
    because:
      "Something answers on the port, and the check fails over TLS: it asks http of https or the other way round, or does not know the certificate.",
    advice:
      "Correct the scheme of the check's URL; for a certificate of one's own `curl -fk`, for inside the container that is enough.",
  },
  {
    says: "nothing",
    text: /(returned error: |http\/[\d.]{1,3} |error |status(code)?[ :=]{1,3}|http error )(401|403|404|405|407)\b|wget: server returned error: http\/[\d.]{1,3} (401|403|404|405|407)|noauth|authentication required|access denied for user|password authentication failed/,
    short: "the service answers, but not to this request",
    because:
      "The check is answered: the path is not there (404, 405), or it wants a login (401, 403, NOAUTH).",
    advice:
      "Point the check at a path that exists and needs no login, or give it one. Behind a proxy of the environment (407): `--noproxy '*'`.",
  },
  {
    says: "nothing",
    text: /connecting to localhost[^\n]{0,10}\(\[?::1\]?[^\n]{0,200}|can't connect to remote host[^\n]{0,20}\(?\[?::1|connect(ion)? to ::1 port/,
    short: "it asks ::1, where the service may not listen",
    because:
      "`localhost` became the IPv6 address in the check. Either the service listens on IPv4 only, or it does not listen at all; to tell them apart, ask 127.0.0.1.",
    advice:
      "Write `127.0.0.1` in place of `localhost` in the check. If that is refused, too, the service itself is not there.",
  },
  {
    says: "ill",
    text: /(returned error: |http\/[\d.]{1,3} |status(code)?[ :=]{1,3}|http error )5\d\d\b/,
    short: "the service answers that it is not well",
    because:
      "It runs and answers the check with a 5xx: it knows itself to be ill, most often because of something it depends on.",
    advice: "Read the body of that answer (`docker exec CONTAINER wget -qO- URL`) and its log.",
  },
  {
    says: "ill",
    text: /not_serving|"?status"? ?[:=] ?"?(down|unhealthy|error|fail|failed|critical|out_of_service)\b|\bnot healthy\b|is unhealthy|service unhealthy/,
    short: "the service answers that it is not well",
    because:
      "It runs and says so itself: it knows itself to be ill, most often because of something it depends on.",
    advice: "The answer may name the part; then the service's log.",
  },
  {
    says: "ill",
    // Redis and Postgres while they load or recover: they run and say so themselves.
    text: /loading redis is loading|rejecting connections|the database system is (starting up|shutting down|in recovery)|not yet accepting/,
    short: "it says that it is still starting",
    because: "The service runs and says itself that it is not ready yet (loading its data, recovering).",
    advice: "Wait, and give the check a `start_period` as long as that takes.",
  },
  {
    says: "ill",
    text: /connection refused|econnrefused|couldn't connect to server|could not connect|failed to connect|curl: \(7\)|no response|can't connect/,
    short: "nothing listens where it asks",
    because:
      "Either the service does not listen (not yet, or no longer), or the check asks another port or address than it listens on; to tell them apart: `docker exec CONTAINER cat /proc/net/tcp /proc/net/tcp6` (state 0A listens, ports in hexadecimal), or its log.",
    advice: "Compare the port and address of the check with what the log says it listens on.",
    hangs: true,
  },
  {
    says: "nothing",
    text: /could not resolve host|bad address|name or service not known|name does not resolve|getaddrinfo|temporary failure in name resolution/,
    short: "it asks by a name that does not resolve",
    because:
      "The check names a host that cannot be looked up inside of the container; of itself a check asks 127.0.0.1.",
    advice:
      "Ask `127.0.0.1` in the check; a check over a public name tests the name servers and the way there, not this container.",
  },
  {
    says: "ill",
    text: /timed? ?out|curl: \(28\)|deadline exceeded/,
    short: "it does not answer in time",
    because: "Either the service hangs or is overloaded, or it needs longer than the check waits.",
    advice: "`docker stats --no-stream CONTAINER` and its log; then what keeps it busy.",
    hangs: true,
  },
  {
    says: "ill",
    text: /empty reply|connection reset|curl: \((52|56)\)|broken pipe|\beof\b/,
    short: "it takes the connection and drops it",
    because: "The service accepts and ends the connection without an answer.",
    advice: "Read its log at that time; a service that speaks TLS does this to plain http.",
    hangs: true,
  },
];

/** Seconds after a start in which a check that never passed may simply be early. */
const EARLY_SECONDS = 300;

/** Why a container is unhealthy, from the output of its last failed check. Pure. */
export function probeCause(one: Container): ProbeCause {
  const { exitCode = 0, output = "" } = one.lastProbe ?? {};
  const said = output.toLowerCase();
  const found = ROWS.find(
    ({ codes, text }) =>
      (codes === undefined || codes.includes(exitCode)) && (text === undefined || text.test(said)),
  );
  const quoted = output === "" ? "it says nothing" : clip(output.replace(/\s+/g, " "), 200);
  if (found === undefined)
    return {
      says: "ill",
      short: "",
      because: `It runs, but its own health check fails: ${quoted} (exit code ${exitCode}).${early(one)}`,
    };
  const { short, because, says, hangs, advice } = found;
  const rest = says === "nothing" ? " So nothing is known of the service itself." : early(one);
  return {
    says,
    short,
    because: `${fill(because, one)}${rest} The check: ${quoted} (exit code ${exitCode}).`,
    advice: {
      key: says === "nothing" ? "correctCheck" : "fixCrash",
      text: fill(advice, one),
    },
    ...(hangs ? { hangs } : {}),
  };
}

/** It passed its check since it was started: what fails now has worked. */
export function wasHealthy(one: Container): boolean {
  const { check, uptimeSeconds, failingStreak } = one;
  if (one.passedLately) return true;
  if (check === null || uptimeSeconds === null) return false;
  // Each failed check took at most its interval and its limit: what is left of its life was not failing.
  const failing = failingStreak * (check.intervalSeconds + check.timeoutSeconds);
  return uptimeSeconds > check.startSeconds + failing + 2 * check.intervalSeconds;
}

function early(one: Container): string {
  const { uptimeSeconds, check } = one;
  if (uptimeSeconds === null || uptimeSeconds > EARLY_SECONDS || check === null || wasHealthy(one)) return "";
  const start = check.startSeconds === 0 ? "none" : saySeconds(check.startSeconds);
  return ` It is up for ${saySeconds(uptimeSeconds)} and was never healthy: it may still be starting (start_period: ${start}).`;
}
