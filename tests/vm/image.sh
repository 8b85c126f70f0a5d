#!/usr/bin/env bash
# Makes the machine of `make vm`: `kernel`, `initrd` and `root.img` in a directory, of this machine's release of Debian.
#
#   image.sh DIRECTORY
#
# A small Debian with systemd, on which cgroups are version 2 alone, with what builds and their tests need besides our
# own programs. It boots into `payload.target`: whatever `payload/command` on its second disk says, then power off. Made
# once, and again when this script changes.
set -euo pipefail

script=$(realpath "${BASH_SOURCE[0]}")
mkdir -p "$1"
cd "$1"

# The kernel and what boots it; a system with logins, so that a user has a manager; what builds and tests call.
packages=linux-image-cloud-amd64,initramfs-tools,zstd,systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd
packages+=,runc,uidmap,rootlesskit,fuse-overlayfs,skopeo,umoci,busybox-static,isal,openssh-client,procps,iproute2,iptables,e2fsprogs
# Little of an emulated disk is read for what is left out.
excluded=(/usr/share/doc/\* /usr/share/man/\* /usr/share/locale/\*)

codename=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
wanted="$codename $(sha256sum <"$script")"
[ "$(cat stamp 2>/dev/null)" != "$wanted" ] || exit 0
[ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] || {
    echo "vm: error: the machine is made of the packages of Debian for amd64, which this machine does not have" >&2
    exit 1
}

# What the machine does by itself: its only target, and in it the one unit that is no part of Debian.
units() { # TREE
    cat >"$1/etc/systemd/system/payload.target" <<'UNIT'
[Unit]
Description=The payload has ended
Requires=basic.target payload.service
After=basic.target payload.service
UNIT
    cat >"$1/etc/systemd/system/payload.service" <<'UNIT'
[Unit]
Description=The payload
Requires=dbus.socket
After=basic.target dbus.socket systemd-logind.service
Wants=systemd-logind.service
FailureAction=poweroff-force
SuccessAction=poweroff-force

[Service]
Type=oneshot
TimeoutStartSec=infinity
Environment=HOME=/root PATH=/payload/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ExecStartPre=mount /dev/vdb /payload
ExecStart=bash -c 'cd /payload; ./command </dev/null 2>&1 | cat; exit $${PIPESTATUS[0]}'
ExecStopPost=bash -c 'echo "vm: status $$EXIT_STATUS"'
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
UNIT
    # Nobody logs in on the console, and what a machine does for its years is not waited for.
    local unit
    for unit in getty.target apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
        fstrim.timer systemd-timesyncd.service systemd-journal-flush.service e2scrub_reap.service systemd-pstore.service; do
        ln -sf /dev/null "$1/etc/systemd/system/$unit"
    done
    printf '/dev/vda / ext4 rw,noatime 0 0\n' >"$1/etc/fstab"
    mkdir -p "$1/payload"
    # An ordinary user, with ranges of subordinate IDs and a manager that runs without a login.
    printf 'builder:x:1000:1000::/home/builder:/bin/bash\n' >>"$1/etc/passwd"
    printf 'builder:x:1000:\n' >>"$1/etc/group"
    printf 'builder:*:19000:0:99999:7:::\n' >>"$1/etc/shadow"
    printf 'builder:100000:65536\n' | tee "$1/etc/subuid" >"$1/etc/subgid"
    install -d -o 1000 -g 1000 "$1/home/builder"
    mkdir -p "$1/var/lib/systemd/linger"
    touch "$1/var/lib/systemd/linger/builder"
}

rm -rf stamp new
mkdir -p new/tmp new/tree
# In a mount namespace: whatever ends this, no mount of the tree that it works in stays.
TMPDIR="$PWD/new/tmp" unshare --mount --propagation private mmdebstrap --quiet --variant=minbase \
    --include="$packages" "${excluded[@]/#/--dpkgopt=path-exclude=}" "$codename" new/tree.tar
tar --extract --directory new/tree --file new/tree.tar --exclude './dev/*' --numeric-owner --xattrs --xattrs-include='*'
units new/tree
cp new/tree/boot/vmlinuz-* kernel
cp new/tree/boot/initrd.img-* initrd
truncate --size 3G root.img
mke2fs -q -F -t ext4 -d new/tree root.img
rm -rf new
echo "$wanted" >stamp
