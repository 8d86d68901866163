import type { Refusal } from "./refusal.ts";

/** Refusals for what the machine, its limits and guards, or the engine itself lack; most specific first. */
export const MACHINE_REFUSALS: readonly Refusal[] = [
  // Space and limits of the machine. A cgroup folder "without space" is the kernel's number of cgroups, not a disk.
  {
    text: /cgroup[^:]{0,200}: no space left on device/,
    short: "the kernel has no control group left",
    because:
      "Control groups of containers that are gone were not removed, until the kernel's number of them was used up; the disk is not full.",
    advice:
      "`cat /proc/cgroups` (num_cgroups) and `find /sys/fs/cgroup -type d | wc -l`; empty ones of dead containers may be removed with rmdir, a reboot clears them all.",
  },
  {
    text: /inotify[^:]{0,100}: (no space left on device|too many open files)|max_user_(watches|instances)/,
    short: "the user's inotify watches are used up",
    because: "The kernel's number of inotify watches or instances is used up; the disk is not full.",
    advice:
      "`sysctl fs.inotify.max_user_watches fs.inotify.max_user_instances`, and raise the one that is reached.",
  },
  {
    text: /no space left on device/,
    short: "the engine's disk is full",
    because: "The file system below the engine's data folder has no space or no inodes left.",
    advice:
      "`df -h` and `df -i` of the engine's data folder (`docker info -f '{{.DockerRootDir}}'`), then `docker system df`: build cache (`docker builder prune`) and images nobody uses (`docker image prune -a`) come back, volumes do not.",
    key: "freeDisk",
  },
  {
    text: /could not create session key: disk quota exceeded|join_?session keyring[^:]{0,60}: disk quota exceeded|create session key: disk quota/,
    short: "the kernel has no key left for it",
    because:
      "Every container has a kernel keyring, and their number per user is used up; the disk has no part in it.",
    advice:
      "`sysctl kernel.keys.maxkeys kernel.keys.root_maxkeys`, raise them, or run fewer containers per user.",
  },
  {
    text: /disk quota exceeded/,
    short: "a quota of the engine's disk is used up",
    because:
      "The share that a user or project may have of the file system is full, in bytes or in number of files; df shows free space all the same. An engine without root keeps everything in its user's home.",
    advice:
      "`quota -s -u USER`, `repquota -s MOUNT`, of XFS projects `xfs_quota -x -c 'report -p' MOUNT`; then `docker system df`.",
    key: "freeDisk",
  },
  {
    text: /open sysctl [^:]{1,100}: reopen fd|reopen fd \d{1,4}: permission denied/,
    short: "the engine's new runtime does not fit the container it runs in",
    because:
      "Newer releases of runc open kernel settings in a safer way, which the AppArmor profile of an older LXC (Proxmox, LXD) around the engine refuses. The compose file is not at fault.",
    advice:
      "Update LXC and its profiles on the machine around it; until then go back to the containerd.io or runc package before.",
  },
  {
    text: /container init was oom-killed|memory limit too low/,
    short: "its memory limit is too low to even begin",
    because: "The kernel killed it for memory while it was being set up.",
    advice: "Raise `mem_limit` of the service, then `docker compose up -d`.",
    key: "raiseMemory",
  },
  {
    text: /minimum memory(swap)? limit|minimum memory limit allowed|memory limit too low|range of cpus is from|(nanocpus|cpu cfs)[^.]{0,80}can ?not be set|does not support (cpu cfs|memory limit)/,
    short: "a limit it asks for is not possible here",
    because: "The limit is outside of what the machine has or its kernel can do.",
    advice: "Correct `mem_limit`, `cpus` or `cpuset` of the service.",
  },
  {
    text: /rlimit|ulimit/,
    short: "a ulimit it asks for may not be set",
    because:
      "The limit is above what the engine itself may give (its own hard limit, or a missing CAP_SYS_RESOURCE).",
    advice:
      "Lower `ulimits:` of the service or `default-ulimits` of the engine, or raise LimitNOFILE of docker.service.",
  },
  {
    text: /too many open files|resource temporarily unavailable|cannot allocate memory/,
    short: "the machine has no processes, files or memory left to start it",
    because: "The kernel refused the engine a process, a file or memory.",
    advice:
      "`cat /proc/sys/fs/file-nr /proc/loadavg`, `ps -e | wc -l`, `free -m`, and limits of docker.service (`systemctl show docker -p LimitNOFILE -p TasksMax`).",
  },
  // What it is made of.
  {
    text: /exec format error/,
    short: "its program is not for this machine",
    because:
      "Either the image was built for another CPU, or its entrypoint is a script without a first line like #!/bin/sh; to tell them apart: `docker image inspect -f '{{.Os}}/{{.Architecture}}' IMAGE`.",
    advice:
      "Another CPU: pull or build the image for this platform (`platform:` in the compose file, `docker buildx build --platform`). A script: give it a first line `#!/bin/sh`.",
    key: "fixImage",
  },
  {
    text: /exec: "?docker-init"?: executable file not found|tini[^:]{0,60}executable file not found/,
    short: "the engine has no init program",
    because: "`init: true` needs docker-init on the machine, which is not installed.",
    advice: "Install the package with docker-init (tini), or take `init: true` out.",
  },
  {
    text: /nvidia-container-cli|libnvidia|nvml|driver\/library version mismatch/,
    short: "the NVIDIA driver does not answer",
    because: "The GPU's driver is not loaded, or was updated beneath the running system.",
    advice:
      "`nvidia-smi` on the machine. A version mismatch goes with the next reboot (or by reloading the modules).",
  },
  {
    text: /could not select device driver/,
    short: "the engine has no driver for the device it wants",
    because: "It asks for a GPU, and no container toolkit is registered with the engine.",
    advice:
      "Install nvidia-container-toolkit, `nvidia-ctk runtime configure --runtime=docker`, restart the engine; or take the device out.",
  },
  {
    text: /unknown or invalid runtime name|unknown runtime|runtime "[^"]{1,60}" (is )?not found/,
    short: "its runtime is not known to the engine",
    because: "`runtime:` names a program that is not registered in /etc/docker/daemon.json.",
    advice:
      "Register the runtime (for GPUs `nvidia-ctk runtime configure --runtime=docker`) and restart the engine, or take `runtime:` out.",
  },
  {
    text: /adding custom device|error gathering device information|stat \/dev\//,
    short: "a device it wants is not there",
    because:
      "The path below /dev of `devices:` does not exist on this machine: unplugged, renamed, or its module is not loaded.",
    advice:
      "`ls -l /dev/…` on the machine; name devices by /dev/serial/by-id or /dev/disk/by-id, which do not move.",
  },
  // The machine's guards.
  {
    text: /apparmor/,
    short: "its AppArmor profile cannot be applied",
    because: "The profile is not loaded, or AppArmor's tools do not fit the kernel.",
    advice: "`aa-status | grep docker`, `systemctl reload apparmor`, restart the engine.",
  },
  {
    text: /seccomp/,
    short: "its seccomp profile cannot be applied",
    because: "The profile is not valid for the runtime or the kernel.",
    advice: "Correct `security_opt: seccomp=…`, or update runc and libseccomp.",
  },
  {
    text: /selinux|attr\/(keycreate|exec)|relabel/,
    short: "SELinux refuses",
    because: "A label is missing or not allowed.",
    advice: "`ausearch -m avc -ts recent`; mounts want `:z` or `:Z`.",
  },
];
