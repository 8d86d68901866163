import type { ProbeRow } from "./probe-row.ts";

/**
 * A check that ran: by the words of curl and both wgets (GNU, busybox), of the clients of Redis, Postgres, MySQL and RabbitMQ, of
 * scripts, and of the service that answered. Most specific first.
 */
export const ANSWERED: readonly ProbeRow[] = [
  {
    says: "nothing",
    text: /- no attempt|unrecognized option|unknown option|invalid option|illegal option|option [^\n]{1,80} is unknown|unrecognized arguments?|(^|\n)usage: /,
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
    text: /curl: \(3\)|curl: \(1\)|url rejected|malformed|unsupported protocol|bad address '?\$|url using bad|no host part|bad port|invalid port|port number (was|is) not/,
    short: "the address it asks is not one",
    because: "The URL of the check cannot be read: a variable in it may be empty.",
    advice: "Correct the URL; a variable of the container is written `$$NAME` in a compose file.",
  },
  {
    says: "nothing",
    text: /(returned error: |http\/[\d.]{1,3} |http error )30[12378]\b|too many redirections|redirected to/,
    short: "the service answers with a redirect",
    because:
      "The check is answered: with another address (https, a login page, a path with a slash), which it does not follow or cannot reach.",
    advice:
      "Point the check at the address it is sent to, or at a path that answers by itself; curl follows with `-L`.",
  },
  {
    says: "nothing",
    text: /(returned error: |http\/[\d.]{1,3} |http error )(400|421)\b/,
    short: "the service does not take this request (400)",
    because:
      "The check is answered: the service refuses the name it is asked by (ALLOWED_HOSTS of Django, trusted hosts) or plain http on a port of https.",
    advice:
      "Ask by a name that is allowed (`-H 'Host: NAME'`), or allow 127.0.0.1 and localhost; http or https as the port speaks.",
  },
  {
    says: "nothing",
    text: /curl: \(60\)|curl: \(35\)|certificate (verify|problem)|self[- ]signed certificate|wrong version number|http request to an https server|ssl_error|tls handshake|not an http response|curl: \(77\)|setting certificate (file|verify)|ssl connection could not be established/,
    short: "it speaks another protocol than the service (http or https)",
    because:
      "Something answers on the port, and the check fails over TLS: it asks http of https or the other way round, or does not know the certificate.",
    advice:
      "Correct the scheme of the check's URL; for a certificate of one's own `curl -fk`, for inside the container that is enough.",
  },
  {
    says: "nothing",
    text: /(returned error: |http\/[\d.]{1,3} |error |status(code)?[ :=]{1,3}|http error )(401|403|404|405|407)\b|wget: server returned error: http\/[\d.]{1,3} (401|403|404|405|407)|noauth|authentication required|access denied for user|password authentication failed|authentication failed\b/,
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
    text: /connection refused|econnrefused|couldn't connect to server|could not connect|failed to connect|curl: \(7\)|no response|can't connect|connect enoent|\[errno 111\]/,
    short: "nothing listens where it asks",
    because:
      "Either the service does not listen (not yet, or no longer), or the check asks another port or address than it listens on; to tell them apart: `docker exec CONTAINER cat /proc/net/tcp /proc/net/tcp6` (state 0A listens, ports in hexadecimal), or its log.",
    advice: "Compare the port and address of the check with what the log says it listens on.",
    hangs: true,
  },
  {
    says: "nothing",
    text: /could not resolve host|could not translate host name|bad address|name or service not known|name does not resolve|getaddrinfo|temporary failure in name resolution/,
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
  {
    says: "ill",
    text: /unable to (connect to|perform an operation on|contact) (the )?(epmd|node)|nodedown|ping to [^\n]{1,100} failed|healthcheck \w{1,40} failed|"?status"? ?[:=] ?"?(starting|initializing|loading)/,
    short: "it says that it is not ready",
    because:
      "Its own tool for that reaches it and finds it not ready, or does not find it running: either it is still starting, or it has stopped beneath its supervisor.",
    advice: "Its log says which; give the check a `start_period` as long as a start takes.",
  },
  {
    says: "ill",
    text: /no such file or directory|can't open '|cannot access '/,
    short: "the file it looks for is not there",
    because:
      "Either the service writes that file while it is well, and does not (a worker that hangs, or has not begun), or the check names a path that the image does not have; to tell them apart: has this check ever passed?",
    advice:
      "`docker exec CONTAINER ls -l PATH`; then the log of what should write it, or the path in the check.",
  },
  {
    says: "nothing",
    text: /permission denied/,
    short: "its user may not do what it does",
    because: "Something the check opens or calls is refused to the container's user.",
    advice:
      "Run it by hand as that user (`docker exec CONTAINER …`); correct the rights, or ask over the network.",
  },
];
