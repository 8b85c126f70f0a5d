# check=error=true

# The product image: the program, and the daemon and runtime that it drives; a shell with the usual tools for tasks that say
# `sh -c "...; build"`, and for those who look inside; igzip, for containerd. All static, so there is nothing below them.
#
# A step installs only what its base image lacks. On bases that hold everything, as `make self-build` makes them, nothing
# is fetched: the environment of the base says where cargo and Go find their packages.

# Rust: the channel of rust-toolchain.toml. Go: what host/engine/go.mod asks for. Both of Debian.
ARG RUST_IMAGE=rust:1.95.0-slim-bookworm
ARG GO_IMAGE=golang:1.26-bookworm
# What the product stands on. `ADD` of a git repository needs an image with git here; nothing else does.
ARG RUNTIME_IMAGE=skeleton
# Whose `/usr/bin/buildkit-qemu-*` the product takes, to run steps of other platforms: `moby/buildkit` has them.
ARG EMULATORS_IMAGE=no-emulators
# Where the licences and notices of all that is in the image are.
ARG LICENSES=usr/share/licenses/oci-image

FROM ${GO_IMAGE} AS buildkitd
ARG LICENSES
WORKDIR /src
COPY host/engine/go.mod host/engine/go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    --mount=type=bind,source=host/product/notices.sh,target=/notices.sh \
    version=$(go list -m -f '{{.Version}}' github.com/moby/buildkit) \
 && export CGO_ENABLED=0 \
 && go build -mod=readonly -trimpath -o /out/usr/bin/buildkitd \
    -ldflags "-s -w -X github.com/moby/buildkit/version.Version=$version" github.com/moby/buildkit/cmd/buildkitd \
 && mkdir -p /out/$LICENSES \
 && /notices.sh go github.com/moby/buildkit/cmd/buildkitd > /out/$LICENSES/buildkitd.txt

FROM ${GO_IMAGE} AS runc
ARG LICENSES
# Without seccomp runc refuses the steps that buildkitd gives it.
RUN [ -e /usr/include/seccomp.h ] \
 || { apt-get update && apt-get install -y --no-install-recommends libseccomp-dev; }
WORKDIR /src
COPY host/engine/runc/go.mod host/engine/runc/go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    --mount=type=bind,source=host/product/notices.sh,target=/notices.sh \
    export CGO_ENABLED=1 GOFLAGS=-tags=seccomp,netgo,osusergo \
 && go build -mod=readonly -trimpath -o /out/usr/bin/runc \
    -ldflags "-s -w -extldflags -static" github.com/opencontainers/runc \
 && mkdir -p /out/$LICENSES \
 && { /notices.sh go github.com/opencontainers/runc && /notices.sh debian libseccomp-dev libc6-dev; } \
    > /out/$LICENSES/runc.txt

FROM ${RUST_IMAGE} AS program
ARG LICENSES
WORKDIR /src
COPY rust-toolchain.toml .
COPY host/engine/setup.sh host/engine/
RUN host/engine/setup.sh toolchain
COPY . .
# As `make build` links it.
RUN --mount=type=cache,target=/src/target --mount=type=cache,target=/usr/local/cargo/registry/src \
    tuple=$(rustc --print host-tuple) \
 && cargo build --release --locked --target "$tuple" \
    --config host/static.toml \
 && install -D --target-directory /out/usr/bin "target/$tuple/release/oci-image" \
 && ln -s oci-image /out/usr/bin/build \
 && install -D --mode 644 --target-directory /out/$LICENSES LICENSE \
 && install --mode 644 host/product/README.licenses /out/$LICENSES/README \
 && { host/product/notices.sh cargo oci-image "$tuple" oci-image-guest wasm32-wasip2 \
   && host/product/notices.sh debian libc6-dev; } > /out/$LICENSES/oci-image.txt

FROM ${RUST_IMAGE} AS tools
ARG LICENSES
WORKDIR /usr/src
# Debian's source of igzip, and what compiles it.
RUN [ -e libisal_*.dsc ] \
 || { sed -i 's/^Types: deb$/Types: deb deb-src/' /etc/apt/sources.list.d/debian.sources && apt-get update \
   && apt-get install -y --no-install-recommends busybox-static make nasm xz-utils \
   && apt-get source --download-only libisal; }
RUN --mount=type=bind,source=host/product,target=/product \
    mkdir -p /out/usr/bin /out/$LICENSES \
 && cp "$(command -v busybox)" /out/usr/bin/ \
 && /product/notices.sh debian busybox-static libc6-dev > /out/$LICENSES/busybox.txt \
 && { /product/igzip.sh . /out/usr/bin/igzip && /product/notices.sh debian libc6-dev; } > /out/$LICENSES/igzip.txt

FROM ${RUST_IMAGE} AS files
RUN --mount=type=bind,source=host/product/skeleton.sh,target=/skeleton.sh sh /skeleton.sh /files

FROM scratch AS skeleton
COPY --from=files /files/ /

FROM scratch AS no-emulators
# Names are looked for in a directory, and that one has to be there.
WORKDIR /usr/bin

FROM ${EMULATORS_IMAGE} AS emulators

FROM ${RUNTIME_IMAGE}
LABEL org.opencontainers.image.title="oci-image" \
      org.opencontainers.image.description="Builds OCI images in Concourse with BuildKit" \
      org.opencontainers.image.licenses="Apache-2.0 AND BSD-3-Clause AND GPL-2.0-only AND LGPL-2.1-or-later"
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
COPY --from=buildkitd /out/ /
COPY --from=runc /out/ /
COPY --from=tools /out/ /
COPY --from=emulators /usr/bin/buildkit-qemu-* /usr/bin/
RUN --mount=type=bind,source=host/product/applets.sh,target=/applets.sh ["/usr/bin/busybox", "sh", "/applets.sh"]
COPY --from=program /out/ /
# The daemon's state: overlay mounts need a file system that is not an overlay itself.
VOLUME /scratch
ENTRYPOINT ["/usr/bin/oci-image"]
