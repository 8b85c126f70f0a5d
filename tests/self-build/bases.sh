#!/usr/bin/env bash
# Makes the base images of the Dockerfile out of what this machine has: OCI layouts `rust` and `go` in a directory.
#
#   bases.sh DIRECTORY
#
# They look like the public images of these names, and hold besides every package that the product is made of: their
# environment tells cargo and Go to take those, and nothing else. Layers are the same bytes for the same contents, so a
# daemon that has built on them finds its cache again. Debian's layer is made once; the others are made each time.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
mkdir -p "$1"
cd "$1"
base=$PWD
architecture=$(dpkg --print-architecture)
# What the Go and Rust toolchains call to link, to compile C and to find a library; what runc and a registry's client need;
# the shell of the product; what compiles igzip, and its source.
packages=gcc,libc6-dev,libseccomp-dev,pkg-config,ca-certificates,busybox-static,make,nasm,xz-utils
source=libisal

# --- layers ----------------------------------------------------------------------------------------------------------

# A layer of what stands in a directory, at the place in the image that --transform gives it.
layer() { # NAME TAR-ARGUMENT...
    local name=$1
    shift
    tar --create --file "$base/$name.tar" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner "$@"
}

# Puts a source package into `/usr/src` of a tree that mmdebstrap makes, from where that takes the packages.
debian_source() { # TREE PACKAGE
    export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
    sed 's/^deb /deb-src /' "$1/etc/apt/sources.list" >"$1/etc/apt/sources.list.d/source.list"
    apt-get --quiet --quiet update
    (cd "$1/usr/src" && apt-get --quiet --quiet --option APT::Sandbox::User=root source --download-only "$2")
    rm "$1/etc/apt/sources.list.d/source.list"
}

debian() {
    local wanted
    wanted="$(. /etc/os-release && echo "$VERSION_CODENAME") $packages $source"
    [ "$(cat debian.stamp 2>/dev/null)" != "$wanted" ] || return 0
    rm -rf debian.stamp debian.tmp
    mkdir debian.tmp
    # In a mount namespace: whatever ends this, no mount of the tree that it works in stays.
    SOURCE_DATE_EPOCH=0 TMPDIR="$base/debian.tmp" unshare --mount --propagation private \
        mmdebstrap --quiet --variant=minbase --include="$packages" \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --customize-hook="set -e; $(declare -f debian_source); debian_source \"\$1\" $source" \
        "${wanted%% *}" "$base/debian.tar"
    rm -rf debian.tmp
    echo "$wanted" >debian.stamp
}

# The toolchain where the public image has it, under the name by which rustup finds it, without its documentation but for
# the licences of its library.
rust_toolchain() {
    local home channel sysroot name
    home=$(realpath "${CARGO_HOME:-$HOME/.cargo}")
    channel=$(sed -n 's/^channel *= *"\(.*\)"/\1/p' "$root/rust-toolchain.toml")
    sysroot=$(realpath "$(cd "$root" && rustc --print sysroot)")
    name="$channel-$(cd "$root" && rustc --print host-tuple)"
    layer rust-toolchain --absolute-names --exclude="$sysroot/share/doc/rust/html" \
        --exclude="$sysroot/share/doc/rust/COPYRIGHT.html" --hard-dereference \
        --transform "s,^$sysroot,usr/local/rustup/toolchains/$name,S" \
        --transform "s,^$home,usr/local/cargo,S" \
        "$sysroot" "$home/bin/rustup" "$home/bin/cargo" "$home/bin/rustc"
}

# The crates of Cargo.lock, as cargo keeps what it has downloaded.
crates() {
    local home
    home=$(realpath "${CARGO_HOME:-$HOME/.cargo}")
    (cd "$root" && cargo fetch --locked --quiet \
        --target "$(rustc --print host-tuple)" --target wasm32-wasip2)
    # The index goes as it is: cargo keeps of it only what it was asked for.
    sed -n '/^name = /{s///;s/"//g;N;s/\nversion = "\(.*\)"/-\1.crate/;p}' "$root/Cargo.lock" | sort >crates.wanted
    (cd "$home" && find registry/cache -name '*.crate') |
        awk -F/ 'NR == FNR { wanted[$0]; next } $NF in wanted' crates.wanted - >crates.list
    layer crates --directory "$home" --transform 's,^,usr/local/cargo/,S' --files-from crates.list registry/index
}

