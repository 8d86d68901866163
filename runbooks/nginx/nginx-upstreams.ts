import { nginx, runbookOn, shellWord, z } from "../../src/sdk/index.ts";
import { aboutCertificates, aboutConfig, aboutPidFile, aboutReload } from "./findings.ts";
import {
  aboutAnswers,
  aboutCauses,
  aboutLimits,
  aboutMembers,
  aboutRefused,
  noLiveUpstreams,
} from "./log-findings.ts";

/** Why nginx answers 502, 504 or 503: its configuration, its processes, its limits, or what stands behind it. */
const book = runbookOn(
  "nginx",
  {
    id: "nginx-upstreams",
    title: "nginx: gateway errors, configuration and certificates",
    covers: ["tektra.load-balancer-nginx"],
    alerts: [
      "NginxDown",
      "NginxHighHttp4xxErrorRate",
      "NginxHighHttp5xxErrorRate",
      "NginxLatencyHigh",
      "NginxUpstreamDown",
      "NginxConfigReloadFailed",
      "BadGateway",
      "GatewayTimeout",
    ],
    params: z.object({
      minutes: z.int().min(1).max(720).default(15).describe("how far back the logs are read"),
    }),
  },
  ({ params: { minutes } }) => ({
    config: nginx.config(),
    processes: nginx.processes(),
    logs: nginx.logs({ minutes }),
    upstreams: nginx.upstreams(),
    certificates: nginx.certificates(),
    status: nginx.status(),
  }),
);

