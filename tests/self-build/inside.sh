#!/usr/bin/env bash
# Runs the product image as Concourse would, under runc, and builds the hello example in it.
#
#   inside.sh ROOTFS ENV DIRECTORY COMMAND... < MESSAGE
#
# ROOTFS is the image's root filesystem, ENV its environment as a JSON list, DIRECTORY the working directory of the build
# beside whose name the volume `scratch` and the bundle are made. The container is privileged and has no network. It sees
# of this machine only these directories and, of its own image, only what it cannot change: a build inside writes to the
# working directory, the volume and what is temporary, or it fails.
set -euo pipefail

rootfs=$(realpath "$1")
env=$2
work=$(realpath "$3")
shift 3
bundle="$work.bundle"
state="$work.runc"
name="oci-image-self-build-$$"

strings() { printf '"%s"\n' "$@" | paste -sd ,; }

# Every capability that this process has itself, by the kernel's numbers.
capabilities() {
    local number=0 name held
    held=$((16#$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)))
    for name in CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE \
        NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE \
        SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE \
        AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ; do
        ((held >> number & 1)) && printf 'CAP_%s\n' "$name"
        number=$((number + 1))
    done
}

mapfile -t held < <(capabilities)
capabilities=$(strings "${held[@]}")

mkdir -p "$bundle" "$work.scratch"
cat >"$bundle/config.json" <<END
{
  "ociVersion": "1.0.2",
  "root": {"path": "$rootfs", "readonly": true},
  "hostname": "self-build",
  "process": {
    "user": {"uid": 0, "gid": 0},
    "args": [$(strings "$@")],
    "env": $env,
    "cwd": "/tmp/build",
    "capabilities": {
      "bounding": [$capabilities],
      "effective": [$capabilities],
      "permitted": [$capabilities]
    }
  },
  "mounts": [
    {"destination": "/proc", "type": "proc", "source": "proc"},
    {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
    {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["nosuid", "noexec", "newinstance"]},
    {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "nodev", "mode=1777"]},
    {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev"]},
    {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev"]},
    {"destination": "/run", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "mode=755"]},
    {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "mode=1777"]},
    {"destination": "/tmp/build", "type": "bind", "source": "$work", "options": ["rbind", "rw"]},
    {"destination": "/scratch", "type": "bind", "source": "$work.scratch", "options": ["rbind", "rw"]}
  ],
  "linux": {
    "cgroupsPath": "/$name",
    "resources": {"devices": [{"allow": true, "access": "rwm"}]},
    "namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"}, {"type": "network"}]
  }
}
END

leave() {
    runc --root "$state" delete --force "$name" >/dev/null 2>&1 || true
    rm -rf "$state" "$bundle"
}
trap leave EXIT
trap 'exit 130' INT TERM
# runc and its container's other processes share this group: whatever signal ends it, `leave` ends them.
runc --root "$state" run --bundle "$bundle" "$name" <&0
