/** `nft_` runs nft, as it is or by sudo (first argument). */
export const NFT = `export LC_ALL=C; PATH=$PATH:/usr/sbin:/sbin; way=; [ "$1" = sudo ] && way="sudo -n"
nft_() { $way nft "$@"; }`;

// A table of our own, before connection tracking and before Docker's destination NAT: what is published is covered, and open
// connections end as well. It is dropped with its last address; every address leaves by itself when its time is over.
const tableOf = (flags: string): string => `add table inet diagbot
add set inet diagbot blocked4 { type ipv4_addr; flags ${flags}; }
add set inet diagbot blocked6 { type ipv6_addr; flags ${flags}; }
add chain inet diagbot incoming { type filter hook prerouting priority -310; policy accept; }
flush chain inet diagbot incoming
add rule inet diagbot incoming ip saddr @blocked4 counter drop
add rule inet diagbot incoming ip6 saddr @blocked6 counter drop`;

/**
 * Arguments: sudo or nothing, set, address, seconds. Addresses are checked before: digits, a-f, dots and colons. Sets that were made
 * without intervals, by an earlier diagbot, stay as they are: nft refuses to make them otherwise, and they still hold addresses.
 */
export const BLOCK = `${NFT}
block() { printf '%s\\nadd element inet diagbot %s { %s timeout %ss }\\n' "$@" | nft_ -f -; }
block '${tableOf("interval, timeout")}' "$2" "$3" "$4" 2>/dev/null || block '${tableOf("timeout")}' "$2" "$3" "$4"`;

/**
 * Arguments: sudo or nothing, set, address. The table goes with the last address: everybody at once is no element beside another one,
 * so that nft refuses the whole of it where somebody else was blocked meanwhile. No look beforehand could tell that.
 */
export const UNBLOCK = `${NFT}
nft_ delete element inet diagbot "$2" "{ $3 }" || exit 1
printf '%s\\n' 'add element inet diagbot blocked4 { 0.0.0.0/0 }' 'add element inet diagbot blocked6 { ::/0 }' 'delete table inet diagbot' | nft_ -f - 2>/dev/null
true`;

/** Argument: sudo or nothing. Our table (or why it cannot be read), and what must never be blocked: this machine, its gateways and name servers, who is logged in; connections that are open (01) and ports that are listened on (0A), which tell who began one. */
export const LOOK = `${NFT}
nft_ -j list table inet diagbot 2>&1; echo; echo ==
echo "$SSH_CONNECTION $SSH_CLIENT" | tr ' ' '\\n'; who 2>/dev/null | sed -n 's/.*(\\(.*\\))$/\\1/p'
ip -o addr 2>/dev/null | awk '{ split($4, a, "/"); print a[1] }'; ip route 2>/dev/null | awk '$2 == "via" { print $3 }'; ip -6 route 2>/dev/null | awk '$2 == "via" { print $3 }'
awk '$1 == "nameserver" { print $2 }' /etc/resolv.conf 2>/dev/null; echo ==
for t in tcp tcp6; do awk 'FNR > 1 && ($4 == "01" || $4 == "0A") { print $2, $3, $4 }' /proc/net/$t 2>/dev/null; done | head -n 20000`;
