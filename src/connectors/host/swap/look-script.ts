import { IN_CONTAINER } from "../in-container.ts";

// Arguments: path of the declared swap file, or nothing; seconds between the looks. Two looks at the paging counters: totals since boot say nothing about now.
// Blocks: swaps, counters before, counters after, page size, meminfo and pressure, settings, fstab, zram, place, groups.
export const SWAP_LOOK = `export LC_ALL=C; PATH=$PATH:/usr/sbin:/sbin
${IN_CONTAINER}
count() { grep -E '^(pswpin|pswpout) ' /proc/vmstat; cut -d' ' -f1 /proc/uptime; echo ==; }
cat /proc/swaps; echo ==
count; sleep "$2"; count
getconf PAGESIZE 2>/dev/null || echo 4096; echo ==
grep -E '^(MemTotal|MemAvailable|SwapTotal|SwapFree|SwapCached):' /proc/meminfo; cat /proc/pressure/memory 2>/dev/null; echo ==
echo "swappiness $(cat /proc/sys/vm/swappiness 2>/dev/null)"
echo "zswap $(cat /sys/module/zswap/parameters/enabled 2>/dev/null)"
echo "kernel $(uname -r)"
in_container && echo "container yes"
if [ -e /var/lib/kubelet/config.yaml ] || grep -qsxE 'kubelet|k3s-server|k3s-agent' /proc/[0-9]*/comm; then echo "kubelet yes"; fi; echo ==
if [ -r /etc/fstab ]; then echo readable; awk '!/^[ \\t]*#/ && $3 == "swap" { print $4 "\\t" $1 "\\t" }' /etc/fstab
while read -r uuid; do at=$(readlink -f "/dev/disk/by-uuid/$uuid" 2>/dev/null) && [ -e "$at" ] && printf 'is\\tUUID=%s\\t%s\\n' "$uuid" "$at"; done <<EOF
$(awk '!/^[ \\t]*#/ && $3 == "swap" && sub(/^UUID=/, "", $1) { gsub(/"/, "", $1); print $1 }' /etc/fstab)
EOF
for unit in /run/systemd/generator/*.swap /etc/systemd/system/*.swap /run/systemd/system/*.swap /lib/systemd/system/*.swap; do
[ -r "$unit" ] && sed -n 's/^What=/unit\\t/p' "$unit"; done; fi; echo ==
for z in /sys/block/zram*; do [ -r "$z/mm_stat" ] && echo "/dev/\${z##*/} $(cat "$z/mm_stat")"; done; echo ==
if [ -n "$1" ]; then
if [ -L "$1" ]; then echo "is link"; elif [ -e "$1" ]; then echo "is file $(stat -c %s "$1")"; else echo "is absent"; fi
dir=\${1%/*}; dir=\${dir:-/}
awk -v dir="$dir" '{ path = $2; gsub(/\\\\040/, " ", path); at = path == "/" ? "" : path
if ((dir == path || index(dir "/", at "/") == 1) && length(path) >= most) { most = length(path); type = $3; how = $4 } } END { print "type " type; print "options " how }' /proc/self/mounts
echo "free $(df -Pk "$dir" 2>/dev/null | awk 'NR == 2 { print $4 }')"; fi; echo ==
find /sys/fs/cgroup -name memory.swap.max 2>/dev/null | head -n 3000 | while read -r f; do read -r v <"$f" && [ "$v" = 0 ] && echo "\${f%/memory.swap.max}"; done | head -n 50
true`;

// Arguments: sudo or nothing, path, mebibytes. It is in use at the end, or it is not there: exit 44 says that nothing is left of it.
// noclobber: a file that came meanwhile is never written over.
export const SWAP_ADD = `export LC_ALL=C; PATH=$PATH:/usr/sbin:/sbin; way=; [ "$1" = sudo ] && way="sudo -n"
[ -e "$2" ] || [ -L "$2" ] && { echo "$2 is there already" >&2; exit 44; }
undo() { $way rm -f -- "$2"; [ -e "$2" ] && exit 46; echo "$3" >&2; exit 44; }
if [ -z "$way" ]; then ( umask 077; set -C; : >"$2" ) 2>/dev/null || { echo "$2 cannot be made" >&2; exit 44; }; fi
said=$($way fallocate -l "$3MiB" "$2" 2>&1) || undo "$1" "$2" "\${said:-fallocate failed}"
said=$($way chmod 600 "$2" 2>&1) || undo "$1" "$2" "\${said:-chmod failed}"
said=$($way mkswap "$2" 2>&1) || undo "$1" "$2" "\${said:-mkswap failed}"
said=$($way swapon "$2" 2>&1) || undo "$1" "$2" "\${said:-swapon failed}"`;

// Arguments: sudo or nothing, path. Exit 45: it is still in use, nothing was done. Exit 46: it is not used any more, and is still there.
export const SWAP_REMOVE = `export LC_ALL=C; PATH=$PATH:/usr/sbin:/sbin; way=; [ "$1" = sudo ] && way="sudo -n"
said=$($way swapoff "$2" 2>&1) || { echo "\${said:-swapoff failed}" >&2; exit 45; }
$way rm -f -- "$2"; [ ! -e "$2" ] || exit 46`;
