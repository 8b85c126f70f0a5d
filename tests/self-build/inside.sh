#!/usr/bin/env bash
# Runs the product image as Concourse would, under runc, and builds the hello example in it.
#
#   inside.sh ROOTFS ENV DIRECTORY ARGUMENT... < MESSAGE
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

capabilities=$(strings CAP_{AUDIT_CONTROL,AUDIT_READ,AUDIT_WRITE,BLOCK_SUSPEND,CHOWN,DAC_OVERRIDE,DAC_READ_SEARCH,FOWNER} \
    CAP_{FSETID,IPC_LOCK,IPC_OWNER,KILL,LEASE,LINUX_IMMUTABLE,MAC_ADMIN,MAC_OVERRIDE,MKNOD,NET_ADMIN,NET_BIND_SERVICE} \
    CAP_{NET_BROADCAST,NET_RAW,SETFCAP,SETGID,SETPCAP,SETUID,SYSLOG,SYS_ADMIN,SYS_BOOT,SYS_CHROOT,SYS_MODULE,SYS_NICE} \
    CAP_{SYS_PACCT,SYS_PTRACE,SYS_RAWIO,SYS_RESOURCE,SYS_TIME,SYS_TTY_CONFIG,WAKE_ALARM})

mkdir -p "$bundle" "$work.scratch"
cat >"$bundle/config.json" <<END
{
  "ociVersion": "1.0.2",
  "root": {"path": "$rootfs", "readonly": true},
  "hostname": "self-build",
  "process": {
    "user": {"uid": 0, "gid": 0},
    "args": [$(strings /usr/bin/oci-image "$@")],
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
