#!/usr/bin/env bash
# Prints the licences and notices of what a program of the product image is made of: each text once, below the names of
# all that it belongs to.
#
#   notices.sh go PACKAGE [FLAG]...      a Go program: run in the directory of the module that pins it, with its build's flags
#   notices.sh cargo [PACKAGE TARGET]... Rust programs: run in the workspace
#   notices.sh debian PACKAGE...         what is taken from packages of Debian
#
# It reads what a build has just compiled, fetches nothing, and fails where a part of a program has neither a text nor the
# name of a licence. Texts are told by the names that their files have by custom; so Go's and Rust's own ways agree.
set -euo pipefail

by_custom=(-iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'copyright*' -o -iname 'notice*' -o -iname 'unlicense*'
    -o -iname 'patents*')
not_a_text=(-name '*.go' -o -name '*.rs' -o -name '*.html' -o -name '*.tmpl' -o -name '*.json')

# The files of a directory that are such texts. FIND-ARGUMENTS say how deep.
texts() { # DIRECTORY FIND-ARGUMENT...
    local directory=$1
    shift
    find "$directory" "$@" -type f '(' "${by_custom[@]}" ')' ! '(' "${not_a_text[@]}" ')' | LC_ALL=C sort
}

# --- parts of a program: a name, a tab, and a text's file; no file where a licence is only named ---------------------

# A module's texts are those of its root and of the directories down to each of its packages that is compiled in.
go_parts() { # PACKAGE [FLAG]...
    local package=$1 name root directory previous= file
    shift
    printf 'Go %s\t%s\n' "$(go env GOVERSION)" "$(go env GOROOT)/LICENSE"
    go list "$@" -deps -f '{{with .Module}}{{.Path}} {{.Version}}{{"\t"}}{{.Dir}}{{"\t"}}{{$.Dir}}{{end}}' "$package" |
        LC_ALL=C sort -u | while IFS=$'\t' read -r name root directory; do
        while :; do
            printf '%s\t%s\n' "$name" "$directory"
            [ "$directory" != "$root" ] || break
            directory=${directory%/*}
        done
    done | LC_ALL=C sort -u | while IFS=$'\t' read -r name directory; do
        # Sorted, so a module's root comes first.
        if [ "$name" != "$previous" ] && [ -z "$(texts "$directory" -maxdepth 1)" ]; then
            printf '%s\t\n' "$name"
        fi
        previous=$name
        texts "$directory" -maxdepth 1 | while read -r file; do printf '%s\t%s\n' "$name" "$file"; done
    done
}

cargo_parts() { # [PACKAGE TARGET]...
    local sysroot registry crate licence name version path directory
    sysroot=$(rustc --print sysroot)
    registry=${CARGO_HOME:-$HOME/.cargo}/registry/src
    printf 'Rust %s: its library and what that is made of\t%s\n' "$(rustc --version | cut -d ' ' -f 2)" \
        "$sysroot/share/doc/rust/COPYRIGHT-library.html"
    while [ $# -gt 0 ]; do
        cargo tree --offline --locked --quiet --package "$1" --target "$2" --edges normal,no-proc-macro --prefix none \
            --format $'{p}\t{l}'
        shift 2
    done | sed 's/ ([*])$//' | LC_ALL=C sort -u | while IFS=$'\t' read -r crate licence; do
        read -r name version path <<<"$crate"
        [ -z "$path" ] || continue # ours: a crate of the workspace has a path
        directory=$(echo "$registry"/*/"$name-${version#v}")
        [ -d "$directory" ] || { echo "notices: error: no source of $crate in $registry" >&2 && exit 1; }
        texts "$directory" | grep . | sed "s|^|$crate ($licence)\t|" || printf '%s (%s)\t\n' "$crate" "$licence"
    done
}

# A package's own text, and the licences that it refers to.
debian_parts() { # PACKAGE...
    local package name copyright
    for package; do
        name="$(dpkg-query --show "$package" | tr '\t' ' '), of Debian"
        copyright=/usr/share/doc/$package/copyright
        { echo "$copyright" && { grep -o '/usr/share/common-licenses/[A-Za-z0-9.-]*[A-Za-z0-9]' "$copyright" || true; }; } |
            LC_ALL=C sort -u | sed "s|^|$name\t|"
    done
}

# --- the document ----------------------------------------------------------------------------------------------------

document() {
    local name file sum heading
    local -A names=() files=()
    local order=()
    while IFS=$'\t' read -r name file; do
        if [ -z "$file" ]; then
            [[ $name == *'('?*')' ]] || { echo "notices: error: no licence of $name" >&2 && return 1; }
            printf '== %s: has no text of its own\n\n' "$name"
            continue
        fi
        sum=$(sha256sum <"$file")
        [ -n "${files[$sum]:-}" ] || order+=("$sum")
        files[$sum]=$file
        heading="== $name"$'\n'
        [[ ${names[$sum]:-} == *"$heading"* ]] || names[$sum]+=$heading
    done
    for sum in "${order[@]}"; do
        printf '%s\n' "${names[$sum]}"
        cat "${files[$sum]}"
        printf '\n\n'
    done
}

kind=$1
shift
"${kind}_parts" "$@" | document
