import type { Refusal } from "./refusal.ts";

/** Refusals for what the container asks for: mounts, its program, networks, settings; most specific first. */
export const CONTAINER_REFUSALS: readonly Refusal[] = [
  // Mounts.
  {
    text: /trying to mount a directory onto a file|not a directory[^\n]{0,200}mount|mount[^\n]{0,400}not a directory/,
    short: "a mount joins a file and a folder",
    because:
      "One side of a bind mount is a file and the other a folder. Where the file was missing on the machine, an earlier `up` has made an empty folder in its place.",
    advice:
      "`ls -ld` the path on the machine: remove the empty folder (`rmdir`), put the file there, then `docker compose up -d --force-recreate`.",
  },
  {
    text: /bind source path does not exist|invalid mount config|statfs [^:]{1,300}: no such file|mount[^\n]{0,300}no such file or directory|failed to mount local volume[^\n]{0,300}no such/,
    short: "what it mounts is not there",
    because:
      "The path on the machine (or the device or share of the volume) does not exist: not created, not mounted, or written relative to another folder.",
    advice:
      "`docker inspect -f '{{json .HostConfig.Binds}} {{json .Mounts}}' CONTAINER`, then create or mount the source.",
  },
  {
    text: /mounts? denied|is not shared from (the host|os x)|path [^\n]{0,200} is not shared/,
    short: "Docker Desktop does not share the folder it mounts",
    because: "The folder is outside of those shared with the virtual machine.",
    advice: "Docker Desktop, Settings, Resources, File sharing: add it.",
  },
  {
    text: /(nfs|cifs|mount)[^\n]{0,200}(connection refused|connection timed out|host is down|no route to host|stale file handle|protocol not supported)/,
    short: "its network share does not answer",
    because: "The volume lies on a file server that could not be reached.",
    advice:
      "Try it by hand on the machine (`showmount -e SERVER`, `mount -t nfs …`), then `docker compose up -d`.",
    startHelps: true,
  },
  {
    text: /read-only file system/,
    short: "it needs to write where it may only read",
    because:
      "Either a mount point lies inside of a read-only mount, or the machine's file system went read-only after an error; to tell them apart: `findmnt -o TARGET,OPTIONS` and the kernel's log (`dmesg`).",
    advice:
      "A mount inside of a read-only one: create the folder in its source. The machine's disk: stop writing, look at `dmesg`, check the file system.",
  },
  {
    text: /error creating overlay mount|failed to mount[^\n]{0,60}overlay|layer does not exist|failed to (get|register) layer|overlay2[^\n]{0,100}(invalid argument|no such file)/,
    short: "its image is damaged on this engine",
    because: "Layers of the image are missing or cannot be mounted below the engine's data folder.",
    advice:
      "Remove the container and its image, pull again. If others fail, too: the data folder or its file system is damaged (`dmesg`).",
    key: "recreate",
  },
  {
    text: /no such image/,
    short: "its image is not on the engine",
    because: "The image was removed and not pulled again.",
    advice: "`docker compose pull`, then `docker compose up -d`.",
    key: "recreate",
  },
  // What it runs.
  {
    text: /chdir to cwd|working dir(ectory)?[^:]{0,100}(no such|permission|not a directory|invalid)/,
    short: "its working directory cannot be entered",
    because: "`working_dir` does not exist in the image, is hidden by a mount, or its user may not enter it.",
    advice: "Correct `working_dir`, or the rights of the folder for the container's user.",
  },
  {
    text: /unable to find (user|group)|no matching entries in (passwd|group) file|no users found/,
    short: "its user is not known in the image",
    because: "`user:` names a user or group that /etc/passwd or /etc/group of the image does not have.",
    advice: 'Use the number (`user: "1000:1000"`), or add the user in the Dockerfile.',
  },
  {
    text: /executable file( `[^`]{1,200}`)? not found/,
    short: "its program is not in the image",
    because: "The command or entrypoint names a program that is not on the image's PATH.",
    advice:
      'Correct `command` or `entrypoint`. A shell line needs a shell: `["sh", "-c", "…"]`, which images without one cannot run.',
  },
  {
    text: /exec:? "?[^"\n]{1,300}"?: (is a directory|permission denied)|exec [^:]{1,300}: permission denied/,
    short: "its program may not be executed",
    because:
      "The file is there but not executable: the x bit is missing (often lost on Windows, or by a mount), it is a folder, or the mount is noexec.",
    advice:
      "`chmod +x` before the image is built (git: `git update-index --chmod=+x FILE`), and again where the file comes in by a mount.",
  },
  {
    text: /stat [^:]{1,300}: no such file or directory|exec:? "?[^"\n]{1,300}"?: ([^:\n]{1,320}: )?no such file or directory/,
    short: "its program cannot be found",
    because:
      "Either the file is not in the image (or a mount hides it), or it is a script whose first line names an interpreter that is not there; with Windows line ends that interpreter is called `/bin/sh\\r`.",
    advice:
      "Look: `docker run --rm --entrypoint sh IMAGE -c 'ls -l FILE; head -1 FILE | od -c | head -2'`. Line ends: `sed -i 's/\\r$//' FILE` and `* text eol=lf` in .gitattributes. Hidden: `volumes:` over the folder it lies in.",
  },
  // Networks.
  {
    text: /(can ?not|cannot) expose privileged port|rootlessport[^\n]{0,100}(permission denied|privileged)/,
    short: "an engine without root may not publish a port below 1024",
    because: "The engine runs as an ordinary user (rootless).",
    advice: "Publish another port, or `sysctl net.ipv4.ip_unprivileged_port_start=80`.",
  },
  {
    text: /cannot join network (namespace )?of a non[- ]running container|joining network namespace of container[^\n]{0,100}(no such container|not running)/,
    short: "the container whose network it shares does not run",
    because: "`network_mode: service:…` ties it to another container, which is down or was recreated since.",
    advice: "Bring that one up first, then recreate this one: `docker compose up -d --force-recreate`.",
    key: "repairDependency",
  },
  {
    text: /no such container|links? [^\n]{0,60}not running|cannot link to a non running container/,
    short: "a container it refers to is gone",
    because: "It names the network, the volumes or a link of a container that was removed or recreated.",
    advice: "Recreate both in one go: `docker compose up -d --force-recreate`.",
    key: "recreate",
  },
  {
    text: /network [^\n]{1,200} not found|could not find network|unable to find network/,
    short: "its network is gone",
    because:
      "The network it was created in was removed (`network prune`, `compose down` of another project) and perhaps created anew with another id.",
    advice:
      "A start cannot help, the old id is fixed in the container: `docker compose up -d --force-recreate`.",
    key: "recreate",
  },
  {
    text: /cannot assign requested address/,
    short: "the address it publishes on is not of this machine",
    because: "`ports:` names an address (a VPN's, a floating one) that no interface has, or not yet.",
    advice:
      "`ip -br addr` on the machine: bring that interface up before the engine starts, or publish without an address.",
    startHelps: true,
  },
  {
    text: /^address already in use|(container networking|ipam|requested address|allocat)[^\n]{0,80}address (is )?already in use|address already in use\s*$/,
    short: "its fixed address in the network is taken",
    because:
      "Another container of that network has the address of `ipv4_address:`, given out because nobody had it then.",
    advice:
      "`docker network inspect NETWORK` shows who has it. Keep fixed addresses out of the range that is given out (`ip_range:`), or use names instead.",
  },
  {
    text: /does not match the (specified|detected host) platform|no matching manifest for/,
    short: "its image is not for this platform",
    because: "The image that is there is for another CPU than the one asked for.",
    advice:
      "`platform:` of the service, or an image that has this platform (`docker buildx imagetools inspect IMAGE`).",
    key: "fixImage",
  },
  {
    text: /endpoint with name [^\n]{1,200} already exists/,
    short: "its old place in the network was not cleared away",
    because: "The engine still has an endpoint of that name, most often after it was ended hard.",
    advice: "`docker network disconnect -f NETWORK CONTAINER`, then start it.",
  },
  {
    text: /pool overlaps|conflicts with existing route|non-overlapping ipv4 address pool|predefined address pools/,
    short: "no address range is left for its network",
    because:
      "The engine's default ranges are used up by networks, or the wanted one overlaps another (a VPN's, for instance).",
    advice:
      "`docker network ls`, then `docker network prune --filter label=com.docker.compose.project=<one that is gone>` (without the filter it takes those of projects that are only stopped, too); or give it a range of its own (`ipam:`), or widen `default-address-pools` of the engine.",
  },
  {
    text: /no chain\/target\/match by that name|iptables[^\n]{0,200}(failed|no chain)|nftables|can't initialize iptables/,
    short: "the engine's firewall rules are gone",
    because:
      "Something emptied iptables beneath the engine (a restart of firewalld or ufw, `iptables -F`), and it cannot publish ports.",
    advice:
      "`systemctl restart docker` writes its rules anew; with live-restore the containers go on, without it they restart.",
  },
  {
    text: /(veth|sandbox|bridge)[^\n]{0,200}operation not supported|module [^\n]{1,60} not found/,
    short: "a kernel module is missing",
    because: "The kernel was updated on disk and not rebooted, so modules of the running one are gone.",
    advice: "Compare `uname -r` with `ls /lib/modules`, and reboot.",
  },
  {
    text: /sysctl|\/proc\/sys\//,
    short: "a kernel setting it asks for cannot be set",
    because: "The setting of `sysctls:` is not one of a container's own, or not known to this kernel.",
    advice: "Set it on the machine, or take it out.",
  },
  {
    text: /cgroup/,
    short: "its control group cannot be made",
    because:
      "The cgroup set-up of the machine and what the engine wants do not fit (v1 or v2, the systemd driver, a group left over).",
    advice:
      "`docker info | grep -i cgroup`, `systemctl status docker`; a unit left over: `systemctl reset-failed`, `systemctl stop docker-ID.scope`.",
  },
  {
    text: /logging driver/,
    short: "where its log goes does not answer",
    because:
      "The engine starts no container whose log driver cannot be set up: the collector is down, or its options are wrong.",
    advice:
      'Bring the collector up, or set `mode: non-blocking` and, for fluentd, `fluentd-async: "true"`, or log locally.',
  },
  {
    text: /(subuid|subgid)|insufficient uids or gids|uid_?map/,
    short: "the user has too few user ids for it",
    because:
      "An engine without root maps users of the image onto a range of the machine, which is missing or too small.",
    advice: "/etc/subuid and /etc/subgid of the user, then `podman system migrate`.",
  },
  {
    text: /permission denied|operation not permitted|invalid cap/,
    short: "the machine does not permit it",
    because: "A right is missing: to a path, a device or a capability.",
    advice: "Read which path or call it names; `dmesg | tail` shows AppArmor and SELinux refusals.",
  },
  {
    text: /context deadline exceeded|ttrpc|containerd\.sock|shim[^\n]{0,80}(timeout|closed|no such file)/,
    short: "containerd did not answer",
    because: "The engine's own helper was too slow or went away.",
    advice:
      "`systemctl status containerd docker`, `journalctl -u containerd --since -15m`; load and disk waits of the machine.",
    startHelps: true,
  },
];
