#!/bin/sh
# Installs what the distribution must provide, and only what is missing: tools/system.sh database | browser | python
set -eu

say() { printf '\033[1m==> %s\033[0m\n' "$*"; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"
    elif command -v sudo >/dev/null 2>&1; then sudo "$@"
    else
        echo "This step needs root or sudo: $*" >&2
        exit 1
    fi
}

# apt_install PACKAGE...: also repairs a package run that was cut off half-way.
apt_install() {
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "No apt-get here. Install by hand: $*  (README, 'Other systems')" >&2
        exit 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    as_root dpkg --configure -a
    if [ -z "$(find /var/lib/apt/lists -name '*_Packages*' -mtime -1 2>/dev/null | head -n 1)" ]; then
        as_root apt-get update -qq
    fi
    say "installing $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        -o Dpkg::Use-Pty=0 "$@" >/dev/null
}

has_postgis() {
    for initdb in /usr/lib/postgresql/*/bin/initdb; do
        [ -x "$initdb" ] || continue
        version=$(basename "$(dirname "$(dirname "$initdb")")")
        [ "$version" -ge 15 ] && [ -e "/usr/share/postgresql/$version/extension/postgis.control" ] && return 0
    done
    if command -v pg_config >/dev/null 2>&1; then
        [ -x "$(pg_config --bindir)/initdb" ] && [ -e "$(pg_config --sharedir)/extension/postgis.control" ] && return 0
    fi
    return 1
}

database() {
    [ -n "${CITYBRAIN_DATABASE_URL:-}" ] && return 0
    has_postgis && return 0
    apt_install postgresql-common
    package=$(apt-cache search --names-only '^postgresql-[0-9]+-postgis-3$' | cut -d' ' -f1 | sort -V | tail -n 1)
    if [ -z "$package" ]; then
        echo "This distribution offers no postgresql-NN-postgis-3 package." >&2
        exit 1
    fi
    # Debian would make and start a server of its own on installation; the private cluster is all we want.
    conf=/etc/postgresql-common/createcluster.d/citybrain-no-main-cluster.conf
    as_root mkdir -p "$(dirname "$conf")"
    echo "create_main_cluster = false" | as_root tee "$conf" >/dev/null
    trap 'as_root rm -f "$conf"' EXIT INT TERM
    apt_install "${package%-postgis-3}" "$package"
}

browser() {
    command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list ':lang=zh' 2>/dev/null | head -n 1)" ] || apt_install fontconfig fonts-noto-cjk
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    [ -n "$(find "${HOME:-/nonexistent}/.cache/ms-playwright" -name chrome -type f 2>/dev/null | head -n 1)" ] && return 0
    if apt-cache show chromium 2>/dev/null | grep -q '^Version:.*snap'; then
        say "installing Chromium through Playwright (this distribution ships it as a snap only)"
        .venv/bin/playwright install --with-deps chromium
    else
        apt_install chromium
    fi
}

# Debian keeps the module that makes virtual environments in a package of its own.
python() {
    python3 -c 'import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return 0
    apt_install python3-venv
}

case "${1:-}" in
    database|browser|python) "$1" ;;
    *) echo "usage: tools/system.sh database | browser | python" >&2; exit 2 ;;
esac