go_toolchain() {
    local goroot
    goroot=$(go env GOROOT)
    layer go-toolchain --directory "$goroot" --exclude=./api --exclude=./doc --exclude=./test \
        --transform 's,^\.,usr/local/go,S' .
}

# The modules that the engine's programs are made of, as a proxy serves them.
modules() {
    local known proxy
    known=$(go env GOMODCACHE)/cache/download
    proxy=$(go env GOPROXY)
    export GOMODCACHE="$base/modules" GOPROXY="file://$known,$proxy" GOFLAGS="-mod=readonly -modcacherw"
    CGO_ENABLED=0 go -C "$root/host/engine" list -deps github.com/moby/buildkit/cmd/buildkitd >/dev/null
    go -C "$root/host/engine" list -m github.com/moby/buildkit >/dev/null
    CGO_ENABLED=1 go -C "$root/host/engine/runc" list -tags seccomp,netgo,osusergo -deps github.com/opencontainers/runc \
        >/dev/null
    layer modules --directory modules/cache/download --exclude='*.lock' --exclude=./sumdb \
        --transform 's,^\.,usr/local/go-modules,S' .
}

# --- images ----------------------------------------------------------------------------------------------------------

# Adds what standard input says to a layout, and prints its descriptor.
blob() { # LAYOUT MEDIA-TYPE
    local content digest
    content=$(cat)
    digest=$(printf %s "$content" | sha256sum | cut -d ' ' -f 1)
    printf %s "$content" >"$1/blobs/sha256/$digest"
    printf '{"mediaType":"%s","digest":"sha256:%s","size":%d}' "$2" "$digest" "${#content}"
}

# An image of layers that are not compressed: so their digest is their diff ID as well. Blobs are links to the layers.
image() { # NAME ENV-AS-JSON LAYER...
    local layout=$1 env=$2 name digest diff_ids= layers= config manifest
    shift 2
    rm -rf "$layout"
    mkdir -p "$layout/blobs/sha256"
    for name; do
        digest=$(sha256sum <"$name.tar" | cut -d ' ' -f 1)
        ln "$name.tar" "$layout/blobs/sha256/$digest"
        diff_ids+="${diff_ids:+,}\"sha256:$digest\""
        layers+="${layers:+,}$(printf '{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:%s","size":%d}' \
            "$digest" "$(stat -c %s "$name.tar")")"
    done
    config=$(printf '{"architecture":"%s","os":"linux","config":{"Env":%s},"rootfs":{"type":"layers","diff_ids":[%s]}}' \
        "$architecture" "$env" "$diff_ids" | blob "$layout" application/vnd.oci.image.config.v1+json)
    manifest=$(printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}' \
        application/vnd.oci.image.manifest.v1+json "$config" "$layers" |
        blob "$layout" application/vnd.oci.image.manifest.v1+json)
    printf '{"schemaVersion":2,"manifests":[%s]}' "$manifest" >"$layout/index.json"
    printf '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
}

debian
rust_toolchain
crates
go_toolchain
modules

system=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
image rust "[\"PATH=/usr/local/cargo/bin:$system\",\"RUSTUP_HOME=/usr/local/rustup\",\"CARGO_HOME=/usr/local/cargo\",
\"CARGO_NET_OFFLINE=true\"]" debian rust-toolchain crates
image go "[\"PATH=/go/bin:/usr/local/go/bin:$system\",\"GOPATH=/go\",\"GOTOOLCHAIN=local\",\"GOSUMDB=off\",
\"GOPROXY=file:///usr/local/go-modules\"]" debian go-toolchain modules
