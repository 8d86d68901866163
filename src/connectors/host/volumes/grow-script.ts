import { within } from "../../machine/script.ts";

// Arguments: `sudo` or nothing, then mount points. A line each: path, type, device, its bytes, bytes of the whole disk that may still be
// the partition's, bytes of the file system as it says itself (empty: cannot be read), as statfs says, tools that are missing.
export const VOLUMES_LOOK = within(
  12,
  `export LC_ALL=C; PATH=$PATH:/usr/sbin:/sbin; way=; [ "$1" = sudo ] && way="sudo -n"; shift
size() { cat "/sys/class/block/$1/size" 2>/dev/null || echo 0; }
for path; do
dev=; type=
while read -r from at kind _; do [ "$at" = "$path" ] && { dev=$from; type=$kind; }; done </proc/self/mounts
[ -n "$dev" ] || continue
real=$(readlink -f "$dev"); name=\${real##*/}
own=$(size "$name"); more=0; lacks=
if [ -e "/sys/class/block/$name/partition" ]; then
disk=$(basename "$(readlink -f "/sys/class/block/$name/..")"); end=$(($(cat "/sys/class/block/$name/start") + own)); whole=$(size "$disk"); next=$whole
for one in /sys/class/block/"$disk"/*/start; do [ -r "$one" ] || continue; at=$(cat "$one"); [ "$at" -ge "$end" ] && [ "$at" -lt "$next" ] && next=$at; done
more=$((next - end)); command -v growpart >/dev/null 2>&1 || lacks=growpart; fi
said=
case $type in
ext2|ext3|ext4) said=$(timeout -s KILL 5 $way dumpe2fs -h "$real" 2>/dev/null | awk '/^Block count:/ { n = $3 } /^Block size:/ { s = $3 } END { if (n && s) printf "%.0f", n * s }'); command -v resize2fs >/dev/null 2>&1 || lacks="$lacks resize2fs" ;;
xfs) said=$(timeout -s KILL 5 xfs_info "$path" 2>/dev/null | sed -n 's/^data .*bsize=\\([0-9]*\\) *blocks=\\([0-9]*\\),.*/\\1 \\2/p' | awk '{ printf "%.0f", $1 * $2 }'); command -v xfs_growfs >/dev/null 2>&1 || lacks="$lacks xfs_growfs" ;;
esac
stat=$(timeout -s KILL 3 stat -f -c '%b %S' "$path" 2>/dev/null | awk '{ printf "%.0f", $1 * $2 }')
printf '%s\\t%s\\t%s\\t%s\\t%s\\t%s\\t%s\\t%s\\n' "$path" "$type" "$real" "$((own * 512))" "$((more * 512))" "$said" "$stat" "$lacks"; done`,
);

// Arguments: `sudo` or nothing, mount point, device, type, whether its partition is to grow first. The device must still be what is
// mounted there. Exit 44: nothing was done. A partition that has grown under a file system that has not is whole, and can be gone on with.
export const GROW = `export LC_ALL=C; PATH=$PATH:/usr/sbin:/sbin; way=; [ "$1" = sudo ] && way="sudo -n"
path=$2; dev=$3; type=$4; now=
while read -r from at kind _; do [ "$at" = "$path" ] && now="$(readlink -f "$from") $kind"; done </proc/self/mounts
[ "$now" = "$dev $type" ] || { echo "$path is not $dev ($type) any more" >&2; exit 44; }
if [ "$5" = partition ]; then
name=\${dev##*/}; n=$(cat "/sys/class/block/$name/partition" 2>/dev/null); disk=/dev/$(basename "$(readlink -f "/sys/class/block/$name/..")")
[ -n "$n" ] || { echo "$dev is no partition" >&2; exit 44; }
said=$($way growpart "$disk" "$n" 2>&1); code=$?
case $said in NOCHANGE*) ;; *) [ "$code" = 0 ] || { echo "$said" | tail -n 1 >&2; exit 44; } ;; esac; fi
case $type in
ext2|ext3|ext4) said=$($way resize2fs "$dev" 2>&1) ;;
xfs) said=$($way xfs_growfs "$path" 2>&1) ;;
*) echo "$type is not grown" >&2; exit 44 ;;
esac || { why=$(echo "$said" | grep -E '^(resize2fs|xfs_growfs|sudo): [A-Z]|rror|denied' | tail -n 1); echo "\${why:-$said}" | tail -n 1 >&2
case $said in *"ermission denied"*|*"password is required"*|*"ot permitted"*) exit 44 ;; esac; exit 45; }`;
