#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs a command in a clone of this checkout, in a new root of a Debian release that has bash, git
# and apt and nothing else: what a user sees who begins there.
#
#   tests/debian-root.sh SUITE COMMAND [ARGUMENTS]      SUITE: bookworm, trixie, unstable, ...
#   tests/debian-root.sh trixie ./ns3 --yes run limitnet-lora-scenario
#
# What is committed is cloned. The root lies in ${XDG_CACHE_HOME:-~/.cache}/limitnet/roots and is
# removed at the end, unless KEEP_ROOT=yes says that the next call goes on in it; downloaded packages
# are kept there. Inside, $LIMITNET_DATA is seen as /data (where it is set) and /out is the folder
# that $OUT names here, for what the command leaves; with SHARE_DATASETS=yes the data sets that were
# fetched here need not be fetched again. It needs root and mmdebstrap (./ns3 packages
# root installs it), and takes the mirror from apt's own configuration.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)

fail()
{
    printf 'error: %s\n' "$*" >&2
    exit 1
}

(($# >= 2)) || fail "usage: tests/debian-root.sh SUITE COMMAND [ARGUMENTS]"
suite=$1
shift
((EUID == 0)) || fail "tests/debian-root.sh makes mounts and devices, so it needs root"
command -v mmdebstrap >/dev/null || fail "mmdebstrap is missing; ./ns3 packages root installs it"

roots=${XDG_CACHE_HOME:-$HOME/.cache}/limitnet/roots
target=$roots/$suite
archives=$roots/packages-$suite
mkdir -p "$roots" "$archives/partial"

# The first mirror that apt uses here, in either of its formats.
mirror=$({
    sed -n 's/^URIs:[[:space:]]*\([^[:space:]]*\).*/\1/p' /etc/apt/sources.list.d/*.sources
    sed -n 's/^deb[[:space:]]\+\(\[[^]]*\][[:space:]]\+\)\?\([^[:space:]]*\).*/\2/p' \
        /etc/apt/sources.list /etc/apt/sources.list.d/*.list
    true
} 2>/dev/null | grep -m 1 '/debian/*$') || mirror=
[[ -n $mirror ]] || fail "apt's configuration names no mirror of Debian (a URI that ends in /debian)"

# A mirror that is a day late is good enough for what moves all the time.
options=()
if [[ $suite == unstable || $suite == sid ]]; then
    options=(--aptopt='Acquire::Check-Valid-Until "false"')
fi
if [[ ! -x $target/bin/bash ]]; then
    rm -rf --one-file-system -- "$target" "$target.new"
    mmdebstrap --quiet --variant=apt --include=bash,git,ca-certificates \
        --aptopt='Binary::apt::APT::Keep-Downloaded-Packages "true"' ${options[@]+"${options[@]}"} \
        "$suite" "$target.new" "deb $mirror $suite main" ||
        fail "mmdebstrap could not make a root of $suite"
    mv "$target.new" "$target"
fi

# Mounts are made in a namespace of their own, which ends with the command: nothing of this
# machine's /dev is in the root, and nothing stays mounted when it is removed.
cat >"$roots/enter-$suite" <<'ENTER'
set -euo pipefail
target=$1 archives=$2 checkout=$3 out=$4
shift 4
mount -t tmpfs -o mode=755 dev "$target/dev"
while read -r name major minor; do
    mknod -m 666 "$target/dev/$name" c "$major" "$minor"
done <<'NODES'
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
NODES
mkdir "$target/dev/shm"
mount -t tmpfs shm "$target/dev/shm"
ln -s /proc/self/fd "$target/dev/fd"
ln -s /proc/self/fd/0 "$target/dev/stdin"
ln -s /proc/self/fd/1 "$target/dev/stdout"
ln -s /proc/self/fd/2 "$target/dev/stderr"
mount -t proc proc "$target/proc"
mount --bind "$archives" "$target/var/cache/apt/archives"
for file in resolv.conf hosts; do
    if [[ -f /etc/$file ]]; then
        cat "/etc/$file" >"$target/etc/$file"
    fi
done
mkdir -p "$target/source" "$target/out" "$target/data" "$target/root"
mount --bind -o ro "$checkout" "$target/source"
mount --bind "$out" "$target/out"
data=()
if [[ -n ${LIMITNET_DATA:-} ]]; then
    mount --bind -o ro "$LIMITNET_DATA" "$target/data"
    data=(LIMITNET_DATA=/data)
fi
# Certificates that this machine trusts beside Debian's own.
certificates=(/usr/local/share/ca-certificates/*.crt)
if [[ -f ${certificates[0]} ]]; then
    cp -- "${certificates[@]}" "$target/usr/local/share/ca-certificates/"
    chroot "$target" update-ca-certificates >/dev/null 2>&1
fi
datasets=${XDG_CACHE_HOME:-$HOME/.cache}/limitnet/datasets
if [[ ${SHARE_DATASETS:-no} == yes && -d $datasets ]]; then
    mkdir -p "$target/root/.cache/limitnet/datasets"
    mount --bind -o ro "$datasets" "$target/root/.cache/limitnet/datasets"
fi
if [[ -f $HOME/.npmrc ]]; then
    install -m 600 "$HOME/.npmrc" "$target/root/.npmrc"
fi
exec chroot "$target" /usr/bin/env -i HOME=/root LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin ${data[@]+"${data[@]}"} \
    bash -c '
        set -euo pipefail
        git config --global --add safe.directory "*"
        cd /root
        if [[ ! -d limitnet ]]; then
            git clone --quiet /source limitnet
        fi
        cd limitnet
        git fetch --quiet /source HEAD
        git reset --quiet --hard FETCH_HEAD
        exec "$@"' bash "$@"
ENTER

if [[ -z ${OUT:-} ]]; then
    OUT=$(mktemp -d)
    trap 'rm -rf -- "$OUT"' EXIT
fi
status=0
unshare --mount --pid --fork --kill-child --propagation private \
    bash "$roots/enter-$suite" "$target" "$archives" "$root" "$OUT" "$@" ||
    status=$?
if [[ ${KEEP_ROOT:-no} != yes ]]; then
    rm -rf --one-file-system -- "$target"
fi
exit "$status"
