import type { LineRow } from "./row.ts";

/** What a program says of the servers it uses and of the machine's small limits, in words that general ones would take for something else. */
export const SERVER_LINES: readonly LineRow[] = [
  {
    text: /file watchers reached|(configured )?user limit[^\n]{0,40}inotify instances|inotify[^\n]{0,60}(limit|no space left|too many)|max_user_(watches|instances)/,
    short: "the user's inotify watches are used up",
    because:
      "The kernel's number of inotify watches or instances of the user is used up; no disk is full, whatever ENOSPC says.",
    advice:
      "`sysctl fs.inotify.max_user_watches fs.inotify.max_user_instances` on the machine, and raise the one that is reached; what watches whole trees of files in production need not.",
    isSure: true,
  },
  {
    text: /authentication plugin '[^']{1,60}' cannot be loaded|client does not support authentication protocol|scram authentication requires libpq|(unsupported|unknown) authentication (method|type|plugin)|authentication method \d{1,4} (is )?not supported/,
    short: "its database client is older than the way the server logs in",
    because:
      "The server asks for a way to log in that the program's client library does not know (SCRAM from libpq 10 on, caching_sha2_password from MySQL 8 on). Nothing is said of the password.",
    advice:
      "Take a newer client library or driver; until then a role of its own with the older method, where the server still has it.",
    isSure: true,
  },
  {
    text: /requires redis \d|redis version needs to be greater|requires (a )?(postgresql|mysql|mariadb|redis|valkey|mongodb)[^\n]{0,20} (or )?(later|greater|newer|higher)|server version \S{1,20} is (too old|not supported|unsupported)/,
    short: "the server it uses is too old for it",
    because: "The program asks for a newer version of the server than the one it reached.",
    advice:
      "Upgrade that server, or go back to the release of the program (or of its library) that still takes it.",
    isSure: true,
  },
  {
    text: /precondition_failed - inequivalent arg/,
    short: "it declares a queue otherwise than it is",
    because:
      "The broker has the queue or exchange already, with other settings; the line names the one that differs. The broker is well.",
    advice:
      "Give the program the settings the queue has. To change a queue: a new one by another name, move the messages (shovel), then point both sides at it; deleting it loses what is in it.",
    isSure: true,
  },
  {
    text: /delivery acknowledgement on channel \d{1,6} timed out/,
    short: "the broker closed its channel: a message was not acknowledged in time",
    because:
      "RabbitMQ closes a channel whose message is not acknowledged within consumer_timeout (30 min by default): either one piece of work takes longer, or the program has fetched more messages than it works on.",
    advice:
      "Prefetch one (Celery: worker_prefetch_multiplier=1; tasks with a long ETA count, too); work that takes longer acknowledges early or is cut in parts; raise consumer_timeout only for that queue.",
    isSure: true,
  },
  {
    text: /not_allowed - (vhost|access to vhost)|vhost \S{1,100} not found/,
    short: "the broker has no such virtual host, or not for its user",
    because:
      "The login was good; the virtual host at the end of the URL is missing, or the user has no rights in it.",
    advice:
      "`rabbitmqctl list_vhosts`, `rabbitmqctl list_permissions -p VHOST`; in a URL the host `/` is written %2F.",
    isSure: true,
  },
  {
    text: /access_refused - |login was refused/,
    short: "what it depends on refuses its credentials",
    because: "It reached the message broker, which did not accept the login.",
    advice:
      "Compare user and password on both sides (`rabbitmqctl authenticate_user USER PASSWORD`); `guest` is let in from the broker's own machine only.",
    isAnywhere: true,
    isSure: true,
  },
  {
    text: /nocredentialserror|unable to locate credentials|could not load credentials from any providers|could not find default credentials|no valid credential sources/,
    short: "it finds no credentials for its cloud",
    because:
      "The client library looked at environment, files and the machine's own role, and found none of them: nothing was refused.",
    advice:
      "Give it its role or key (AWS: task or instance role, IRSA; Google: workload identity). From within a network of its own the metadata service may be two hops away (IMDSv2: http-put-response-hop-limit 2).",
    isSure: true,
  },
  {
    text: /mvcc: database space exceeded|alarm:nospace/,
    short: "etcd has reached its quota and takes no writes",
    because: "The key space is larger than --quota-backend-bytes; the disk itself need not be full.",
    advice:
      "`etcdctl endpoint status -w table`; then compact to the current revision, `etcdctl defrag` each member in turn, and `etcdctl alarm disarm`. Find what writes so much.",
    isSure: true,
  },
  {
    text: /acme:error:ratelimited|too many (certificates|failed authorizations)|duplicate certificate limit/,
    short: "the certificate authority gives it no more certificates for a while",
    because:
      "The authority's limit is reached, mostly because a program that keeps starting asks anew each time and does not keep what it was given.",
    advice:
      "Keep its certificate folder on a volume; the line says from when on it may ask again. Until then another name, or the authority's staging server for tries.",
    isSure: true,
  },
];
