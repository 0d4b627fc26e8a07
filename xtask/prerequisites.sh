#!/bin/sh
# Brings what the build, the demo and the tests need and what is not there yet: a Rust toolchain
# that is new enough is only checked, a Go toolchain comes from Debian's packages.
set -eu

# The oldest Rust that builds this workspace: `rust-version` in Cargo.toml.
wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
if ! command -v cargo >/dev/null 2>&1; then
    echo "cargo is not there; install Rust $wanted or newer (rustup, or your distribution)" >&2
    exit 2
fi
have=$(cargo --version | sed 's/^cargo \([0-9.]*\).*/\1/')
oldest=$(printf '%s\n%s\n' "$wanted" "$have" | sort -V | head -n 1)
if [ "$oldest" != "$wanted" ]; then
    echo "Rust $have is too old for Bowline, which needs $wanted; run: rustup update stable" >&2
    exit 2
fi

missing=""
command -v git >/dev/null 2>&1 || missing="$missing git"
command -v cc >/dev/null 2>&1 || missing="$missing gcc libc6-dev"
command -v go >/dev/null 2>&1 || missing="$missing golang-go"
[ -z "$missing" ] && exit 0

install="apt-get install --yes --no-install-recommends$missing"
if [ "$(id -u)" -ne 0 ]; then
    echo "missing:$missing; as root, run: $install" >&2
    exit 2
fi
echo "installing:$missing" >&2
apt-get update --quiet >/dev/null
DEBIAN_FRONTEND=noninteractive $install --quiet >/dev/null
