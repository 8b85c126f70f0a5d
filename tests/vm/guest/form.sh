# What the parts have in common: a build, and what must not be left of it. Sourced, from the payload's directory.
set -euo pipefail

payload=$PWD
cgroups=/sys/fs/cgroup
mark=98765432
failures=0

# One line for each thing that is so, or is not.
check() { # NAME COMMAND...
    local name=$1
    shift
    if "$@"; then
        echo "ok: $name"
    else
        echo "FAILED: $name"
        failures=$((failures + 1))
        if [[ " $* " == *" logged "* ]]; then tail -n 20 log; else groups; fi
    fi
}

fails() { ! "$@"; }
logged() { "$@" &>log; }

# A working directory as Concourse makes it: a context and empty outputs.
work() { # DIRECTORY
    rm -rf "$1"
    mkdir -p "$1/context" "$1/image"
    cp /bin/busybox "$1/context/"
}

# Its Dockerfile, with one step; `$RANDOM` makes it one that no cache holds.
step() { # DIRECTORY STEP
    cat >"$1/context/Dockerfile" <<FILE
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
RUN : $RANDOM; $2
FILE
}

small='dd if=/dev/zero of=/dev/null bs=20M count=1'
# More than every limit here, and less than the machine has.
large='dd if=/dev/zero of=/dev/null bs=300M count=1'
endless="echo started; sleep $mark"
limit=200M

# The object of a build in that directory.
request() { echo '{"object":{"context":"context","output":"image"},"response_path":"response"}'; }

# Waits for at most a minute until a command succeeds.
until_true() {
    local tries=600
    until "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.1
    done
}

runs() { pgrep -f "sleep $mark" >/dev/null; }
runs_no_more() { ! runs; }
cgroup_of_step() { sed -n 's/^0:://p' "/proc/$(pgrep -f "^sleep $mark" | head -n 1)/cgroup"; }
groups() { find "$cgroups" -name 'oci-image-run-*' -o -name buildkit -type d; }
no_groups() { [ -z "$(groups)" ]; }
nothing_runs() { ! pgrep -ax buildkitd && ! pgrep -ax rootlesskit && ! pgrep -ax oci-image && runs_no_more; }
no_mounts() { ! grep -E 'oci-image-run|overlay.*/(snapshots|rootfs)/' /proc/self/mountinfo; }
is_below() { [[ $2 == "$1"/* ]] || { echo "the step is in $2, not below $1"; false; }; }
shows() { grep -q -- "$1" "$2" || { tail -n 20 "$2"; false; }; }
shows_not() { ! grep -- "$1" "$2"; }

# What a build may not change of the machine: the flags of its cgroups, and what is on in the root of them.
machine() { grep " $cgroups " /proc/mounts; cat "$cgroups/cgroup.subtree_control"; }
before=$(machine)
nothing_is_left() {
    check "$1: nothing runs" until_true nothing_runs
    check "$1: no cgroup is left" until_true no_groups
    check "$1: no mount is left" no_mounts
    check "$1: the machine's cgroups are as they were" [ "$(machine)" = "$before" ]
}
