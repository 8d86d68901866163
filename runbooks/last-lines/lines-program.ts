import type { LineRow } from "./row.ts";

/** What the image, its settings and the machine lack, in words that tell it before any general ones do. */
export const PROGRAM_LINES: readonly LineRow[] = [
  // GPUs: their memory and driver are not the machine's.
  {
    text: /cuda out of memory|outofmemoryerror: (cuda|hip|xpu)|cudaerrormemoryallocation|cuda error: out of memory|cublas_status_alloc_failed|hip out of memory/,
    short: "the memory of the GPU is used up",
    because:
      "What the program wanted did not fit beside what is on the GPU already; the machine's memory has no part in it.",
    advice:
      "`nvidia-smi` on the machine shows who holds it: another container on the same GPU, or a model or batch too large for it.",
    isSure: true,
  },
  {
    text: /found no nvidia driver|cuda driver version is insufficient|no kernel image is available for execution|no cuda-capable device|could not load library libcuda|libcuda\.so[^\n]{0,60}(cannot open|not found)|nvml: driver\/library version mismatch|cuda error: (unknown|system not yet initialized|no device)/,
    short: "it finds no GPU it can use",
    because:
      "Either the container was given no GPU, or the machine's driver is older than the image's CUDA, or the image was not built for this kind of GPU.",
    advice:
      "`nvidia-smi` on the machine and in the container (`docker exec`); `deploy.resources.reservations.devices` (or `--gpus`) of the service; then the table of CUDA versions against the driver.",
    key: "fixImage",
  },
  // Parts built for something else.
  {
    text: /invalid elf header|wrong elf class|could not load the "[^"]{1,60}" module using|unsupportedclassversionerror|unsupported class file|kernel too old|unsupported system page size|you must install or update \.net|couldn't find a valid icu package|unsupported engine|requires node(\.js)? (version )?[>^~v\d]|was compiled against a different node\.js version|node_module_version|no prebuilt|ebadengine|err_require_esm|prisma cannot find the required|not built for (this|your) (platform|architecture)/,
    short: "a part of it is for another platform, runtime or version",
    because:
      "The line names it: a native module built on another system (a node_modules folder copied into the image or mounted over it), a runtime that is too old or too new, or a library that the base image lacks.",
    advice:
      "Install dependencies inside the image that runs them (node_modules in .dockerignore), and take the base image and version the line asks for.",
    key: "fixImage",
    isSure: true,
  },
  // What it is told to do.
  {
    text: /unknown (variable|option|flag|command|argument|directive|configuration (option|key|parameter))|unrecognized (option|argument|configuration|parameter)|flag provided but not defined|no such option|missing script:|invalid option -- |unexpected argument/,
    short: "it is called with an option it does not know",
    because:
      "An option or setting of the compose file is none of this version: often one that a newer image has dropped, or a script's name that is not there.",
    advice:
      "The line names it: compare with the documentation of the image's tag (a tag like `latest` moves), correct `command:`, the configuration file or the environment, or go back to the tag before.",
  },
  {
    text: /improperlyconfigured|invalid maximum heap size|specified size exceeds|error loading config|parsing yaml file|yaml: (line \d|unmarshal|mapping values)|mapping values are not allowed|did not find expected|error reading configuration/,
    short: "it cannot read its settings",
    because: "A setting or file is not what it expects.",
    advice: "Correct it; the line names the place. Then `docker compose up -d`.",
  },
  {
    text: /too open|has invalid permissions|permissions should be|permissions \d{3,4} for|group or world access|insecure permissions|bad permissions/,
    short: "a file of it may be read by more than it allows",
    because:
      "It refuses secrets and data that others could read: a mounted file keeps the mode it has on the machine.",
    advice:
      "On the machine `chmod 600 FILE` (of a data folder `chmod 700`), owned by the container's user (`docker exec CONTAINER id`).",
  },
  {
    text: /eisdir|is a directory|\(are you trying to mount a directory/,
    short: "a folder is where it expects a file",
    because:
      "Where the file of a mount was missing on the machine, the engine has made an empty folder in its place.",
    advice:
      "`ls -ld` the source of the mount on the machine (`docker inspect -f '{{json .Mounts}}' CONTAINER`): remove the empty folder, put the file there, `docker compose up -d --force-recreate`.",
  },
  {
    text: /disk quota exceeded|edquot|errno 122\b/,
    short: "a quota of its disk is used up",
    because:
      "The user's or project's share of the file system is full, in bytes or in number of files; df shows free space all the same.",
    advice:
      "On the machine: `quota -s -u USER`, `repquota -s MOUNT`, of XFS projects `xfs_quota -x -c 'report -p' MOUNT`.",
  },
  {
    text: /was sent sigkill! perhaps out of memory/,
    short: "a worker of it was killed",
    because:
      "Either the kernel killed the worker for memory, or gunicorn itself did because it did not answer in time (then WORKER TIMEOUT stands before it).",
    advice:
      "WORKER TIMEOUT before it: see what that request waits for; raise `--timeout` only if it may take so long. Otherwise its memory limit: `docker stats`, `dmesg | grep -i 'killed process'`.",
    startHelps: true,
  },
  // Trust and time.
  {
    text: /certificate has expired or is not yet valid|certificate is not yet valid|current time .{0,60} is (before|after)/,
    short: "a certificate is out of its dates, or the clock is wrong",
    because: "A peer's certificate is not valid at the time that this machine shows.",
    advice: "Run host-clock for the machine, then tls-expiry for the peer.",
  },
  {
    text: /unknown authority|self[- ]signed certificate|unable to get local issuer certificate|pkix path building failed|certificate verify failed|sslhandshakeexception|certificate signed by unknown/,
    short: "it does not trust the certificate of a peer",
    because:
      "The peer's issuer is not among the authorities of the image: a private authority, a proxy that opens TLS, or an image without ca-certificates.",
    advice:
      "Give the image the authority's certificate (NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, a Java trust store), or install ca-certificates; do not switch verification off.",
  },
  // What it waits for.
  {
    text: /host not found in upstream|no such service|could not resolve upstream/,
    short: "a name it depends on does not resolve",
    because:
      "It looks up another service when it starts, and no container of its network answers to that name: that one is down, or in another network.",
    advice:
      "`docker network inspect` of both: is the other one up and in the same network, by that service name? `depends_on` lets it start later.",
    key: "repairDependency",
    isDependency: true,
    startHelps: true,
  },
  {
    text: /timeout occurred after waiting|timeout after .{1,40} waiting (on|for)|gave up waiting for|timed out waiting for (the )?(database|db|connection|redis|kafka|broker|server|zookeeper)/,
    short: "what it waits for did not come up in time",
    because: "A script before the program waits for another service, and gave up.",
    advice: "See why that one is not up; where it only needs longer, raise the script's limit.",
    key: "repairDependency",
    isDependency: true,
    startHelps: true,
  },
  {
    text: /authentication required|\b(wrong|incorrect) (user ?name|password)/,
    short: "what it depends on refuses its credentials",
    because: "It reached the other service, which did not accept the login.",
    advice:
      "Compare the credentials on both sides; a database keeps the password of its first start, whatever the environment says later.",
  },
  {
    text: /insufficient memory for the java runtime|native memory allocation \(\w+\) failed/,
    short: "Java got no more memory from the system",
    because:
      "The heap and what Java needs beside it do not fit the container's limit or the machine: the limit of the heap is too high, or too little is free.",
    advice:
      "`-XX:MaxRAMPercentage=60` with a limit of the container; then `docker stats` and high-memory of the machine.",
    isSure: true,
    startHelps: true,
  },
  {
    text: /can only run as pid 1/,
    short: "its supervisor is not the first process of the container",
    because: "s6 wants to be process 1; `init: true` or `pid: host` puts another one there.",
    advice: "Take `init: true` and `pid: host` out of the service.",
  },
  {
    text: /detected dubious ownership/,
    short: "git does not trust a folder of another user",
    because: "The mounted folder belongs to another user than the one in the container.",
    advice:
      "`git config --global --add safe.directory PATH` in the image, or run it as the folder's owner (`user:`).",
  },
];

/** Last before the program's own errors: so general that anything else is better. */
export const LAST_LINES: readonly LineRow[] = [
  {
    text: /no such file or directory|\benoent\b|unable to open database file|could not find file|file not found|cannot find the (file|path)/,
    short: "a file it wants is not there",
    because:
      "The line names it: either it is not in the image, or its mount is missing or covers it, or the folder may not be entered.",
    advice:
      "`docker inspect -f '{{json .Mounts}}' CONTAINER`, and `docker run --rm --entrypoint sh IMAGE -c 'ls -ln FOLDER'` without and with its volumes.",
  },
];
