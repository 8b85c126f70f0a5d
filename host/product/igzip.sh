#!/usr/bin/env bash
# Compiles igzip into a static file, out of Debian's source package `libisal` in a directory.
#
#   igzip.sh SOURCES FILE > LICENSE
#
# The daemon's containerd decompresses layers with it where it is on PATH, in a third of the time that Go's library takes.
# Debian's own igzip needs a libc beside it, and the product stands on nothing. The package's only patch is for s390x.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tar --extract --file "$(echo "$1"/libisal_*.orig.tar.*)" --strip-components 1 --directory "$work"
if ! make --directory "$work" --makefile Makefile.unx --jobs "$(nproc)" \
    units='crc igzip programs' LDFLAGS='-static -s' programs/igzip >"$work/log" 2>&1; then
    cat "$work/log" >&2
    exit 1
fi
install "$work/programs/igzip" "$2"
printf '== igzip, of Debian: source package %s\n\n' "$(basename "$1"/libisal_*.dsc .dsc)"
cat "$work/LICENSE"
printf '\n\n'
