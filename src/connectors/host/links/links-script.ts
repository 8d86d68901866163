import { within } from "../../machine/script.ts";

// Arguments: how often each is connected to, then `host port` pairs. Asking `ip` changes nothing; a connection is opened and closed.
// Blocks: addresses, routes, routes of IPv6, counters before, counters after, ways (host, port, address, what `ip route get` says,
// how each connection ended), neighbours that do not answer. Neighbours come last: only who was spoken to is known.
export const LINKS_LOOK = within(
  25,
  `export LC_ALL=C; PATH=$PATH:/usr/sbin:/sbin
say() { printf '%s\\n==\\n' "$1"; }
count() { grep -H . /sys/class/net/*/statistics/rx_errors /sys/class/net/*/statistics/tx_errors 2>/dev/null; }
ip -V >/dev/null 2>&1 && ip -j route >/dev/null 2>&1 || { echo none; exit 0; }
say "$(ip -d -j addr 2>/dev/null)"
say "$(ip -j route 2>/dev/null)"
say "$(ip -j -6 route 2>/dev/null)"
say "$(count)"
tries=$1; shift
bash=$(command -v bash)
try() {
n=0; while [ "$n" -lt "$tries" ]; do n=$((n + 1))
said=$(timeout -s KILL 2 "$bash" -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>&1); code=$?
if [ "$code" = 0 ]; then echo ok; elif [ "$code" = 137 ]; then echo timeout; [ "$n" -ge 2 ] && return; else printf '%s\\n' "$said" | sed -n 's/.*: //p' | tail -n 1; fi; done; }
way() {
list=$(timeout -s KILL 4 getent ahosts "$1" 2>/dev/null | awk '!seen[$1]++ { print $1 }' | head -n 4)
[ -n "$list" ] || printf '%s\\t%s\\t\\t\\t\\n' "$1" "$2"
for at in $list; do
got=$(ip -j route get "$at" 2>&1 | tr '\\t\\n' '  ')
how=; [ -n "$bash" ] && how=$(try "$at" "$2" | tr '\\t\\n' ' |')
printf '%s\\t%s\\t%s\\t%s\\t%s\\n' "$1" "$2" "$at" "$got" "$how"; done; }
ways=$(while [ $# -ge 2 ]; do way "$1" "$2" & shift 2; done; wait; [ -n "$bash" ] || echo nobash)
sleep 1
say "$(count)"
say "$ways"
ip -j neigh 2>/dev/null`,
);
