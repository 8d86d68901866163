/** Exit codes systemd itself gives where it could not make a process ready for its program (systemd.exec(5), "Process Exit Codes"). */
export const STATUSES: Readonly<Record<number, readonly [name: string, says: string, advice: string]>> = {
  200: [
    "CHDIR",
    "its working folder cannot be entered",
    "`WorkingDirectory=`: does the folder exist, and may `User=` enter it (`namei -l`)?",
  ],
  201: ["NICE", "its priority cannot be set", "`Nice=` wants a number from -20 to 19; below 0 wants root."],
  202: [
    "FDS",
    "open files cannot be handed on",
    "`systemctl cat UNIT`: sockets and standard streams it names.",
  ],
  203: [
    "EXEC",
    "its program cannot be started",
    "`ExecStart=` wants the whole path of a file that exists, may be executed (`ls -lZ`), and has an interpreter (first line of a script, without Windows line ends). A file below /home or /root, or on a mount with noexec, is refused too.",
  ],
  204: [
    "MEMORY",
    "there was no memory to start it",
    "`free -h`, `systemctl show --property=MemoryMax UNIT`.",
  ],
  205: [
    "LIMITS",
    "a limit cannot be set",
    "`Limit…=` above what the machine allows: /proc/sys/fs/nr_open for LimitNOFILE; in a container the container's own.",
  ],
  206: [
    "OOM_ADJUST",
    "its place among those the kernel kills first cannot be set",
    "`OOMScoreAdjust=` below 0 wants root.",
  ],
  207: [
    "SIGNAL_MASK",
    "its signals cannot be set",
    "The machine refuses something basic: `journalctl -k --since -1h`.",
  ],
  208: ["STDIN", "its standard input cannot be opened", "`StandardInput=`: does the file or terminal exist?"],
  209: [
    "STDOUT",
    "its standard output cannot be opened",
    "`StandardOutput=file:…` or `append:…`: does the folder exist, and may it be written?",
  ],
  210: ["CHROOT", "its root folder cannot be changed", "`RootDirectory=`: does the folder exist?"],
  211: ["IOPRIO", "its disk priority cannot be set", "`IOSchedulingClass=`, `IOSchedulingPriority=`."],
  214: [
    "SETSCHEDULER",
    "its scheduling cannot be set",
    "`CPUSchedulingPolicy=`: realtime wants rights and, in a container, the container's.",
  ],
  215: ["CPUAFFINITY", "it is bound to CPUs that are not there", "`CPUAffinity=` against `nproc`."],
  216: [
    "GROUP",
    "its group does not exist",
    "`Group=` or `SupplementaryGroups=`: `getent group NAME`; `groupadd --system NAME` makes it.",
  ],
  217: [
    "USER",
    "its user does not exist",
    "`User=`: `getent passwd NAME`; `useradd --system NAME` makes it. Users of a directory (LDAP) must be there before it starts: `After=nss-user-lookup.target`.",
  ],
  218: [
    "CAPABILITIES",
    "its capabilities cannot be set",
    "`AmbientCapabilities=`, `CapabilityBoundingSet=`: a container may not have them.",
  ],
  219: [
    "CGROUP",
    "its control group cannot be made",
    "`systemctl status`, and whether /sys/fs/cgroup is full or read-only.",
  ],
  222: [
    "STDERR",
    "its standard error cannot be opened",
    "`StandardError=`: does the folder exist, and may it be written?",
  ],
  224: ["PAM", "PAM let no session begin", "`PAMName=`, and `journalctl -t systemd -t login --since -1h`."],
  225: [
    "NETWORK",
    "its private network cannot be made",
    "`PrivateNetwork=`: containers without rights cannot.",
  ],
  226: [
    "NAMESPACE",
    "its private view of the file system cannot be made",
    "A path of `ReadWritePaths=`, `BindPaths=`, `ReadOnlyPaths=` or `InaccessiblePaths=` is not there (a `-` in front makes it optional), or, in a container, mounting is not allowed.",
  ],
  227: [
    "NO_NEW_PRIVILEGES",
    "it cannot be kept from getting more rights",
    "`NoNewPrivileges=`: the kernel or the container refuses it.",
  ],
  228: [
    "SECCOMP",
    "its system call filter cannot be set",
    "`SystemCallFilter=`: a name this kernel or libseccomp does not know.",
  ],
  229: [
    "SELINUX_CONTEXT",
    "its SELinux context cannot be set",
    "`SELinuxContext=`; `ausearch -m avc -ts recent`.",
  ],
  231: [
    "APPARMOR_PROFILE",
    "its AppArmor profile cannot be set",
    "`AppArmorProfile=`: `aa-status` lists those that are loaded.",
  ],
  232: [
    "ADDRESS_FAMILIES",
    "its kinds of sockets cannot be bounded",
    "`RestrictAddressFamilies=`: a name this kernel or libseccomp does not know.",
  ],
  233: [
    "RUNTIME_DIRECTORY",
    "its folder below /run cannot be made",
    "`RuntimeDirectory=`: is something else there, or /run full?",
  ],
  235: [
    "CHOWN",
    "the owner of a folder cannot be changed",
    "A file system that has no owners (CIFS, FAT), or is read-only.",
  ],
  237: [
    "KEYRING",
    "its kernel keyring cannot be made",
    "The number of keys of its user is used up (`sysctl kernel.keys.maxkeys`), or the container forbids it; `KeyringMode=shared` does without.",
  ],
  238: [
    "STATE_DIRECTORY",
    "its folder below /var/lib cannot be made",
    "`StateDirectory=`: is /var/lib full, read-only, or the name taken by a file?",
  ],
  239: [
    "CACHE_DIRECTORY",
    "its folder below /var/cache cannot be made",
    "`CacheDirectory=`: is /var/cache full or read-only?",
  ],
  240: [
    "LOGS_DIRECTORY",
    "its folder below /var/log cannot be made",
    "`LogsDirectory=`: is /var/log full or read-only?",
  ],
  241: [
    "CONFIGURATION_DIRECTORY",
    "its folder below /etc cannot be made",
    "`ConfigurationDirectory=`: is /etc read-only?",
  ],
  242: [
    "NUMA_POLICY",
    "it is bound to memory nodes that are not there",
    "`NUMAPolicy=`, `NUMAMask=` against `numactl -H`.",
  ],
  243: [
    "CREDENTIALS",
    "its credentials cannot be set up",
    "`LoadCredential=`, `SetCredentialEncrypted=`: does the file exist, and was it encrypted on this machine?",
  ],
  244: [
    "BPF",
    "its BPF filter cannot be set",
    "`RestrictFileSystems=`, `IPAddressDeny=`: the kernel lacks it, or the container forbids it.",
  ],
};
