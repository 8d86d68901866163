import type { LineRow } from "../last-lines/row.ts";
import type { Act, AdviceKey } from "./unit.ts";

interface Words {
  readonly because: string;
  readonly advice: string;
  /** Default: `fixCrash`. */
  readonly key?: AdviceKey;
  readonly acts?: readonly Act[];
}

const NOT_THERE =
  "Something the program is made of is not where it looks for it: not installed, another version, or below another folder than `WorkingDirectory=` and the unit's `Environment=PATH=…` say.";

const FILTERED: Words = {
  because: "EPERM, and neither a limit nor a file's right: a filter of calls, or a file made immutable.",
  advice:
    "`systemctl show --property=SystemCallFilter,RestrictNamespaces UNIT`; `lsattr` of a file it names.",
  key: "fixUnit",
};

/** What each kind of last line means of a program that systemd starts. UNIT stands for the unit's name. */
export const WORDS: Readonly<Record<string, Words>> = {
  "its CPU lacks what the image wants": {
    because: "The program was built for a newer CPU than this one, or than the virtual machine shows.",
    advice:
      "`grep -o -m1 -w avx /proc/cpuinfo`: nothing means no AVX. Another build, or another CPU type of the virtual machine (`host` in Proxmox and libvirt).",
  },
  "its program is not for this machine": {
    because:
      "Either the program was built for another CPU, or the file is a script without a first line like #!/bin/sh.",
    advice: "`systemctl cat UNIT`, then `file` of the program of ExecStart.",
    key: "fixUnit",
  },
  "a script has Windows line ends, or its interpreter is missing": {
    because:
      "The first line of the script names an interpreter that is not there; with Windows line ends its name ends in a carriage return.",
    advice: "`head -1 FILE | od -c | head -2`; `sed -i 's/\\r$//' FILE` takes Windows line ends out.",
  },
  "a shared library is missing or too old": {
    because:
      "The program was built against libraries that this machine does not have, or that an upgrade replaced.",
    advice: "`ldd` of the program says which; install them, or build it on the same release.",
  },
  "a program or script it calls is not there": {
    because:
      "A program or script it calls is not there. A unit has a short PATH of its own: what works in a shell may not be found.",
    advice: "Whole paths, or `Environment=PATH=…` (`systemctl show --property=Environment UNIT`).",
    key: "fixUnit",
  },
  "the shell or loader that its program names is not in the image": {
    because:
      "The file is there, and what is to run it is not: a shell named in a script's first line, Windows line ends, or a program built for another libc.",
    advice: "`head -1 FILE | od -c | head -2` of a script; `ldd FILE` of a program.",
    key: "fixUnit",
  },
  "the engine refuses a call that its newer libc makes": FILTERED,
  "a call is refused to it, which no right of a file explains": FILTERED,
  "its limit of processes and threads is reached": {
    because: "EAGAIN: TasksMax of the unit, or ulimit nproc of its user. Memory has no part in it.",
    advice: "`systemctl show --property=TasksCurrent,TasksMax,LimitNPROC UNIT`: raise it, unless it leaks.",
    key: "fixUnit",
  },
  "a part of the program itself is not there": {
    because: NOT_THERE,
    advice:
      "Is it installed for this interpreter (virtualenv, node_modules)? `systemctl cat UNIT`: ExecStart, WorkingDirectory, User.",
  },
  "Node's own heap is full": {
    because: "Node ended itself at the limit of its own heap, which is not the unit's limit.",
    advice: "`Environment=NODE_OPTIONS=--max-old-space-size=…`; a heap that fills again leaks.",
  },
  "Java ran out of memory of its own": {
    because:
      "The JVM ended at one of its own limits (heap, metaspace, direct buffers, threads); the line says which.",
    advice: '`-XX:MaxRAMPercentage` or `-Xmx`; "unable to create native thread" is TasksMax, not memory.',
  },
  "its /dev/shm is full": {
    because: "Shared memory is full: /dev/shm has half of the machine's memory where nothing else is said.",
    advice: "`df -h /dev/shm; ls -lS /dev/shm | head`.",
    key: "freeDisk",
  },
  "it could get no more memory": {
    because:
      "An allocation was refused: a limit of its own (LimitAS, heap), overcommit switched off on the machine, or MemoryMax.",
    advice: "`systemctl show --property=MemoryMax,LimitAS UNIT`, `free -h`, `sysctl vm.overcommit_memory`.",
    key: "memory",
  },
  "it may have no more threads": {
    because: "Either TasksMax of the unit is reached, or LimitNPROC of its user, or kernel.pid_max.",
    advice:
      "`systemctl show --property=TasksCurrent,TasksMax,LimitNPROC UNIT`; a number of threads that only grows leaks.",
  },
  "it has too many files open": {
    because:
      "Its limit of open files is reached: too low for what it does (1024 where nothing is said), or files and connections are not closed.",
    advice:
      "`systemctl show --property=LimitNOFILE,LimitNOFILESoft UNIT`, `ls /proc/PID/fd | wc -l`; /etc/security/limits.conf has no say for units.",
    acts: ["raiseOpenFiles"],
  },
  "a disk is full": {
    because: "A write was refused for lack of space or inodes where it writes.",
    advice: "`df -h; df -i`; then `disk-full` on this machine.",
    key: "freeDisk",
  },
  "it writes where it may only read": {
    because:
      "Either the unit may not write there (`ProtectSystem=`, `ReadOnlyPaths=`), or the file system went read-only after an error; to tell them apart: `findmnt -o TARGET,OPTIONS -T PATH`.",
    advice:
      "`ReadWritePaths=` or `StateDirectory=` for what it writes; otherwise `dmesg -T | grep -iE 'ext4|xfs|i/o error'`.",
    key: "fixUnit",
  },
  "its data was written by another major version of Postgres": {
    because:
      "The server is of another major version than the one that wrote the data folder. The data is unharmed.",
    advice:
      "Start the old version again (`pg_lsclusters`), then pg_upgradecluster or dump and restore. Never remove the data folder to make it start.",
  },
  "its data was written by another version": {
    because:
      "The stored data is of a version that this one does not read: a step back, or a step over one in between.",
    advice:
      "Install the version that wrote it, then upgrade one major version at a time. Never remove the data to make it start.",
  },
  "a lock or pid file says that it runs already": {
    because:
      "Either another copy of it runs, started outside of systemd, or a file was left from an end without a goodbye.",
    advice:
      "`pgrep -af NAME`; none: remove the file the line names (a `RuntimeDirectory=` does that at each start).",
  },
  "a port it listens on is taken": {
    because:
      "Another process has the port: another unit, or a copy of it that was started by hand or left over.",
    advice: "`ss -Hltnp 'sport = :PORT'` says who.",
    key: "freePort",
  },
  "the machine's vm.max_map_count is too low": {
    because: "Elasticsearch and its like refuse to run below 262144.",
    advice: "`sysctl -w vm.max_map_count=262144`, for good in /etc/sysctl.d.",
  },
  "the database was given no password for its first start": {
    because: "It wants a password before it makes its data folder.",
    advice: "Set it in its EnvironmentFile.",
  },
  "it is not permitted something": {
    because:
      "A file, folder, port or call is refused: to the unit's `User=`, by what the unit forbids itself (`Protect…=`, `Private…=`), or by SELinux or AppArmor.",
    advice:
      "The line names what. `systemctl show --property=User,ProtectSystem,ProtectHome UNIT`, `namei -l PATH`; ports below 1024: `AmbientCapabilities=CAP_NET_BIND_SERVICE`; `ausearch -m avc -ts recent`.",
  },
  "a setting is missing": {
    because: "It does not find a setting it needs. A unit does not have the environment of a login shell.",
    advice:
      "`Environment=` or `EnvironmentFile=` of the unit (`systemctl cat UNIT`); an `export` in a shell does not reach it.",
  },
  "it cannot read its settings": {
    because: "A setting or file is not what it expects.",
    advice:
      "Correct it; the line names the place. Many programs check their settings without running (`nginx -t`, `sshd -t`, `named-checkconf`).",
  },
  "what it depends on refuses its credentials": {
    because: "It reached what it depends on, which did not accept the login.",
    advice: "Compare the credentials on both sides.",
  },
  "a name it depends on does not resolve": {
    because:
      "It looks up another service by its name, and nothing answers: the name is wrong, or the network was not up when it started.",
    advice:
      "`getent hosts NAME`; `After=network-online.target` and `Wants=network-online.target` where it starts before the network.",
    key: "repairDependency",
  },
  "it does not reach what it depends on": {
    because: "It could not connect to another service (database, cache, API).",
    advice:
      "Is the other one up, and on that address and port? `After=` with its unit, where it runs on this machine.",
    key: "repairDependency",
  },
  "it panicked": {
    because: "An error of the program ended it.",
    advice:
      "Report it to whoever makes the program, with the lines around it; did its version change lately?",
  },
  "an error nobody caught ended it": {
    because: "The program met an error it does not handle.",
    advice: "`journalctl -u UNIT --since -1h`: the lines around it name the place.",
  },
  "its data folder is not empty, and holds no database either": {
    because:
      "It wants to set up a database in a folder that already holds something: the root of a disk (lost+found), files of another program, or what a setup that was broken off left behind.",
    advice:
      "Look what lies there before anything is moved; a disk of its own wants the data one folder below its root.",
  },
  "its data belongs to another cluster": {
    because:
      "The folder holds data of a cluster with another id: it was taken over, or the others were set up anew.",
    advice: "Compare the folders of all members; remove data only where you know that it is nobody's.",
  },
  "its stored data is damaged": {
    because:
      "A file of it cannot be read as it should: it was ended in the middle of a write, the disk was full or failed, or two servers wrote to one folder.",
    advice:
      "Stop, and copy the folder as it is before any tool touches it. Then what the product has for it, and `dmesg -T` for errors of the disk.",
  },
  "another program has a lock on its data": {
    because:
      "Either another copy of it runs, started outside of systemd, or its lock file was left behind, or the folder may not be written.",
    advice:
      "`fuser -v FILE` says who has it. None: see who owns the folder, then remove the lock file and start again.",
  },
  "the memory of the GPU is used up": {
    because:
      "What the program wanted did not fit beside what is on the GPU already; the machine's memory has no part in it.",
    advice: "`nvidia-smi` shows who holds it.",
  },
  "it finds no GPU it can use": {
    because:
      "Either the driver is not loaded (a kernel update without its module), or older than the program's CUDA, or the unit may not use the device (`PrivateDevices=`, `DeviceAllow=`).",
    advice: "`nvidia-smi`; `systemctl cat UNIT`.",
  },
  "a part of it is for another platform, runtime or version": {
    because:
      "The line names it: a native module built on another system, a runtime that is too old or too new, or a library the machine lacks.",
    advice: "Install its dependencies on this machine, with the runtime that ExecStart names.",
  },
  "it is called with an option it does not know": {
    because:
      "An option of ExecStart or of its settings is none of this version: often one that an upgrade has dropped.",
    advice:
      "The line names it: `systemctl cat UNIT` against the documentation of the version that is installed.",
    key: "fixUnit",
  },
  "a file of it may be read by more than it allows": {
    because: "It refuses secrets and data that others could read.",
    advice: "`chmod 600 FILE` (of a data folder `chmod 700`), owned by the unit's `User=`.",
  },
  "a folder is where it expects a file": {
    because: "The line names the path.",
    advice: "`ls -ld` it; put the file there.",
  },
  "a worker of it was killed": {
    because:
      "Either the kernel killed the worker for memory, or gunicorn itself did because it did not answer in time (then WORKER TIMEOUT stands before it).",
    advice:
      "WORKER TIMEOUT before it: see what that request waits for. Otherwise `journalctl -k --since -1d | grep -i 'killed process'`.",
  },
  "it does not trust the certificate of a peer": {
    because:
      "The peer's issuer is not among the authorities of this machine: a private authority, a proxy that opens TLS, or no ca-certificates.",
    advice:
      "Give it the authority's certificate (`update-ca-certificates`, NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, a Java trust store); do not switch verification off.",
  },
  "what it waits for did not come up in time": {
    because: "A script before the program waits for another service, and gave up.",
    advice: "See why that one is not up; `After=` with its unit, where it runs on this machine.",
    key: "repairDependency",
  },
  "Java got no more memory from the system": {
    because: "The heap and what Java needs beside it do not fit MemoryMax or the machine.",
    advice: "`systemctl show --property=MemoryMax UNIT`, `free -h`; a lower `-Xmx`.",
    key: "memory",
  },
  "git does not trust a folder of another user": {
    because: "The folder belongs to another user than the unit's `User=`.",
    advice: "`git config --global --add safe.directory PATH` as that user, or run it as the folder's owner.",
  },
  "the server has no such database or role": {
    because:
      "It reached the server, which does not know the name: never created, dropped, or another server answers.",
    advice: "Compare name and role of its URL with what is there (`\\l`, `\\du`; `SHOW DATABASES`).",
  },
  "its program is for another CPU, and the emulation of that ended it": {
    because:
      "The program is built for another CPU and runs by QEMU (binfmt), which knows not every instruction and call.",
    advice: "`file` of the program of ExecStart; install the build for this machine.",
    key: "fixUnit",
  },
  "it does not know the time zone": {
    because:
      "Time zones are files: either tzdata is not installed, or it is older than the name (Europe/Kyiv came in 2022), or the name is wrong.",
    advice: "`timedatectl list-timezones | grep NAME`; upgrade tzdata, or take the old name.",
  },
  "an extension of its database is not installed": {
    because:
      "shared_preload_libraries (or an extension) names a library that this machine does not have for this major version. The data is unharmed.",
    advice:
      "Install its package for this major version (after an upgrade: for the new one), or take its name out of shared_preload_libraries.",
  },
  "a file it wants is not there": {
    because:
      "The line names it: it is not there, or the unit may not see it (`ProtectHome=`, `PrivateTmp=`, `RootDirectory=`), or its working folder is another.",
    advice: "`systemctl show --property=WorkingDirectory,ProtectHome,PrivateTmp UNIT`, `namei -l PATH`.",
  },
};

/** What a row means of this program: its own words for units where container words would mislead, the row's otherwise. */
export const wordsOf = ({ short, because, advice, isAnywhere }: LineRow): Words => {
  const own = WORDS[short];
  return isAnywhere ? { ...own, because, advice } : (own ?? { because, advice });
};
