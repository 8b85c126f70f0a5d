#!/usr/bin/env bash
# Builds on a machine with cgroup v2 alone, which most have and this one may not: a virtual one, emulated.
#
#   run.sh DIRECTORY [PART...]
#
# DIRECTORY keeps the machine (image.sh). The parts, in this order, are files of guest/ and what is shown of each is what
# it prints; without a name all run:
#   suites     the tests of the daemon, of stops and of deaths, in a unit
#   task       a task of Concourse, in its form: a container under runc, with a limit of memory
#   unit       a build as a unit of systemd, with and without a limit; in the root cgroup
#   user       a build of an ordinary user, below the manager of its units
#   snapshots  roots on which overlays cannot be had: what is said of them
# `make vm` is the usual way to call it. Needs root, for the packages of Debian that the machine is made of.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
mkdir -p "$1"
home=$(realpath "$1")
shift
parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(suites task unit user snapshots)
payload="$home/payload"
engine=${OCI_IMAGE_ENGINE:-$root/target/engine/bin}

say() { printf '\nvm: %s\n' "$*"; }
die() {
    printf 'vm: error: %s\n' "$*" >&2
    exit 1
}

# The tests' programs, `NAME PATH` a line. They run on the machine as they are: it is of the same release of Debian.
test_programs() {
    (cd "$root" && "${CARGO:-cargo}" test --locked --no-run --package oci-image-daemon --package oci-image-tests --lib \
        --test suites 2>&1) | tee "$home/cargo.log" |
        sed -n 's,^ *Executable .*(\(target/[^ ]*/\([a-z_]*\)-[0-9a-f]*\))$,\2 \1,p' |
        grep -E '^(oci_image_daemon|suites) '
}

fill_payload() {
    rm -rf "$payload"
    mkdir -p "$payload/bin" "$payload/tests/deps"
    local name path
    (cd "$root" && "${CARGO:-cargo}" build --locked --quiet --package oci-image)
    while read -r name path; do
        strip --strip-debug -o "$payload/tests/deps/$name" "$root/$path"
    done < <(test_programs)
    [ -x "$payload/tests/deps/suites" ] || die "the tests do not compile: $(tail -n 20 "$home/cargo.log")"
    # Tests look for the program above themselves.
    strip --strip-debug -o "$payload/tests/oci-image" "$root/target/debug/oci-image"
    ln -s ../tests/oci-image "$payload/bin/oci-image"
    cp "$engine/buildkitd" "$engine/buildctl" "$payload/bin/"
    cp "$here"/guest/* "$payload/"
    printf '%s\n' "${parts[@]}" >"$payload/parts"
}

# ---------------------------------------------------------------------------------------------------------------------

[ "$(id -u)" -eq 0 ] || die "run it as root: it makes a machine of Debian's packages"
for part in "${parts[@]}"; do
    [ -e "$here/guest/$part" ] || die "\`$part\` is no part; the parts are: suites task unit user snapshots"
done
started=$SECONDS
say "the machine"
"$here/image.sh" "$home"
say "the programs"
fill_payload
say "${parts[*]}, after $((SECONDS - started)) s"
status=0
"$here/boot.sh" "$home" "$payload" || status=$?
say "$([ $status = 0 ] && echo done || echo "failed"), in $((SECONDS - started)) s"
exit $status
