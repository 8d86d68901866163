// Arguments: folder, archive (or nothing), most backups. The first line is the state, the second the clock; then, newest first,
// `B time bytes end segment own name`; then of the archive its state as `A <state> <bytes of a segment>` and runs without a gap as
// `R <first> <last> <how many> <time of the last>`. Only names are read of the archive, and one size.
//   end: whole: the manifest, which pg_basebackup writes last, is there, and pg_verifybackup misses no file of it (sizes; no checksums:
//   those read everything); damaged: it does; none: no manifest; writing: a manifest that is not done.
//   own: the segment it begins with lies in it.
export const BASE_LIST = `export LC_ALL=C
list() { [ -d "$1" ] || { ls -d "$1" 2>&1 | grep -qi permission && echo denied || echo absent; return 1; }
  ls "$1" >/dev/null 2>&1 || { echo denied; return 1; }; echo there; }
list "$1" || exit 0
date +%s
verify=$(command -v pg_verifybackup || ls /usr/lib/postgresql/*/bin/pg_verifybackup /usr/pgsql-*/bin/pg_verifybackup 2>/dev/null | tail -n 1)
label() { if [ -f "$1/backup_label" ]; then head -c 2000 "$1/backup_label"
  elif [ -f "$1/base.tar" ]; then timeout 5 tar -xOf "$1/base.tar" --occurrence=1 backup_label 2>/dev/null
  elif [ -f "$1/base.tar.gz" ]; then timeout 5 tar -xOzf "$1/base.tar.gz" --occurrence=1 backup_label 2>/dev/null; fi; }
for d in "$1"/*/; do d=\${d%/}
  [ -f "$d/backup_label" ] || [ -f "$d/base.tar" ] || [ -f "$d/base.tar.gz" ] || [ -f "$d/backup_manifest.tmp" ] || continue
  for f in "$d/backup_manifest" "$d/backup_label" "$d/base.tar.gz" "$d/base.tar" "$d"; do [ -e "$f" ] && { echo "$(stat -c %Y "$f") $d"; break; }; done
done | sort -rn | head -n "$3" | { n=0; while read -r at d; do n=$((n + 1))
  end=none; [ -f "$d/backup_manifest.tmp" ] && end=writing
  if [ -f "$d/backup_manifest" ]; then end=whole
    [ $n -le 2 ] && [ -n "$verify" ] && [ -f "$d/backup_label" ] && { timeout 8 "$verify" -e -n -s -q "$d" >/dev/null 2>&1; [ $? = 1 ] && end=damaged; }
  fi
  seg=$(label "$d" | sed -n 's/^START WAL LOCATION: .* (file \\([0-9A-F]\\{24\\}\\)).*/\\1/p')
  own=no; [ -n "$seg" ] && { [ -f "$d/pg_wal/$seg" ] || [ -f "$d/pg_wal.tar" ] || [ -f "$d/pg_wal.tar.gz" ]; } && own=yes
  echo "B $at $(( $(du -sk "$d" 2>/dev/null | cut -f1) * 1024 )) $end \${seg:--} $own \${d##*/}"
done; }
[ -n "$2" ] || exit 0
state=$(list "$2") || { echo "A $state 0"; exit 0; }
bytes=$(find "$2" -maxdepth 1 -type f -name '????????????????????????' -exec stat -c %s {} + 2>/dev/null | head -n 1)
echo "A there \${bytes:-0}"
[ "\${bytes:-0}" -gt 0 ] || bytes=16777216
ls "$2" | grep -E '^[0-9A-F]{24}(\\.(gz|lz4|zst|bz2|xz))?$' | sort | awk -v per=$((4294967296 / bytes)) '
  function hex(s,  i, n) { n = 0; for (i = 1; i <= length(s); i++) n = n * 16 + index("0123456789ABCDEF", substr(s, i, 1)) - 1; return n }
  { line = substr($0, 1, 8); at = hex(substr($0, 9, 8)) * per + hex(substr($0, 17, 8))
    if (NR > 1 && line == last_line && at == last) next
    if (NR > 1 && (line != last_line || at != last + 1)) { print first, name, n; n = 0 }
    if (n == 0) first = $0
    n++; name = $0; last = at; last_line = line }
  END { if (n > 0) print first, name, n }' | tail -n 40 | while read -r first last n; do
  echo "R \${first%%.*} \${last%%.*} $n $(stat -c %Y "$2/$last")"; done`;
