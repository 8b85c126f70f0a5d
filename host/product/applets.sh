#!/bin/sh
# Links to the tools in busybox, each at its usual place, but where a program of its name stands already.
#
#   busybox sh applets.sh [ROOT]
#
# A base image with tools of its own keeps them. What administers a machine (busybox has it in `sbin`) gets no link.
set -eu

root=${1:-}
busybox=/usr/bin/busybox
places='usr/local/sbin usr/local/bin usr/sbin usr/bin sbin bin'

stands() { # NAME
    for place in $places; do
        if [ -e "$root/$place/$1" ] || [ -L "$root/$place/$1" ]; then return; fi
    done
    return 1
}

"$root$busybox" mkdir -p "$root/bin"
for applet in $("$root$busybox" --list-full); do
    case $applet in
    bin/* | usr/bin/*) stands "${applet##*/}" || "$root$busybox" ln -s "$busybox" "$root/$applet" ;;
    esac
done
