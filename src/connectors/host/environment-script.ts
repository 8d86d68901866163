// Values stay on the machine: awk compares them there, and prints names, numbers of lines and what is odd about them, nothing else.
// Lines that are no `NAME=value` are given by their number alone: what somebody has pasted there may be the secret itself.
const LOOK = `
function flag(f) { fl = fl (fl == "" ? "" : ",") f }
function odd(v) {
  low = tolower(v)
  if (v == "") flag("empty")
  else if (low ~ /^(change[-_ ]?me.*|your[-_ ].*|<.*>|x{3,}|todo|fixme|tbd|replace[-_ ]?(me|this|with).*|placeholder|dummy|insert[-_ ].*|put[-_ ].*[-_ ]here|example|\\.\\.\\.)$/ || low ~ /[-_ ]here$/ || low ~ /:\\/\\/(user|username|usr):(pass|password|pwd|passwd|secret)@/) flag("placeholder")
  if (low ~ /:\\/\\/([^\\/@]*@)?(localhost|127\\.0\\.0\\.1|\\[::1\\])([:\\/]|$)/ || low == "localhost" || low == "127.0.0.1") flag("localhost")
}
pass == 1 {
  line = $0; fl = ""
  if (FNR == 1 && substr(line, 1, 3) == "\\357\\273\\277") { print "bad 1 bom"; line = substr(line, 4) }
  if (line ~ /\\r$/) { crlf++; sub(/\\r$/, "", line) }
  if (quote != "") { if (index(line, quote)) quote = ""; next }
  if (line ~ /^[ \\t]*([#;].*)?$/) next
  if (line ~ /^[ \\t]*export[ \\t]/) { flag("export"); sub(/^[ \\t]*export[ \\t]+/, "", line) }
  at = index(line, "=")
  if (!at) { print "bad", FNR, "no-equals"; next }
  name = substr(line, 1, at - 1); raw = v = substr(line, at + 1)
  if (name ~ /^[ \\t]|[ \\t]$/ || v ~ /^[ \\t]/) { flag("spaces"); gsub(/^[ \\t]+|[ \\t]+$/, "", name); sub(/^[ \\t]+/, "", v) }
  if (name !~ /^[A-Za-z_][A-Za-z0-9_]*$/ || length(name) > 100) { print "bad", FNR, "name"; next }
  q = substr(v, 1, 1)
  if (q == "\\"" || q == "'") {
    rest = substr(v, 2); end = index(rest, q)
    if (!end) { flag("multiline"); quote = q; opened = FNR; v = rest }
    else { tail = substr(rest, end + 1); v = substr(rest, 1, end - 1); if (tail !~ /^[ \\t]*(#.*)?$/) flag("quotes"); else if (tail ~ /#/) flag("comment") }
  } else {
    if (v ~ /[ \\t]#/) { flag("comment"); sub(/[ \\t]+#.*$/, "", v) }
    if (v ~ /[ \\t]$/) { flag("trailing"); sub(/[ \\t]+$/, "", v) }
    if (v ~ /[ \\t]/) flag("blanks")
    if (v ~ /^\\342\\200[\\230-\\237]/) flag("odd-quotes")
  }
  odd(v)
  if (q != "'" && v ~ /\\$/) { flag("dollar"); dollar[name] = 1 }
  if (name in val) print "twice", FNR, name, line_of[name], (val[name] == v ? "same" : "differs")
  val[name] = v; raws[name] = raw; line_of[name] = FNR; many[name] = index("," fl ",", ",multiline,")
  print "entry", FNR, name, (fl == "" ? "-" : fl)
  if (v ~ /^\\/[A-Za-z0-9._\\/-]+$/ && name ~ /(^|_)(PATH|FILE|DIR|DIRECTORY|CERT|CERTIFICATE|SOCKET|CONFIG|HOME|FOLDER)$/) print "path", name, v
  next
}
pass == 2 { at = index($0, "="); if (!at) next; name = substr($0, 1, at - 1); v = substr($0, at + 1)
  if (name !~ /^[A-Za-z_][A-Za-z0-9_]*$/ || length(name) > 100 || n++ > 400) next
  fl = ""; odd(v); print "has", name, (fl == "" ? "-" : fl)
  if (!(name in val) || many[name] || name in dollar) next
  print "is", name, (v == val[name] ? "same" : v == raws[name] || v == raws[name] "\\r" ? "literal" : "differs")
}
END { if (quote != "") print "bad", opened, "unclosed"; if (crlf) print "crlf", crlf }`;

