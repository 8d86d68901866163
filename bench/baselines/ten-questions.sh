#!/bin/sh
# What a guide's script does: one psql for each question, one after the other. $1: the server; the questions come on stdin.
while IFS= read -r question; do
  psql -XAtq -d "$1" -c "$question" >/dev/null || exit 1
done
