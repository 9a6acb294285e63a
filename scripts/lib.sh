# Shared by the scripts beside it (sourced, bash). One line per step on stderr; stdout is left to results.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "==> $*" >&2; }
note() { printf '%s\n' "    $*" >&2; }
die() {
    printf '%s\n' "error: $*" >&2
    exit 1
}

# The same rule as bf_cache_dir() in src/base/file.h.
cache_dir() {
    if [ -n "${BIFORGET_CACHE:-}" ]; then
        printf '%s\n' "$BIFORGET_CACHE"
    elif [ -n "${XDG_CACHE_HOME:-}" ]; then
        printf '%s\n' "$XDG_CACHE_HOME/biforget"
    elif [ -n "${HOME:-}" ]; then
        printf '%s\n' "$HOME/.cache/biforget"
    else
        die "no cache folder: set BIFORGET_CACHE or HOME"
    fi
}
cache=$(cache_dir)

sha256_of() {
    if command -v sha256sum >/dev/null 2>&1; then
        sha256sum "$1" | cut -d' ' -f1
    else
        shasum -a 256 "$1" | cut -d' ' -f1
    fi
}

# Two jobs that fill the same cache entry take turns. The lock goes with the process, so a killed job leaves none.
lock_cache() {
    mkdir -p "$cache"
    exec 9>"$cache/$1.lock"
    if command -v flock >/dev/null 2>&1; then
        flock -n 9 || { note "waiting for another job that is filling the cache"; flock 9; }
    fi
}

# A python of our own in the cache: a distribution's python refuses to be installed into, and old ones have an old pip.
cache_python() {
    local venv=$cache/venv
    if [ ! -e "$venv/complete" ] || [ ! -x "$venv/bin/python" ]; then
        command -v python3 >/dev/null 2>&1 || die "python3 is missing: run 'make setup'"
        rm -rf "$venv"
        mkdir -p "$cache"
        python3 -m venv "$venv" >&2 || die "cannot make a python environment: install python3-venv"
        touch "$venv/complete"
    fi
    printf '%s\n' "$venv/bin/python"
}

# pip_fetch DIR NAME VERSION SHA256 [pip options]: one pinned file into DIR, from wherever pip is set up to look. It
# arrives in a scratch folder and is renamed only after its hash is checked: a file in DIR is always whole.
# The file's path goes to stdout.
pip_fetch() {
    local dir=$1 name=$2 version=$3 sha=$4 scratch file
    shift 4
    mkdir -p "$dir"
    scratch=$(mktemp -d "$dir/.fetch.XXXXXX")
    printf '%s==%s --hash=sha256:%s\n' "$name" "$version" "$sha" >"$scratch/requirements.txt"
    if ! "$(cache_python)" -m pip --no-input --disable-pip-version-check download --quiet --no-cache-dir --no-deps \
        --require-hashes --progress-bar off --dest "$scratch/out" "$@" -r "$scratch/requirements.txt" >&2; then
        rm -rf "$scratch"
        die "cannot download $name $version: see pip's message above; check the network and pip's index settings"
    fi
    file=$(find "$scratch/out" -type f | head -n 1)
    if [ -z "$file" ] || [ "$(sha256_of "$file")" != "$sha" ]; then
        rm -rf "$scratch"
        die "$name $version arrived with another sha256 than $sha: not used"
    fi
    mv -f "$file" "$dir/"
    rm -rf "$scratch"
    printf '%s\n' "$dir/$(basename "$file")"
}