/**
 * Arguments: file, example, unit, container; each may be empty. Parts: the clock; the file and its lines; names of the example; the unit or
 * container; what it has.
 */
export const ENVIRONMENT = `export LC_ALL=C; PATH=$PATH:/usr/local/bin; file=$1; example=$2; unit=$3; container=$4
date +%s; cut -d' ' -f1 /proc/uptime; getconf CLK_TCK 2>/dev/null || echo 100; echo ==
if [ -z "$file" ]; then echo none; elif [ ! -e "$file" ]; then p=\${file%/*}; while [ -n "$p" ] && [ ! -e "$p" ]; do p=\${p%/*}; done; [ -x "\${p:-/}" ] && echo absent || echo denied; elif [ ! -r "$file" ]; then echo denied; else echo here; stat -c '%a %U %Y %s' -- "$file"; fi; echo ==
[ -n "$example" ] || { [ -n "$file" ] && for e in "$file.example" "\${file%/*}/.env.example" "\${file%/*}/.env.sample" "\${file%/*}/.env.template"; do [ -f "$e" ] && { example=$e; break; }; done; }
[ -f "$example" ] && [ -r "$example" ] && { echo "from $example"; head -c 262144 -- "$example" | sed -n 's/^[[:space:]]*\\(export[[:space:]]\\{1,\\}\\)\\{0,1\\}\\([A-Za-z_][A-Za-z0-9_]\\{0,99\\}\\)[[:space:]]*=.*/\\2/p' | head -n 300; }; echo ==
pid=0; root=; seen=
if [ -n "$unit" ]; then
  if command -v systemctl >/dev/null 2>&1; then
    systemctl show -p LoadState,ActiveState,MainPID -- "$unit" 2>/dev/null; systemctl show -p EnvironmentFiles --value -- "$unit" 2>/dev/null | sed -n 's/^\\(.*\\) (ignore_errors=.*/reads \\1/p'
    pid=$(systemctl show -p MainPID --value -- "$unit" 2>/dev/null)
  else echo "no systemctl"; fi
elif [ -n "$container" ]; then
  if command -v docker >/dev/null 2>&1; then
    state=$(timeout -s KILL 5 docker inspect -f '{{.State.Pid}} {{.State.Status}} {{.HostConfig.NetworkMode}}' -- "$container" 2>&1) && { pid=\${state%% *}; echo "container \${state#* }"; root=/proc/$pid/root; } || echo "no docker $(printf %s "$state" | head -c 200 | tr '\\n' ' ')"
  else echo "no docker command"; fi
fi
[ "\${pid:-0}" -gt 0 ] 2>/dev/null && echo "started $(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d' ' -f20)"; echo ==
has() {
  if [ "\${pid:-0}" -gt 0 ] 2>/dev/null; then [ -r "/proc/$pid/environ" ] && tr '\\n\\0' '\\001\\n' < "/proc/$pid/environ" 2>/dev/null
  elif [ -n "$container" ]; then timeout -s KILL 5 docker inspect -f '{{range .Config.Env}}{{println .}}{{end}}' -- "$container" 2>/dev/null; fi
}
# What every start sets is gone where a program writes its title over it.
if [ "\${pid:-0}" -gt 0 ] 2>/dev/null; then
  if ! head -c 1 "/proc/$pid/environ" >/dev/null 2>&1; then echo "no environ"
  elif ! tr '\\000' '\\n' < "/proc/$pid/environ" 2>/dev/null | grep -qE '^(PATH|INVOCATION_ID|HOME|HOSTNAME|LANG)='; then echo "no environ of its start"; fi; fi
look() { has | awk '${LOOK.replaceAll("'", "'\\''")}' pass=1 "$1" pass=2 -; }
if [ -n "$file" ] && [ -f "$file" ] && [ -r "$file" ] && [ "$(stat -c %s -- "$file")" -le 262144 ]; then look "$file"; else look /dev/null; fi |
while IFS= read -r line; do case $line in
  "path "*) rest=\${line#path }; [ -e "$root\${rest#* }" ] || echo "nowhere \${rest%% *}" ;;
  *) printf '%s\\n' "$line" ;;
esac; done | head -n 2000`;
