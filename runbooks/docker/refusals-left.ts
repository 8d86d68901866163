import type { Refusal } from "./refusal.ts";

/**
 * Refusals that hold words of general ones (a permission, a control group, a full disk) and are about something else; and those for
 * what was left over, taken away or is in between; most specific first, before all others.
 */
export const LEFT_REFUSALS: readonly Refusal[] = [
  // Mounts.
  {
    text: /mkdir [^:\n]{1,300}: file exists/,
    short: "the folder it mounts lies on a mount that is dead",
    because:
      "The engine does not see the folder and cannot make it either, because something is there: a network share or a FUSE mount (sshfs, rclone, s3fs) whose other side is gone.",
    advice:
      "`ls -ld` the path on the machine (an error, or it hangs): `umount -l PATH`, mount it anew, then `docker compose up -d`.",
  },
  {
    text: /creating mount source path '[^']{1,300}': mkdir [^:\n]{1,300}: read-only file system/,
    short: "the engine may not make the folder it mounts",
    because:
      "The folder is not there, and where the engine looks it cannot be made: an engine installed by snap sees most of the machine read-only, and some systems have /usr, /opt or / read-only by design (CoreOS, Flatcar, Talos). Only where others cannot write there either did the file system stop after an error.",
    advice:
      "`snap list docker`; `findmnt -T PATH -o SOURCE,OPTIONS`. Make the folder where the engine may see it (by snap: below the home folder), or install Docker's own packages.",
  },
  {
    text: /(addr=[\w.:]{2,60}|nfs|cifs)[^\n]{0,200}(permission denied|access denied)/,
    short: "the file server refuses the share it mounts",
    because: "The server of the volume was reached, and does not let this machine (or that user) have it.",
    advice:
      "On the server `exportfs -v` (is this machine's address among them?), of SMB the user and password in the volume's options; try it by hand with `mount`.",
  },
  {
    text: /volumedriver\.|error looking up volume plugin|volume plugin|plugin "[^"]{1,80}" not found/,
    short: "the plugin of its volume does not do it",
    because:
      "The volume is kept by a plugin (NFS, cloud disks, rclone, Portworx), which is off, gone or answered with an error.",
    advice: "`docker plugin ls` (enabled?), `docker volume inspect VOLUME`, and the plugin's own log.",
  },
  {
    text: /no such volume|volume [^\n:]{1,120} not found/,
    short: "its volume is gone",
    because:
      "The volume it was made with was removed since (a prune, or the project taken down with its volumes). What was in it is gone, unless it is a file server's.",
    advice:
      "Stop before it is made anew, empty, if data was in it: look for a backup. Then `docker compose up -d --force-recreate`.",
    key: "recreate",
  },
  {
    text: /lsetxattr[^\n]{0,300}operation not (permitted|supported)/,
    short: "the folder it mounts takes no SELinux label",
    because:
      "`:z` or `:Z` has the folder labelled, which its file system (NFS, a FUSE mount) cannot, or which an engine without root may not where the folder is another user's.",
    advice:
      "Leave `:z` out there (`--security-opt label=disable` for that one), or label it as root (`chcon -Rt container_file_t PATH`).",
  },
  {
    text: /mount destination [^\n]{1,200} not absolute|invalid mount path|invalid volume specification/,
    short: "a path of its mounts is not a whole one",
    because: "The side within the container has to begin with a slash.",
    advice: "Correct `volumes:` of the service; a variable in it may be empty.",
  },
  // Networks.
  {
    text: /could not find bridge|no such network interface/,
    short: "its network's bridge is gone from the machine",
    because:
      "The engine knows the network, and the interface br-… below it was removed by something else (NetworkManager, `netplan apply`, a firewall's script).",
    advice:
      "`ip -br link | grep br-`; restarting the engine makes it anew (with live-restore containers go on), or `docker network rm` and `docker compose up -d`. Keep NetworkManager off br-*, docker0 and veth*.",
  },
  {
    text: /no available ipv[46] addresses|no available ip addresses|failed to allocate (an )?(ip )?address/,
    short: "its network has no address left",
    because:
      "All addresses of the network's range are given out; containers that ended hard may still have some.",
    advice:
      "`docker network inspect NETWORK` counts them; a larger `subnet:` (the network has to be made anew), or remove containers nobody needs.",
  },
  {
    text: /user declared ip address|user specified ip address|with user configured subnets/,
    short: "its fixed address wants a network with a range of its own",
    because: "`ipv4_address:` is taken only in a network for which `ipam:` names a subnet.",
    advice: "Give the network `ipam: { config: [{ subnet: … }] }`, or use names in place of the address.",
  },
  {
    text: /address family not supported/,
    short: "it publishes on IPv6, which the machine has switched off",
    because: "The kernel has no IPv6 (`ipv6.disable=1`), and the engine is asked to listen on [::].",
    advice: 'Publish on IPv4 (`"0.0.0.0:8080:80"`), or switch IPv6 on.',
  },
  {
    text: /forbidden by its access permissions/,
    short: "Windows keeps the port it publishes for itself",
    because:
      "Nothing listens there: the port lies in a range that Windows (Hyper-V, WSL) has set aside at its start.",
    advice:
      "`netsh int ipv4 show excludedportrange protocol=tcp`: publish a port outside of those, or restart winnat (`net stop winnat; net start winnat`).",
  },
  {
    text: /bridge endpoint [^\n]{0,120}(store|timeout)|local-kv\.db|boltdb[^\n]{0,60}timeout/,
    short: "the engine's own store does not answer",
    because:
      "The engine keeps its networks in a file, which another process has locked (a second engine on the same data folder) or whose disk is too slow.",
    advice:
      "`pgrep -a dockerd` (more than one?), `fuser -v /var/lib/docker/network/files/local-kv.db`, disk waits of the machine.",
    startHelps: true,
  },
  {
    text: /netavark|slirp4netns|pasta failed/,
    short: "Podman's network helper fails",
    because:
      "netavark, pasta or slirp4netns sets up its network, and could not: a port an ordinary user may not have, rules of the firewall that are there already, or a helper of another version.",
    advice:
      "The line says which: ports below 1024 want `sysctl net.ipv4.ip_unprivileged_port_start=80`; rules left over: `podman network reload --all`.",
  },
  {
    text: /sethostname|invalid hostname|hostname[^\n]{0,40}(too long|longer than)/,
    short: "its host name is not one",
    because: "`hostname:` has more than 63 characters, or others than letters, digits and -.",
    advice: "Correct it in the compose file.",
  },
  // Limits and control groups.
  {
    text: /cpuset\.(cpus|mems): (numerical result out of range|invalid argument|permission denied|no space left)/,
    short: "the CPUs it names are not there",
    because: "`cpuset:` names processors that this machine, or the group around the engine, does not have.",
    advice: "`nproc`, `cat /sys/fs/cgroup/cpuset.cpus.effective`; correct `cpuset:`.",
  },
  {
    text: /memory limit (is )?less than|lower than (the )?minimum|minimum allowed memory/,
    short: "its memory limit is too low to even begin",
    because: "The runtime needs some megabytes itself.",
    advice: "Raise `mem_limit` of the service, then `docker compose up -d`.",
    key: "raiseMemory",
  },
  {
    text: /without cgroup v2 delegation|cgroup controller `?\w{1,20}`? is not available|controllers? [^\n]{0,60}not (available|delegated)/,
    short: "an engine without root may not set this limit",
    because: "systemd has not handed the controller (memory, cpu, cpuset) down to the user's own group.",
    advice:
      "`Delegate=cpu cpuset io memory pids` for user@.service, then log in anew; or take the limit out.",
  },
  {
    text: /doesn't work on cgroups? ?v2|cgroup mountpoint does not exist|cannot find cgroup mount|cgroups: cannot found cgroup mount/,
    short: "the runtime and the machine's control groups do not fit",
    because:
      "The machine has control groups of the other version than this engine (or runc) knows: an old engine on cgroup v2, or a container around it that shows none.",
    advice:
      "Upgrade engine and runc; `docker info | grep -i cgroup`, `stat -fc %T /sys/fs/cgroup` (cgroup2fs is v2).",
  },
  {
    text: /docker-[0-9a-f]{6,64}\.scope (already exists|was already loaded)|container with (given )?id (already )?exists|with id exists/,
    short: "remains of its last run are in the way",
    because:
      "The engine (or the machine) was ended hard, and systemd or the runtime still knows the container by its id.",
    advice:
      "`systemctl stop docker-ID.scope; systemctl reset-failed`, or `runc --root /run/docker/runtime-runc/moby delete -f ID`; a reboot clears both. Then start it.",
  },
  {
    text: /\/run\/[^\n]{0,200}no space left on device/,
    short: "/run of the machine is full",
    because:
      "The engine keeps sockets and process ids there, in memory; the disk below its data folder has no part in it.",
    advice:
      "`df -h /run; df -i /run; du -xsh /run/*`: what fills it (journal of a machine without a disk for it, mostly).",
    key: "freeDisk",
    startHelps: true,
  },
  {
    text: /can't get final child's pid|waiting for init preliminary setup|procready not received|no such process/,
    short: "the runtime's helper ended while it set it up",
    because:
      "The words do not tell why: either it was killed (a memory limit smaller than the helper needs, or the machine short of it), or no process was left, or user namespaces are off, or the kernel is too old for the runtime.",
    advice:
      "`dmesg -T | tail -30` (killed process?), `mem_limit` of the service, `sysctl user.max_user_namespaces kernel.pid_max`; if it was once only, start it again.",
    startHelps: true,
  },
  // In between.
  {
    text: /marked for removal|removal [^\n]{0,80}in progress/,
    short: "it is being removed",
    because:
      "Somebody has asked the engine to remove it, which has not come to its end: a mount or file of it is still in use.",
    advice:
      "`docker rm -f CONTAINER`; where that says “device or resource busy”: `grep -l ID /proc/*/mountinfo` names who holds it. Then `docker compose up -d`.",
    key: "recreate",
  },
  {
    text: /cannot start a paused container/,
    short: "it is paused",
    because: "It is frozen, not down.",
    advice: "`docker unpause CONTAINER`.",
  },
  {
    text: /container name "?[^"\n]{1,200}"? is already in use/,
    short: "another container has its name",
    because: "`container_name:` is fixed, and a container of before (or of another project) has it.",
    advice:
      "`docker ps -a --filter name=…`: remove that one if nobody needs it, or leave `container_name:` out.",
  },
  {
    text: /containers\/[0-9a-f]{6,64}\/[^\n]{0,80}no such file/,
    short: "the engine's own files of it are gone",
    because:
      "Something removed files below the engine's data folder (a clean-up script), or that folder is another one than before.",
    advice: "`docker compose up -d --force-recreate`; then look what cleans up in the data folder.",
    key: "recreate",
  },
  {
    text: /\btask [0-9a-f]{2,64} not found|process does not exist|container [^\n]{1,80} not found in containerd/,
    short: "containerd has lost it",
    because: "The engine's own helper was restarted beneath it and knows the container no more.",
    advice:
      "`systemctl status containerd docker`; restarting the engine brings both to one view, then start it.",
    startHelps: true,
  },
  {
    text: /context canceled/,
    short: "its start was broken off",
    because: "Who asked for it (compose, a deployment) went away before the engine was done.",
    advice:
      "`docker compose up -d` again; a start that takes so long wants a look at disk and load of the machine.",
    startHelps: true,
  },
  // Images.
  {
    text: /pull access denied|may require 'docker login'|requested access to the resource is denied|unauthorized: (authentication|incorrect|access)/,
    short: "its image may not be pulled",
    because: "The registry says the same of an image that is not there and of one this login may not have.",
    advice:
      "Compare name and tag with the registry; `docker login` as who asks for it; then `docker compose pull`.",
    key: "fixImage",
  },
  {
    text: /toomanyrequests|pull rate limit/,
    short: "the registry gives no more images for a while",
    because: "Pulls without a login (or beyond the plan) are counted per address, and the number is used up.",
    advice: "Log in where it pulls, or use a mirror; it ends by itself after some hours.",
  },
  {
    text: /invalid reference format|invalid hostport|invalid ip address in add-host|invalid containerport/,
    short: "a name, port or address in its settings is not one",
    because:
      "The compose file gives the engine something it cannot read; mostly a variable that is empty, or (host-gateway) an engine that is too old for it.",
    advice: "`docker compose config` shows what becomes of the file.",
  },
];
