// Arguments: main configuration, state file or nothing, then folders and files. Blocks: version and user, state file and time, schedule,
// what logrotate would do (`-d`: nothing is done), files, who has one open for writing.
export const ROTATION_LOOK = `export LC_ALL=C; PATH=$PATH:/usr/sbin:/sbin; main=$1; state=$2; shift 2
dry() { if [ -n "$state" ]; then timeout 8 logrotate -d -s "$state" "$main"; else timeout 8 logrotate -d "$main"; fi 2>&1; }
command -v logrotate >/dev/null 2>&1 && logrotate --version 2>&1 | head -n 1; echo "user $(id -u)"; echo ==
for s in "$state" /var/lib/logrotate/status /var/lib/logrotate/logrotate.status /var/lib/logrotate.status; do
[ -n "$s" ] && [ -e "$s" ] && { echo "state $(stat -c %Y "$s") $s"; break; }; [ -n "$state" ] && break; done; echo "now $(date +%s)"; echo ==
systemctl show logrotate.timer -p ActiveState 2>/dev/null | sed 's/^/timer /'
systemctl show logrotate.service -p Result 2>/dev/null | sed 's/^/service /'
for c in /etc/cron.daily/logrotate /etc/cron.hourly/logrotate /etc/cron.d/logrotate; do [ -e "$c" ] && echo "cron $c"; done; echo ==
if [ -r "$main" ]; then dry | head -c 800000; elif [ -e "$main" ]; then echo "closed $main"; else echo "absent $main"; fi; echo; echo ==
[ $# -eq 0 ] || timeout 8 find "$@" -xdev -maxdepth 4 -type f -exec stat -c '%d:%i %s %Y %n' {} + 2>/dev/null | head -n 5000; echo ==
[ $# -eq 0 ] || ls -l /proc/[0-9]*/fd 2>/dev/null | awk '
BEGIN { for (i = 1; i < ARGC; i++) { dirs[ARGV[i]]; delete ARGV[i] } }
/^\\/proc\\// { sub(/:$/, ""); split($0, at, "/"); pid = at[3]; next }
$1 ~ /^l.w/ { i = index($0, " -> "); path = substr($0, i + 4); for (d in dirs) if (path == d || index(path, d "/") == 1) { print pid, path; break } }' "$@" |
sort -u | head -n 2000 | while read -r pid path; do read -r name <"/proc/$pid/comm" 2>/dev/null && echo "$pid $name	$path"; done; true`;

// Arguments: how (-d: says only; -v: does it), main configuration, state file or nothing, the one configuration. Settings outside of all
// blocks of the main one hold for this one, too: alone it would keep no old logs where it does not say how many. Exit 44: nothing was begun.
export const ROTATE_ONE = `export LC_ALL=C; PATH=$PATH:/usr/sbin:/sbin
command -v logrotate >/dev/null 2>&1 && [ -r "$4" ] || { echo "logrotate is not there, or $4 cannot be read" >&2; exit 44; }
both=$(mktemp) || exit 44; trap 'rm -f "$both"' EXIT
[ -r "$2" ] && awk '/^[ \\t]*#/ { next } depth == 0 && !/[{]/ && !/^[ \\t]*(include|["\\/])/ { print } { depth += gsub(/[{]/, "{") - gsub(/[}]/, "}") }' "$2" >"$both"
printf 'include %s\\n' "$4" >>"$both"
if [ -n "$3" ]; then logrotate "$1" -f -s "$3" "$both"; else logrotate "$1" -f "$both"; fi 2>&1
echo "exit $?"`;