export const nginxUpstreams = book
  .remedies({
    reload: book.does(
      nginx.reload,
      ["processes", "config"],
      ({ processes: { master, generation, wrongPidFile }, config: { valid } }) =>
        valid === true &&
        wrongPidFile === undefined &&
        master !== null &&
        generation !== null && { master: master.pid, generation },
    ),
    mendConfig: book.advises("Mend the line that is wrong", "low", ({ config }) => {
      const error = config?.error;
      const place =
        error == null || error.file === ""
          ? "the file nginx names"
          : `line ${error.line ?? "?"} of ${shellWord(error.file)}`;
      return `Look at ${place} and at what was changed last (\`git log\`, backups, the tool that writes it). \`nginx -t\` until it passes, then reload; no restart before that.`;
    }),
    namePid: book.advises("Have its pid file name it", "high", ({ processes }) => {
      const { master, wrongPidFile = "" } = processes ?? {};
      const pid = String(master?.pid ?? "PID");
      return `See that this is the nginx that is meant (\`ps -fp ${shellWord(pid)}\`), and by what it was begun. Then \`printf '%s\\n' ${shellWord(pid)} | sudo tee -- ${shellWord(wrongPidFile)}\`; until then \`sudo kill -HUP ${shellWord(pid)}\` reads its files again. No restart: a second one would find its ports taken.`;
    }),
    startNginx: book.advises(
      "Start it, once its test passes",
      "high",
      "`nginx -t` first, then by what runs it (`systemctl start nginx`, the container). Its error log and the journal say why it ended: a port that is taken, a certificate that cannot be read, a stop on purpose.",
    ),
    startUpstream: book.advises("Get the service behind it up", "low", ({ logs, upstreams }) => {
      const logged = (logs?.causes ?? []).flatMap((one) => one.upstreams.map(({ address }) => address));
      const silent = (upstreams?.members ?? []).flatMap(({ state, address }) =>
        ["answers", "marked-down"].includes(state) ? [] : [address],
      );
      const [first = "the upstream"] = [...silent, ...logged];
      return `See whether the service at ${first} runs and at which address it listens (\`ss -ltn\` there; in a container 127.0.0.1 is the container), and its last log lines. nginx needs no reload: it tries again by itself.`;
    }),
    speedUpstream: book.advises(
      "Look at what is slow behind it",
      "low",
      "Look at the service: its workers (all busy?), and what they wait for (database, lock, another API). A longer proxy_read_timeout only lets clients wait longer; it is right for answers that are meant to take long, and for those locations alone.",
    ),
    reachUpstream: book.advises(
      "Get a way to the upstream",
      "low",
      "From nginx's machine try the address (`curl -v`, `ss -tn state syn-sent`): firewall, route, whether the machine is there.",
    ),
    reuseConnections: book.advises(
      "Use connections to upstreams again",
      "low",
      'Each connection keeps its port for a minute after it was closed. `keepalive 32;` in the upstream block, with `proxy_http_version 1.1; proxy_set_header Connection "";`, uses them again. On nginx\'s machine `ss -s` says how many wait, `sysctl net.ipv4.ip_local_port_range` how many there are.',
    ),
    makeRoomInQueue: book.advises(
      "Have more of it take requests",
      "low",
      "More workers of the service, or less that each waits for; a longer queue (its `listen.backlog` or `backlog`, and `sysctl net.core.somaxconn`) only lets clients wait longer.",
    ),
    freeSpace: book.advises("Make room where nginx buffers", "low", ({ logs }) => {
      const example = logs?.causes.find(({ kind }) => kind === "no-space")?.example ?? "";
      const path = /"(\/[^"]{1,300})"/.exec(example)?.[1];
      return `Run disk-full on that machine: \`df -h ${path === undefined ? "" : shellWord(path.slice(0, path.lastIndexOf("/") + 1))}\` and \`df -i\` (122: a quota). Answers that do not fit proxy_buffers are written there; \`proxy_max_temp_file_size 0;\` keeps them off the disk.`;
    }),
    speakRight: book.advises(
      "Speak to it as it speaks",
      "low",
      "On nginx's machine `curl -v http://<upstream>/` and `curl -vk https://<upstream>/`: TLS wants `proxy_pass https://`, gRPC `grpc_pass`, FastCGI and uWSGI their own.",
    ),
    endCycle: book.advises(
      "End the circle in the configuration",
      "low",
      "`try_files` or `error_page` leads to a file that is not there, and so back to itself: see whether `root` of that location holds it (a deployment that left it out), and end the line with `=404`.",
    ),
    findCrash: book.advises(
      "Find what ended its workers",
      "low",
      "The line names the signal. 9: `journalctl -k --since -1h --no-pager | grep -i 'out of memory'` says whether the kernel ended it, for whom, and at which limit. 11, 6, 4, 7: a module; `nginx -V` and `load_module` name those that are not nginx's own, which must be built for exactly this version: take away what was added or updated last. `coredumpctl list nginx` keeps what it left.",
    ),
    keepConnections: book.advises(
      "Tell a crash from a kept connection",
      "low",
      "See whether the service's process began anew at those moments (unit-failure, container-failure, the kernel's log). If not: its idle limit must be longer than nginx's `keepalive_timeout` of the upstream block (Node: server.keepAliveTimeout, gunicorn: keepalive), so that nginx closes first.",
    ),
    raiseLimits: book.advises("Raise the limits together", "high", ({ config, processes, status }) => {
      const facts = config?.facts;
      const open = processes?.workers[0];
      return `worker_connections is ${facts?.workerConnections ?? "unknown"} for each of ${facts?.workers ?? "?"} workers, open files of a worker ${open?.filesLimit ?? "unknown"}${status?.counts == null ? "" : `, ${status.counts.active} connections are active`}. worker_rlimit_nofile should be twice worker_connections and more; both in nginx.conf, then a reload. First see whether so many connections are meant: an upstream that is slow holds them all.`;
    }),
    raiseBuffers: book.advises(
      "Make room for the headers, or make them smaller",
      "low",
      "`proxy_buffer_size 16k; proxy_buffers 8 16k;` for that location; better, find which cookie or header has grown.",
    ),
    takeMore: book.advises(
      "Let larger requests through where they are meant",
      "low",
      "`client_max_body_size` of that location alone, and the service's own limit behind it; uploads are written to a file first (`client_body_temp_path`: its disk).",
    ),
    resolveNames: book.advises(
      "Get the name resolved",
      "low",
      "Try it on nginx's machine (`getent hosts`). A name that changes its address needs `resolver` and a variable in proxy_pass, or `server … resolve`: otherwise nginx keeps what it found when it read its configuration.",
    ),
    renewCertificate: book.advises("Renew the certificate", "low", ({ certificates }) => {
      const [worst] = [...(certificates?.certificates ?? [])].sort((a, b) => a.daysLeft - b.daysLeft);
      return `Renew ${worst === undefined ? "it" : shellWord(worst.path)} by what makes it (certbot: \`certbot renew\`, and its log says why it did not), then reload. A renewal needs a hook that reloads nginx (\`--deploy-hook\`).`;
    }),
    trustUpstream: book.advises(
      "Get TLS to the upstream right",
      "low",
      "`openssl s_client -connect <upstream> -servername <name>` on nginx's machine: does it speak TLS there, for which name, until when? proxy_ssl_server_name on, proxy_ssl_name and proxy_ssl_trusted_certificate say what nginx asks for and accepts.",
    ),
    letConnect: book.advises(
      "Let nginx connect",
      "low",
      "A socket's file and its folder must let nginx's user in (`namei -l <socket>`). SELinux: `ausearch -m avc -c nginx`; `setsebool -P httpd_can_network_connect 1` where it is that.",
    ),
  })
  .findings((find) => [
    find(["config", "processes"], ({ config, processes }) => aboutConfig(config, processes)),
    find(["certificates"], ({ certificates }) => aboutCertificates(certificates)),
    find(["config", "processes"], ({ config, processes }) => aboutReload(config, processes)),
    find(["processes"], ({ processes }) => aboutPidFile(processes)),
    find(["logs", "upstreams?"], ({ logs, upstreams }) => aboutCauses(logs, upstreams)),
    find(["logs"], ({ logs }) => noLiveUpstreams(logs)),
    find(["upstreams", "logs?"], ({ upstreams, logs }) => aboutMembers(upstreams, logs)),
    find(["logs"], ({ logs }) => aboutAnswers(logs)),
    find(["logs"], ({ logs }) => aboutLimits(logs)),
    find(["logs"], ({ logs }) => aboutRefused(logs)),
  ]);
