#!/usr/bin/env bash
# Builds the product's image with the product, without a network, and builds with what comes out.
#
#   run.sh PROGRAM DIRECTORY
#
# Everything is made below DIRECTORY and stays there: base images, the daemon's state, the image, what it built. A second
# run reuses what is still right. `make self-build` is the usual way to call it. Needs root, for base images of Debian's
# packages and for containers.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
program=$(realpath "$1")
mkdir -p "$2"
home=$(realpath "$2")
image="$home/product"
# What the image starts.
entrypoint=/usr/bin/oci-image
# How large its archive may be, in bytes, without emulators.
limit=40000000
times=

say() { printf '\nself-build: %s\n' "$*"; }
die() {
    printf 'self-build: error: %s\n' "$*" >&2
    exit 1
}

phase() { # NAME COMMAND...
    local name=$1 started=$SECONDS
    shift
    say "$name"
    "$@"
    times+=$(printf '%6d s  %s' $((SECONDS - started)) "$name")$'\n'
}

# Runs a command where the only network is a loopback of its own.
offline() { unshare --net sh -c 'busybox ip link set lo up && exec "$@"' offline "$@"; }

# --- phases ----------------------------------------------------------------------------------------------------------

bases() { "$here/bases.sh" "$home/bases"; }

# The request that the prototype before this one documents for itself, with base images that are here already.
product() {
    fresh "$image"
    mkdir -p "$image/cache"
    git -C "$root" ls-files -z | tar --create --directory "$root" --null --files-from - |
        tar --extract --directory "$image"
    cat >"$image.json" <<END
{
  "object": {
    "context": ".",
    "output": "image",
    "cache": true,
    "unpack_rootfs": true,
    "image_args": ["RUST_IMAGE=../bases/rust", "GO_IMAGE=../bases/go"]
  },
  "response_path": "/dev/null"
}
END
    (cd "$image" && offline "$program" build --root "$home/buildkitd" <"$image.json")
}

# What the image answers without a daemon.
answers() {
    local found ours theirs
    fresh "$home/answers"
    found=$(skopeo inspect --config --format '{{.Config.Entrypoint}}' "docker-archive:$image/image/image.tar")
    [ "$found" = "[$entrypoint]" ] || die "the image's entrypoint is $found"
    ours=$("$program" --version)
    theirs=$(inside answers "$entrypoint" --version </dev/null)
    [ "$theirs" = "$ours" ] || die "the image is of another version: $theirs"
    hello_request | inside answers "$entrypoint"
    grep '"name":"build"' "$home/answers/response.json" || die "info of the image: $(cat "$home/answers/response.json")"
}

hello_outside() {
    fresh_hello hello-outside
    (cd "$home/hello-outside" && hello_request | offline "$program" build --root "$home/hello-outside.buildkitd")
}

# Every step of it runs in a container of the daemon inside: nothing of the build outside is there.
hello_inside() {
    fresh_hello hello-inside
    hello_request | inside hello-inside "$entrypoint" build
    [ "$(tree hello-inside)" = "$(tree hello-outside)" ] || die "the image built inside holds other files"
    cmp "$home"/hello-{outside,inside}/image/metadata.json || die "the image built inside has another configuration"
}

# A digest of all that is in an image built here but the times of its files, which are those of the build.
tree() { # NAME
    tar --create --directory "$home/$1/image/rootfs" --sort=name --mtime=@0 --numeric-owner --xattrs --format=pax \
        --pax-option='exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime' . | sha256sum
}

# With the cache of the build outside nothing is built, and times are the same as well. By the name that a message has.
hello_again() {
    fresh_hello hello-again
    cp -R "$home/hello-outside/cache/." "$home/hello-again/cache"
    hello_request | inside hello-again build
    cmp "$home"/hello-{outside,again}/image/digest || die "the cache of one build gives another image in the next"
}

# The same as a task of Concourse says it: by that name, without a message, in its environment.
hello_task() {
    fresh_hello hello-task
    cp -R "$home/hello-outside/cache/." "$home/hello-task/cache"
    local title=org.opencontainers.image.title description=org.opencontainers.image.description
    parameters='"CONTEXT=context", "UNPACK_ROOTFS=true", "BUILD_ARG_GREETING=good morning",'
    parameters+="\"LABEL_$title=hello\", \"LABEL_$description=The example of oci-image\""
    inside hello-task build </dev/null
    parameters=
    cmp "$home"/hello-{outside,task}/image/digest || die "the parameters of a task give another image than the object"
}

# The suite of a task's form, with this image.
tasks() {
    (cd "$root" && OCI_IMAGE_PRODUCT="$image/image/rootfs" \
        cargo test --locked --quiet --package oci-image-tests --test suites engine::concourse::)
}

# --- parts -----------------------------------------------------------------------------------------------------------

# An empty working directory with an output, and an empty volume.
fresh() { # DIRECTORY
    rm -rf "$1" "$1.scratch" "$1.buildkitd"
    mkdir -p "$1/image"
}

fresh_hello() { # NAME
    fresh "$home/$1"
    cp -R "$root/tests/examples/hello/context" "$home/$1/context"
    cp "$(command -v busybox)" "$home/$1/context/busybox"
    mkdir "$home/$1/cache"
}

hello_request() {
    sed 's|"output": "image",|& "cache": true, "unpack_rootfs": true,|' "$root/tests/examples/hello/request.json"
}

# Variables that are added to that environment, as JSON.
parameters=

# Runs a command in a container of the image, with its environment, in a directory here.
inside() { # NAME COMMAND...
    local name=$1 environment
    shift
    environment=$(sed 's/.*"env":\(\[[^]]*\]\).*/\1/' "$image/image/metadata.json")
    environment=${environment%]}${parameters:+, $parameters}]
    "$here/inside.sh" "$image/image/rootfs" "$environment" "$home/$name" "$@"
}

sizes() {
    local file
    for file in "$image"/image/rootfs/usr/bin/*; do
        [ -L "$file" ] || printf '%9d bytes  %s\n' "$(stat -c %s "$file")" "${file#"$image/image/rootfs"}"
    done
    file="$image/image/image.tar"
    printf '%9d bytes  %s\n' "$(stat -c %s "$file")" "image.tar, compressed layers"
    [ "$(stat -c %s "$file")" -lt "$limit" ] || die "the image is larger than $limit bytes"
}

# ---------------------------------------------------------------------------------------------------------------------

[ "$(id -u)" -eq 0 ] || die "run it as root: it makes base images and a container"
phase "base images" bases
phase "the product builds its image" product
phase "the image answers" answers
phase "hello, built by the program outside" hello_outside
phase "hello, built inside the image" hello_inside
phase "hello, built inside the image from the cache of outside" hello_again
phase "hello, built inside the image as a task" hello_task
phase "the image in tasks of Concourse" tasks

sizes
say "done"
printf '%s' "$times"
