# check=error=true

# The product image: the program, and the daemon and runtime that it drives; all static, so there is nothing below them.
#
# A step installs only what its base image lacks. On bases that hold everything, as `make self-build` makes them, nothing
# is fetched: the environment of the base says where cargo and Go find their packages.

# Rust: the channel of rust-toolchain.toml. Go: what host/engine/go.mod asks for.
ARG RUST_IMAGE=rust:1.95.0-slim-bookworm
ARG GO_IMAGE=golang:1.26-bookworm
# What the product stands on. `ADD` of a git repository needs an image with git here; nothing else does.
ARG RUNTIME_IMAGE=skeleton

FROM ${GO_IMAGE} AS buildkitd
WORKDIR /src
COPY host/engine/go.mod host/engine/go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    version=$(go list -m -f '{{.Version}}' github.com/moby/buildkit) \
 && CGO_ENABLED=0 go build -mod=readonly -trimpath -o /out/buildkitd \
    -ldflags "-s -w -X github.com/moby/buildkit/version.Version=$version" github.com/moby/buildkit/cmd/buildkitd

FROM ${GO_IMAGE} AS runc
# Without seccomp runc refuses the steps that buildkitd gives it.
RUN [ -e /usr/include/seccomp.h ] \
 || { apt-get update && apt-get install -y --no-install-recommends libseccomp-dev; }
WORKDIR /src
COPY host/engine/runc/go.mod host/engine/runc/go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=1 go build -mod=readonly -trimpath -o /out/runc -tags seccomp,netgo,osusergo \
    -ldflags "-s -w -extldflags -static" github.com/opencontainers/runc

FROM ${RUST_IMAGE} AS program
WORKDIR /src
COPY rust-toolchain.toml .
COPY host/engine/setup.sh host/engine/
RUN host/engine/setup.sh toolchain
COPY . .
# As `make build` links it.
RUN --mount=type=cache,target=/src/target --mount=type=cache,target=/usr/local/cargo/registry/src \
    tuple=$(rustc --print host-tuple) \
 && cargo build --release --locked --target "$tuple" \
    --config host/build/static.toml \
 && install -D --target-directory /out "target/$tuple/release/oci-image" \
 && ln -s oci-image /out/build

FROM ${RUST_IMAGE} AS files
# `root` by name, for those who start containers by it; certificates for registries; what TMPDIR is by default.
RUN mkdir -p /files/etc/ssl/certs /files/tmp \
 && chmod 1777 /files/tmp \
 && echo 'root:x:0:0:root:/root:/sbin/nologin' > /files/etc/passwd \
 && echo 'root:x:0:' > /files/etc/group \
 && cp /etc/ssl/certs/ca-certificates.crt /files/etc/ssl/certs/

FROM scratch AS skeleton
COPY --from=files /files/ /

FROM ${RUNTIME_IMAGE}
LABEL org.opencontainers.image.title="oci-image" \
      org.opencontainers.image.description="Builds OCI images in Concourse with BuildKit" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
COPY --from=buildkitd /out/ /usr/bin/
COPY --from=runc /out/ /usr/bin/
COPY --from=program /out/ /usr/bin/
# The daemon's state: overlay mounts need a file system that is not an overlay itself.
VOLUME /scratch
ENTRYPOINT ["/usr/bin/oci-image"]
