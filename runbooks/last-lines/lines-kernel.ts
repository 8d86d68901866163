import type { LineRow } from "./row.ts";

/**
 * Limits and refusals of the kernel whose errno has another everyday meaning: ENOSPC that is no disk, EMFILE that is no open file,
 * EPERM that is no right, EADDRNOTAVAIL that is either end of a connection. errno(3), inotify(7), semget(2), ip(7), seccomp(2).
 */
export const KERNEL_LINES: readonly LineRow[] = [
  {
    text: /(fsnotify|inotify_init\d?|inotify instance|file ?watcher)[^\n]{0,120}(too many open files|emfile)/,
    short: "the user's inotify watches are used up",
    because:
      "The kernel's number of inotify instances of the user is used up, in all its processes together (128 by default); the limit of open files is another one.",
    advice:
      "`sysctl fs.inotify.max_user_instances` on the machine, and raise it; `host-limits` says which program has most of them.",
    isAnywhere: true,
    isSure: true,
  },
  {
    text: /(semget|semctl|shmget|msgget|could not create (semaphores|shared memory segment)|create semaphore|couldn't create the [^\n]{1,40} mutex|mpm-accept mutex)[^\n]{0,160}(no space left|enospc)|no space left on device[^\n]{0,120}(semget|semaphore|mutex|shmget)/,
    short: "the kernel has no semaphore or shared segment left for it",
    because:
      "System V semaphores and segments are counted for the whole machine, and stay when a program is killed that made them; no disk is full, whatever ENOSPC says.",
    advice:
      "`ipcs -s -u; ipcs -ls` (used and allowed), `ipcs -s -p`: those whose program is gone may be removed (`ipcrm -s ID`); or raise `kernel.sem` (`sysctl`).",
    isAnywhere: true,
    isSure: true,
  },
  {
    text: /too many open files in system|\benfile\b|\(23: too many/,
    short: "the machine has too many files open",
    because:
      "ENFILE is the limit of the whole machine (fs.file-max), whatever the program's own limit is: another program may have them.",
    advice: "`cat /proc/sys/fs/file-nr`; `host-limits` says who has most of them. Only then fs.file-max.",
    isAnywhere: true,
    startHelps: true,
  },
  {
    text: /(connect|dial)[^\n]{0,120}\[?::1?\]?[^\n]{0,60}(cannot assign requested address|eaddrnotavail)|eaddrnotavail[^\n]{0,60} ::1?\b/,
    short: "it asks an IPv6 address, and has no IPv6 there",
    because:
      "The address is of IPv6 (often what `localhost` was resolved to), and its network has none: nothing was sent.",
    advice: "127.0.0.1 in place of localhost, or IPv6 for its network; ports have no part in it.",
    isAnywhere: true,
  },
  {
    text: /(connect|dial)[^\n]{0,160}(cannot assign requested address|can't assign requested address|eaddrnotavail)|(eaddrnotavail|cannot assign requested address)[^\n]{0,80}(connect|dial)|connect eaddrnotavail/,
    short: "it has no local port left for new connections",
    because:
      "Each connection to one address and port takes a local port of its own, for a minute after its end, too; they are used up (or, more rarely, it is told to come from an address that is not there). The other side was not asked, and is not at fault.",
    advice:
      "Keep connections (keep-alive, a pool) in place of one for each request; `host-limits` counts them by destination.",
    isAnywhere: true,
    startHelps: true,
  },
  {
    text: /(bind|listen)[^\n]{0,160}(cannot assign requested address|can't assign requested address|eaddrnotavail)|listen eaddrnotavail/,
    short: "the address it listens on is not one of this machine",
    because:
      "It wants to listen on an address that no interface has where it runs: a floating one that is elsewhere now, or another machine's.",
    advice:
      "`ip -br addr` there; 0.0.0.0 or the right address. A floating address may come later: `sysctl net.ipv4.ip_nonlocal_bind=1`.",
    isAnywhere: true,
  },
  {
    text: /lookup [a-z0-9_-]{1,63} on 127\.0\.0\.11:53: no such host/,
    short: "no container of its networks has that name",
    because:
      "127.0.0.11 is the engine's own name server, and the name has no dot: it knows it only while a container of that name or service runs on a network of its own. Such a one is down, or on another network.",
    advice:
      "`container-network` says who is on which network, by which names; `docker inspect -f '{{json .NetworkSettings.Networks}}' CONTAINER`.",
    key: "repairDependency",
    isDependency: true,
    startHelps: true,
  },
  {
    text: /127\.0\.0\.11:53[^\n]{0,80}(server misbehaving|i\/o timeout|connection refused|servfail)/,
    short: "the engine's name server gets no answer for it",
    because:
      "127.0.0.11 answers for containers itself and passes every other name on to the name servers the machine had when the container was started: those do not answer it. The name itself may be well.",
    advice:
      '`docker exec CONTAINER cat /etc/resolv.conf` (ExtServers), and ask those from the machine. After a change of the machine\'s name servers (VPN, DHCP) a container has the old ones until it is started anew; `dns:` of the service or `"dns"` in daemon.json names others.',
    startHelps: true,
  },
  {
    text: /\bhost is down\b|\behostdown\b/,
    unless: /connect|dial/,
    short: "a network share it uses does not answer",
    because:
      "The file server (SMB, mostly) went away beneath the mount: off, not reached, or it speaks no protocol version any more that the mount asks for.",
    advice:
      "From the machine `nc -zv SERVER 445`; then mount it anew (`vers=3.0` where the server no longer takes SMB 1). Nothing is wrong with the disk.",
    isAnywhere: true,
    isDependency: true,
    startHelps: true,
  },
  {
    text: /(pthread_create|uv_thread_create|clone3?|new thread|thread_init|create (new )?(native |os )?thread)[^\n]{0,120}(operation not permitted|eperm)/,
    short: "the engine refuses a call that its newer libc makes",
    because:
      "A thread is refused with EPERM, not EAGAIN: no limit is reached. An image with a newer libc calls clone3, which the seccomp profile of an older engine (or libseccomp) does not know.",
    advice:
      "Update the engine, runc and libseccomp2 of the machine; to be sure try once with `--security-opt seccomp=unconfined`. Limits of processes have no part in it.",
    isSure: true,
  },
  {
    text: /\b(fopen|opendir|fstat|getcwd|clock_gettime\w*|getrandom|faccessat2?|statx)\b[^\n]{0,80}(operation not permitted|eperm)/,
    short: "a call is refused to it, which no right of a file explains",
    because:
      "Rights of files are refused as “Permission denied”; “Operation not permitted” here is most often the seccomp profile of an engine older than the image's libc, more rarely a file that was made immutable (`lsattr`).",
    advice:
      "Update the engine, runc and libseccomp2 of the machine; to be sure try once with `--security-opt seccomp=unconfined`.",
  },
  {
    text: /(fork|pthread_create|thread|spawn|clone)[^\n]{0,120}(resource temporarily unavailable|eagain)/,
    short: "its limit of processes and threads is reached",
    because:
      "EAGAIN: no process or thread may be added: `pids_limit` of the container, TasksMax of the unit, or ulimit nproc of its user. Memory has no part in it.",
    advice:
      "How many it has against how many it may (`docker stats --no-stream`: PIDS; `systemctl status`: Tasks). A number that only grows leaks; otherwise raise the limit.",
    startHelps: true,
  },
];
