#!/usr/bin/env bash
# Makes the targets one after the other, each with its own limit, and says in the end how long each took and what failed:
#   tools/test.sh TARGET...
# What fails does not keep the others from being made, unless it is deps.
set -uo pipefail
cd "$(dirname "$0")/.."

limit=20m # of one target; on a machine with nothing else to do the longest takes four minutes
said=$(mktemp)
trap 'rm -f "$said"' EXIT
summary= wrong= failed=0

for target in "$@"; do
  began=$SECONDS
  timeout --kill-after=30s "$limit" make --no-print-directory "$target" 2>&1 | tee "$said"
  status=${PIPESTATUS[0]} how=ok
  if [ "$status" -ne 0 ]; then
    failed=1 how=FAILED
    [ "$status" -eq 124 ] && how="FAILED: it took more than $limit"
    # What Go's tests, Node's, vitest and make say of a failure.
    wrong+=$'\n'"$target:"$'\n'$(grep -E '^ *--- FAIL|^FAIL|^panic:|✖|^ *(×|FAIL) |^WARNING: DATA RACE|^make.*\*\*\*' "$said" | sort -u | head -20)$'\n'
  fi
  summary+=$(printf '  %-12s %4d s  %s' "$target" $((SECONDS - began)) "$how")$'\n'
  if [ "$target" = deps ] && [ "$status" -ne 0 ]; then break; fi
done

printf '\n\033[1m== %s\033[0m\n%s' "$([ $failed -eq 0 ] && echo everything passed || echo something failed)" "$summary"
[ $failed -eq 0 ] || printf '%s' "$wrong"
exit $failed
