#!/usr/bin/env bash
# Runs fuzz targets, as many at a time as there are cores: `run.sh SECONDS [TARGET...]`; without a name all of them.
# Inputs that reach new code are kept in target/fuzz/corpus and are where the next run begins; what breaks a property is kept
# in target/fuzz/found, and the last lines say how to see it again.
# What the corpus holds has to pass. What is found anew fails the run too, unless FUZZ_FINDS=told: chance is no judge of a change.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

seconds=$1
shift
here=tests/fuzz
work=target/fuzz
[ $# -gt 0 ] || set -- $(ls "$here/corpus")
mkdir -p "$work/found" "$work/log"

RUSTC_WORKSPACE_WRAPPER=$PWD/$here/instrumented.sh cargo build --quiet --locked --package oci-image-fuzz
# Cargo has one place for the program with counters and the one without.
install target/debug/fuzz "$work/fuzz"

fuzz() { # TARGET
    mkdir -p "$work/corpus/$1"
    FUZZ_TARGET=$1 "$work/fuzz" -max_total_time="$seconds" -timeout=25 -rss_limit_mb=1024 -max_len=65536 \
        -print_final_stats=1 -artifact_prefix="$work/found/$1-" "$work/corpus/$1" "$here/corpus/$1" \
        >"$work/log/$1" 2>&1 || return 1
    awk -v name="$1" '/number_of_executed_units/ { runs = $2 } / cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") cover = $(i + 1) }
        END { printf "fuzz: %-20s %9d inputs, %6d edges, nothing found\n", name, runs, cover }' "$work/log/$1"
}
report() { # TARGET
    printf 'fuzz: %s: a property is broken, or too much time or memory was taken:\n' "$1" >&2
    tail -n 60 "$work/log/$1" >&2
    printf 'fuzz: to see it again: FUZZ_TARGET=%s %s/fuzz %s/found/%s-...\n' "$1" "$work" "$work" "$1" >&2
}

for target in "$@"; do
    [ -d "$here/corpus/$target" ] || { printf 'fuzz: no target `%s`; there are: %s\n' "$target" "$(ls "$here/corpus" | tr '\n' ' ')" >&2; exit 2; }
    FUZZ_TARGET=$target "$work/fuzz" -timeout=25 -rss_limit_mb=1024 "$here/corpus/$target"/* >"$work/log/$target" 2>&1 || { report "$target"; exit 1; }
done

failed=0
running=()
names=()
reap() { # waits for the oldest
    wait "${running[0]}" || { report "${names[0]}"; failed=1; }
    running=("${running[@]:1}")
    names=("${names[@]:1}")
}
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
for target in "$@"; do
    [ "${#running[@]}" -lt "$(nproc)" ] || reap
    fuzz "$target" &
    running+=($!)
    names+=("$target")
done
while [ "${#running[@]}" -gt 0 ]; do reap; done
[ "${FUZZ_FINDS:-}" = told ] || exit "$failed"
