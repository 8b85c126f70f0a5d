#!/usr/bin/env bash
# Boots the machine of image.sh, runs in it what a directory holds, and shows what that prints; its status is that one's.
#
#   boot.sh MACHINE PAYLOAD
#
# MACHINE is the directory that image.sh has filled. PAYLOAD holds an executable file `command`, which runs in a copy of
# that directory as root, in the unit `payload.service`. Nothing comes back but what it prints: all disks are discarded.
# VM_MINUTES (default 40) is how long the machine may live. VM_ACCEL (default `tcg`: an emulator, for which no rights are
# needed) is what runs it; `kvm` is ten times as fast where it works.
set -euo pipefail

machine=$(realpath "$1")
payload=$(realpath "$2")
# Gigabytes, for which a temporary directory in memory has no room; what a killed run left goes with the next.
scratch="$machine/scratch"
rm -rf "$scratch"
mkdir "$scratch"
trap 'rm -rf "$scratch"' EXIT

disk() { echo "file=$1,if=virtio,format=raw,snapshot=on"; }

truncate --size 4G "$scratch/payload.img"
mke2fs -q -F -t ext4 -d "$payload" "$scratch/payload.img"
# One processor: an emulator of two has broken down. Standard output is the machine's only console.
TMPDIR="$scratch" timeout --foreground --kill-after=10 "$((${VM_MINUTES:-40} * 60))" \
    qemu-system-x86_64 -accel "${VM_ACCEL:-tcg}" -cpu max -machine q35 -smp 1 -m 2048 -nodefaults -no-reboot \
    -display none -serial stdio -net none -kernel "$machine/kernel" -initrd "$machine/initrd" \
    -append "root=/dev/vda rw console=ttyS0 panic=-1 quiet systemd.unit=payload.target systemd.show_status=0" \
    -drive "$(disk "$machine/root.img")" -drive "$(disk "$scratch/payload.img")" </dev/null |
    sed -u 's/\r$//' | tee "$scratch/log" || true
grep -q '^vm: status 0$' "$scratch/log"
