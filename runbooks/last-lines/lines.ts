import { ANSWER_LINES } from "./lines-answers.ts";
import { BASE_LINES } from "./lines-base.ts";
import { CLOUD_LINES } from "./lines-cloud.ts";
import { CLUSTER_LINES } from "./lines-clusters.ts";
import { DATA_LINES } from "./lines-data.ts";
import { KERNEL_LINES } from "./lines-kernel.ts";
import { LAST_LINES, PROGRAM_LINES } from "./lines-program.ts";
import { SERVER_LINES } from "./lines-servers.ts";
import type { LineRow } from "./row.ts";

/**
 * What last lines of programs say of why they ended, most specific first. The words are those of the kernel's errors (ENOSPC, …),
 * of libcs, of runtimes (Node, Python, Java, Go, .NET, Ruby) and of servers that are named in the row; all of them English.
 */
export const LINES: readonly LineRow[] = [
  ...KERNEL_LINES,
  ...CLUSTER_LINES,
  ...CLOUD_LINES,
  ...SERVER_LINES,
  ...ANSWER_LINES,
  ...BASE_LINES,
  ...DATA_LINES,
  ...PROGRAM_LINES,
  // The image and the machine.
  {
    text: /cpu does not support x86-64-v\d|requires a cpu with avx|compiled to use [^\n]{0,40}(avx|sse|fma)|baseline optimizations[^\n]{0,100}doesn't support|missing required instruction|illegal instruction|no avx support|cpu (lacks|without) avx/,
    short: "its CPU lacks what the image wants",
    because: "The image was built for a newer CPU than this one, or than the virtual machine shows.",
    advice:
      "`grep -o -m1 -w avx /proc/cpuinfo` on the machine: nothing means no AVX. Then either an older tag or a build without it, or another CPU type of the virtual machine (`host` in Proxmox and libvirt).",
    key: "fixImage",
    isSure: true,
  },
  {
    text: /exec format error|cannot execute binary file/,
    short: "its program is not for this machine",
    because:
      "Either the image was built for another CPU, or the file is a script without a first line like #!/bin/sh; to tell them apart: `docker image inspect -f '{{.Os}}/{{.Architecture}}' IMAGE`.",
    advice:
      "Another CPU: pull or build the image for this platform (`platform:`, `docker buildx build --platform`). A script: give it a first line `#!/bin/sh`.",
    key: "fixImage",
    isSure: true,
  },
  {
    text: /\\r'?: (no such file|command not found|not found)|\^m: (bad interpreter|not found)|env: .{0,40}\\r|cannot execute: required file not found|bad interpreter/,
    short: "a script has Windows line ends, or its interpreter is missing",
    because:
      "The first line of the script names an interpreter that is not there; with Windows line ends its name ends in a carriage return.",
    advice:
      "`sed -i 's/\\r$//' FILE` before the image is built and `* text eol=lf` in .gitattributes; otherwise install the interpreter.",
    key: "fixImage",
    isSure: true,
  },
  {
    text: /error while loading shared libraries|version `(glibc|glibcxx|cxxabi)_[\d.]{1,12}' not found|error loading shared library|symbol not found|cannot open shared object file/,
    short: "a shared library is missing or too old",
    because: "The program was built against libraries that this image does not have.",
    advice: "Build and run on the same base image; programs built for glibc do not run on Alpine (musl).",
    key: "fixImage",
    isSure: true,
  },
  {
    // The runtime has found the file by then: a file that is missing is refused before anything is written.
    text: /^exec \/[^\n:]{1,300}: no such file or directory/,
    short: "the shell or loader that its program names is not in the image",
    because:
      "The file itself is there, and what is to run it is not: either a script's first line names a shell the image does not have (bash, in Alpine), or has Windows line ends, or the program was built for another libc (glibc, in Alpine).",
    advice:
      "`docker run --rm --entrypoint sh IMAGE -c 'head -1 FILE | od -c | head -2'`: `\\r` at the end are Windows line ends (`sed -i 's/\\r$//' FILE`, `* text eol=lf` in .gitattributes); `#!/bin/sh` or the shell it names; a program: build it for this image's libc.",
    key: "fixImage",
    isSure: true,
  },
  {
    text: /^exec [^\n]{1,300}: no such file or directory|(^|[\n/ ])(ba|da|a)?sh: (line )?(\d{1,6}: )?[^\s:]{1,200}: (command )?not found|: can't open '[^']{1,200}'|executable file not found|exec [^\n]{1,200} failed: no such file/,
    short: "a program or script it calls is not there",
    because:
      "Either it is not in the image, or a mount hides the folder it lies in, or it is a script with Windows line ends.",
    advice:
      "`docker run --rm --entrypoint sh IMAGE -c 'ls -l FILE; head -1 FILE | od -c | head -2'`, without and with its volumes.",
    key: "fixImage",
  },
  {
    text: /cannot find module|could not find a production build|modulenotfounderror|no module named|classnotfoundexception|noclassdeffounderror|could not find or load main class|cannot load such file|could not find gem|class "[^"]{1,200}" not found/,
    short: "a part of the program itself is not there",
    because:
      "A module it is made of is missing: not installed when the image was built, or hidden by a mount over its folder (node_modules, vendor).",
    advice:
      "Build the image anew and look what `volumes:` covers; a volume over node_modules keeps what was in it at first.",
    key: "fixImage",
  },
  // Memory the program gave itself.
  {
    text: /javascript heap out of memory|allocation failed - javascript heap|reached heap limit/,
    short: "Node's own heap is full",
    because: "Node ended itself at the limit of its heap, which is not the container's limit.",
    advice:
      "`NODE_OPTIONS=--max-old-space-size=…` (about three quarters of the container's limit); a heap that fills again leaks.",
    isSure: true,
    startHelps: true,
  },
  {
    text: /java\.lang\.outofmemoryerror/,
    short: "Java ran out of memory of its own",
    because:
      "The JVM ended at one of its own limits (heap, metaspace, direct buffers, threads); the line says which.",
    advice:
      '`-XX:MaxRAMPercentage=75` with a limit of the container; "unable to create native thread" is `pids_limit`, not memory.',
    isSure: true,
    startHelps: true,
  },
  {
    text: /insufficient shared memory|bus error[^\n]{0,100}(shm|shared)|could not resize shared memory segment|no space left on device[^\n]{0,100}\/dev\/shm|\/dev\/shm[^\n]{0,100}(no space|too small)/,
    short: "its /dev/shm is full",
    because: "Shared memory of a container has 64 MB where nothing else is said; the disk has no part in it.",
    advice: "`shm_size: 1gb` for the service in the compose file, then `docker compose up -d`.",
    isSure: true,
  },
  {
    text: /cannot allocate memory|memory allocation of \d{1,20} bytes failed|std::bad_alloc|memoryerror|out of memory|enomem/,
    short: "it could get no more memory",
    because:
      "An allocation was refused: a limit of its own (ulimit, heap), overcommit switched off on the machine, or its memory limit.",
    advice:
      "Compare its limit with what it held (`docker stats`), `sysctl vm.overcommit_memory`, and its own heap settings.",
    startHelps: true,
  },
  {
    text: /can't start new thread|unable to create (new )?native thread|pthread_create[^\n]{0,60}(failed|resource temporarily)|resource temporarily unavailable|uv_thread_create|failed to create (new os )?thread/,
    short: "it may have no more threads",
    because:
      "Either its process limit is reached (`pids_limit`, ulimit nproc), or an old engine's seccomp profile forbids the call a new libc makes (clone3); to tell them apart: the first comes after a while, the second at once.",
    advice:
      "`docker stats --no-stream` (PIDS) against `pids_limit`; at once: update the engine, runc and libseccomp.",
    startHelps: true,
  },
  {
    text: /too many open files|emfile|enfile/,
    short: "it has too many files open",
    because:
      "Its limit of open files is reached: too low for what it does, or files and connections are not closed.",
    advice: "`ls /proc/PID/fd | wc -l` on the machine against `ulimits: nofile` of the service.",
    startHelps: true,
  },
  // Disk.
  {
    text: /no space left on device|enospc|disk (is )?full|not enough space/,
    short: "a disk is full",
    because:
      "A write was refused for lack of space (or inodes) where it writes: its volume, or the engine's own disk.",
    advice:
      "`docker exec` or `docker run --rm -v VOLUME:/v busybox df -h /v`, and `df -h`, `df -i` of the engine's data folder; then `docker system df`.",
    key: "freeDisk",
    isSure: true,
  },
  {
    text: /read-only file system|erofs/,
    short: "it writes where it may only read",
    because:
      "Either `read_only: true` or a mount with `:ro` covers what it writes, or the machine's file system went read-only after an error; to tell them apart: `findmnt -o TARGET,OPTIONS` on the machine.",
    advice: "Give it a tmpfs or a volume there (`tmpfs: [/tmp]`), or look at `dmesg` of the machine.",
  },
  // Stored data that does not fit the program.
  {
    text: /database files are incompatible with server|data directory was initialized by postgresql version|which is not compatible with this version/,
    short: "its data was written by another major version of Postgres",
    because:
      "The image was moved to another major version, which does not read the old data folder. The data is unharmed.",
    advice:
      "Go back to the old tag, dump, and restore into the new version (or pg_upgrade). Never remove the volume to make it start.",
    key: "fixImage",
    isSure: true,
  },
  {
    text: /unsupported redo log format|innodb: (upgrade|invalid|unsupported)|cannot (boot|upgrade) server[^\n]{0,40}version|downgrade|can't handle rdb format version|featurecompatibilityversion|wrong (storage )?version|unsupported data (format|version)|incompatible data/,
    short: "its data was written by another version",
    because:
      "The stored data is of a version that this one does not read: a step back, or a step over one in between.",
    advice:
      "Go back to the tag that wrote it, then upgrade one major version at a time. Never remove the volume to make it start.",
    key: "fixImage",
    isSure: true,
  },
  {
    text: /lock file "[^"]{1,200}" already exists|a server is already running|pid file (already )?exists|already exists and is locked|another (instance|process) (is|has)|could not (obtain|acquire)[^\n]{0,40} lock|unable to lock|lockobtainfailed|database is locked|already locked/,
    short: "a lock or pid file says that it runs already",
    because:
      "Either another container uses the same volume, or a file was left from an end without a goodbye; to tell them apart: `docker ps --filter volume=VOLUME`.",
    advice:
      "Another one: stop it. None: remove the file before the start (Rails: `rm -f tmp/pids/server.pid` in the entrypoint).",
  },
  // Ports and rights.
  {
    text: /address already in use|eaddrinuse|\bport \d{1,5} was already in use|only one usage of each socket address/,
    short: "a port it listens on is taken",
    because:
      "Two programs want one port: two in the container, or, with `network_mode: host` or a shared network, one of the machine or of the other container.",
    advice: "`ss -Hltnp 'sport = :PORT'` where its network is.",
    key: "freePort",
  },
  {
    text: /vm\.max_map_count|max virtual memory areas/,
    short: "the machine's vm.max_map_count is too low",
    because: "Elasticsearch and its like refuse to run below 262144.",
    advice: "`sysctl -w vm.max_map_count=262144`, for good in /etc/sysctl.d.",
    isSure: true,
  },
  {
    text: /superuser password is not specified|password option is not specified|database is uninitialized/,
    short: "the database was given no password for its first start",
    because: "The image wants a password before it makes the data folder.",
    advice:
      "Set POSTGRES_PASSWORD (MYSQL_ROOT_PASSWORD, …) for the service, then `docker compose up -d`: a restart does not read it.",
    isSure: true,
  },
  {
    text: /permission denied|eacces|operation not permitted|\beperm\b|access is denied/,
    short: "it is not permitted something",
    because:
      "A file, folder or call is refused to the container's user: mostly a volume that belongs to another user.",
    advice:
      "The line names what. `docker exec CONTAINER id` (or `user:`) against `ls -ln` of the mounted folder; ports below 1024 and `chown` want capabilities.",
  },
  // Settings.
  {
    text: /(environment variable|env var|required (setting|variable|option|config|key))[^\n]{0,100}(missing|required|not (set|found|defined)|undefined|must)|(missing|required|must (set|provide|specify)|undefined)[^\n]{0,60}(environment variable|env(ironment)?\b|setting|variable|config)|keyerror: '[a-z0-9_]{1,60}'|missing [a-z]{1,40}_[a-z_]{1,60}\b|could not resolve placeholder|secret_key_base|no application encryption key|insecure secret_key|no hostname setting provided|no server certificate was specified/,
    short: "a setting is missing",
    because: "It does not find a setting it needs.",
    advice: "Add it to .env or the compose file, then `docker compose up -d`: a restart does not read them.",
    isSure: true,
  },
  {
    text: /(config(uration)?|yaml|json|toml|syntax) (file )?(error|invalid|is invalid|not valid)|invalid (config|configuration|value for|option)|unknown directive|unexpected token|parse error|failed to parse|could not parse|unmarshal|bad directive|emerg\]/,
    short: "it cannot read its settings",
    because: "A setting or file is not what it expects.",
    advice: "Correct it; the line names the place. Then `docker compose up -d`.",
  },
  {
    text: /password authentication failed|access denied for user|authentication failed|invalid password|noauth|wrongpass|\b401 unauthorized/,
    short: "what it depends on refuses its credentials",
    because: "It reached the other service, which did not accept the login.",
    advice:
      "Compare the credentials on both sides; a database keeps the password of its first start, whatever the environment says later.",
    isSure: true,
  },
  // Others.
  {
    text: /getaddrinfo|enotfound|eai_again|could not (translate|resolve) host ?name|could not resolve (?!placeholder)|name or service not known|name does not resolve|temporary failure in name resolution|no such host|unknown host|unknownhostexception|nodename nor servname/,
    short: "a name it depends on does not resolve",
    because:
      "It looks up another service by its name, and no container of its network answers to it: that one is down, or in another network.",
    advice:
      "`docker network inspect` of both: is the other one up and in the same network, by that service name?",
    key: "repairDependency",
    isDependency: true,
    startHelps: true,
  },
  {
    text: /econnrefused|connection refused|could not connect|cannot connect|can't connect|failed to connect|unable to connect|connection timed out|connect timeout|etimedout|no route to host|ehostunreach|econnreset|connection reset|communications link failure|connection error|connection to server [^\n]{1,200} failed|server selection timed out/,
    short: "it does not reach what it depends on",
    because: "It could not connect to another service (database, cache, API).",
    advice:
      "Is the other one up, and on that address and port? Inside a container `localhost` is the container itself: name the service instead.",
    key: "repairDependency",
    isDependency: true,
    startHelps: true,
  },
  ...LAST_LINES,
  // The program's own errors, by runtime.
  {
    text: /^panic: |goroutine \d{1,9} \[|fatal error: |thread '[^']{1,80}' panicked/,
    short: "it panicked",
    because: "An error of the program ended it.",
    advice:
      "Report it to whoever makes the program, with the lines around it; did its version change lately?",
    isFrame: true,
    startHelps: true,
  },
  {
    text: /^traceback \(most recent call last\)|unhandled ?(promise ?)?rejection|uncaught ?(exception|error)|unhandled exception|worker failed to boot|no app loaded\. game over|exception in thread "main"|^(reference|syntax|type|range|assertion)error: |^node\.js v\d|^ {4}at .{1,200}:\d+:\d+\)?$/,
    short: "an error nobody caught ended it",
    because: "The program met an error it does not handle.",
    advice: "The lines around it name the place.",
    isFrame: true,
    startHelps: true,
  },
];
