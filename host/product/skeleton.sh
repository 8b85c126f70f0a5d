#!/bin/sh
# What the product stands on where its base image is nothing: files, and no program.
#
#   skeleton.sh ROOT
#
# Root by name, with a shell for those who look inside and a home for `~/.docker`; certificates for registries; what
# TMPDIR is by default.
set -eu

mkdir -p "$1/etc/ssl/certs" "$1/root" "$1/tmp"
chmod 700 "$1/root"
chmod 1777 "$1/tmp"
echo 'root:x:0:0:root:/root:/bin/sh' >"$1/etc/passwd"
echo 'root:x:0:' >"$1/etc/group"
cp /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/"
