#!/usr/bin/env bash
# Builds the image of this directory as Concourse would have it built: a request on standard input of `oci-image`, in a
# directory that holds the input `context/` and the output `image/`. Nothing is fetched from a network.
set -euo pipefail

program=$(realpath "$1")
mkdir -p "$2"
work=$(realpath "$2")
example=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

heading() { printf '\n--- %s\n' "$*"; }

cd "$work"
rm -rf context image response.json info.json
mkdir image
cp -R "$example/context" context
cp "$(command -v busybox)" context/busybox

heading "The request ($example/request.json):"
cat "$example/request.json"

heading "oci-image: which messages does this object support?"
sed 's|response\.json|info.json|' "$example/request.json" | "$program"
printf '%s\n' "$(cat info.json)"

heading "oci-image build, in $work:"
"$program" build --root "$work/buildkitd" <"$example/request.json"

heading "The response:"
printf '%s\n' "$(cat response.json)"

heading "The image:"
printf 'file    %s\nsize    %s bytes\ndigest  %s\n' \
    "$work/image/image.tar" "$(stat -c %s image/image.tar)" "$(cat image/digest)"
printf '\nLoad and run it:   docker load -i %s   then   docker run --rm %s\n' "$work/image/image.tar" "$(cat image/digest)"
printf 'Look into it:      skopeo inspect --config docker-archive:%s\n' "$work/image/image.tar"
printf 'Push it:           skopeo copy docker-archive:%s docker://REGISTRY/hello:latest\n' "$work/image/image.tar"
