# The few commands that people type. The logic is in the crates, and in the scripts named here.

CARGO ?= cargo
# Where `make setup` puts buildkitd and buildctl; tests and examples look there first.
export OCI_IMAGE_ENGINE := $(CURDIR)/target/engine/bin
# runc and its like are in /usr/sbin, which not every login has on its PATH.
export PATH := $(OCI_IMAGE_ENGINE):$(PATH):/usr/local/sbin:/usr/sbin:/sbin:$(HOME)/.cargo/bin:/usr/local/go/bin

.PHONY: help setup build demo playground dist check test fuzz bench self-build vm lint deny fmt docs

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## install what is missing: Debian packages, Rust target, BuildKit into target/engine/bin
	@host/engine/setup.sh

TUPLE = $(shell rustc --print host-tuple)
# How the product is compiled.
PRODUCT_FLAGS = --target $(TUPLE) --config host/static.toml

# Copied rather than linked: a file that was written from end to end lies in large pages of the kernel's cache, one that a
# linker wrote here and there does not, and a program in it starts a third slower.
build: ## the program: target/bin/oci-image
	$(CARGO) build --release --locked $(PRODUCT_FLAGS)
	@install -D target/$(TUPLE)/release/oci-image target/bin/oci-image

demo: setup build ## build a small image from a prototype request
	@tests/examples/hello/demo.sh target/bin/oci-image target/demo

playground: ## a page that plans while you type: target/playground, for any static server
	@host/engine/setup.sh packages toolchain
	$(CARGO) run --locked --quiet --package oci-image-packages --bin playground

dist: ## packages, in target/dist: the planner as wheel, npm tarball and OCI artifact; an extension of VS Code
	@host/engine/setup.sh packages toolchain
	$(CARGO) run --locked --quiet --package oci-image-packages --bin dist

# What takes a daemon, another language or a minute is left to `make test`.
check: lint docs deny ## format, clippy, docs, dependencies, and every test that needs no daemon
	$(CARGO) test --workspace --locked --no-fail-fast --tests -- \
		--skip engine:: --skip hosts:: --skip forms:: --skip packages:: --skip editors:: --skip masking::

test: setup ## every test, those with the real engine included
	@echo "test: the engine is in $(OCI_IMAGE_ENGINE): $$(buildkitd --version)"
	$(CARGO) test --workspace --locked --no-fail-fast

SECONDS ?= 60
fuzz: setup ## inputs that nobody thought of; ONLY="masking yaml" selects, SECONDS=600 for each
	@tests/fuzz/run.sh $(SECONDS) $(ONLY)

bench: setup build ## measure against buildkitd + buildctl; ONLY="info trivial" selects, ROUNDS=1 is a quick look
	@PRODUCT_FLAGS="$(PRODUCT_FLAGS)" $(CARGO) run --locked --quiet --package oci-image-tests --bin bench -- $(ONLY)

self-build: setup build ## build the product's image with the product, offline, and build with that; as root
	@host/engine/setup.sh self-build
	@tests/self-build/run.sh target/bin/oci-image target/self-build

vm: setup ## builds on an emulated machine with cgroup v2 alone; ONLY="task unit" selects; as root
	@host/engine/setup.sh vm
	@tests/vm/run.sh target/vm $(ONLY)

lint: ## formatting and clippy, warnings are errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

deny: ## licences, sources and bans of the dependencies, by deny.toml
	@host/engine/setup.sh deny
	PATH="$(CURDIR)/target/deny/bin:$$PATH" $(CARGO) deny --locked check bans licenses sources

fmt: ## format the code
	$(CARGO) fmt --all

docs: ## the documentation of all crates, warnings are errors
	RUSTDOCFLAGS=-Dwarnings $(CARGO) doc --workspace --no-deps --locked
