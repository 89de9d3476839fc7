#!/bin/sh
# Runs fuzzers for a bounded time, each from its seeds:
#   run.sh FOLDER SECONDS FUZZER...
# What they find worth keeping stays in FOLDER/fuzz, so that the next run begins
# where this one ends.
set -u
folder=$1
seconds=$2
shift 2
passed=0
failed=0
for name in "$@"; do
  work="$folder/fuzz/$name"
  mkdir -p "$work/corpus"
  if "$folder/fuzz-$name" -max_total_time="$seconds" -max_len=65536 -timeout=10 \
    -rss_limit_mb=2048 -artifact_prefix="$work/" \
    "$work/corpus" "$folder/seeds/$name" > "$work/log" 2>&1; then
    echo "ok   fuzz $name: $(grep '^Done ' "$work/log")"
    passed=$((passed + 1))
  else
    echo "FAIL fuzz $name"
    tail -40 "$work/log"
    failed=$((failed + 1))
  fi
done
echo "$passed passed, $failed failed"
test "$failed" -eq 0
