#!/usr/bin/env bash
# A portable build (make CPU=portable) on processors that this machine does not have: emulated ones (qemu-user). Each has to choose the
# kernels of its generation and to compute what the unit tests want. Last the machine's own processor, which may be newer than any that
# the emulator knows.
#
#   tests/portable/run.sh FOLDER        of a portable build with its tests; `make test-portable` builds one and calls this
#
# The emulator does vector instructions one number at a time: an old processor takes half a minute, Haswell some minutes.
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

build=$(cd "${1:?usage: tests/portable/run.sh FOLDER}" && pwd)
[ "$(uname -m)" = x86_64 ] || die "this test emulates x86-64 processors on x86-64"
command -v qemu-x86_64 >/dev/null 2>&1 || die "qemu-x86_64 is missing: install qemu-user"
# Older ones have no AVX2.
version=$(qemu-x86_64 --version | sed -n '1s/.*version \([0-9]*\.[0-9]*\).*/\1/p')
[ "$(printf '7.2\n%s\n' "$version" | sort -V | head -n 1)" = 7.2 ] || die "qemu-x86_64 is version ${version:-unknown}: Haswell needs 7.2 or later"
# The program would start itself again to set it, and the second process would not be emulated.
export GOMP_SPINCOUNT=5000 OMP_NUM_THREADS=2 BIFORGET_SOURCE=$here
out=$(mktemp)
trap 'rm -f "$out"' EXIT

# expect LLAMA TRAINING COMMAND...: doctor chooses these kernels.
expect() {
    local llama=$1 training=$2
    shift 2
    "$@" "$build/biforget" doctor >"$out" 2>&1 || { cat "$out" >&2; die "doctor failed: $*"; }
    grep -qx "  kernels of llama.cpp: $llama, chosen for this processor" "$out" || { cat "$out" >&2; die "not llama.cpp's kernels $llama: $*"; }
    grep -qx "  kernels of training: $training" "$out" || { cat "$out" >&2; die "not the kernels $training for training: $*"; }
    note "kernels: $llama, $training"
}
# units NAMES COMMAND...
units() {
    local names=$1 name
    shift
    for name in $names; do
        "$@" "$build/tests/unit_$name" >"$out" 2>&1 || { cat "$out" >&2; die "unit.$name failed: $*"; }
        note "unit.$name passes"
    done
}

# The products, attention and losses of training, llama.cpp's own forward pass, similarity, sampling.
all="matmul graph graph_llama graph_autodiff losses optimizer similar sampler_golden quality_diversity"
say "Core 2 Duo (2006: SSSE3)"
expect x64 "128-bit vectors" qemu-x86_64 -cpu core2duo
units "$all" qemu-x86_64 -cpu core2duo
say "Nehalem (2008: SSE4.2)"
expect sse42 "128-bit vectors" qemu-x86_64 -cpu Nehalem
units "matmul graph_autodiff similar" qemu-x86_64 -cpu Nehalem
say "Haswell (2013: AVX2 and FMA)"
expect haswell AVX2 qemu-x86_64 -cpu Haswell
units "matmul graph_autodiff similar" qemu-x86_64 -cpu Haswell
say "an installed tree that was moved"
moved=$(mktemp -d)
trap 'rm -rf "$out" "$moved"' EXIT
cmake --install "$build" --prefix "$moved/here" >"$out" 2>&1 || { cat "$out" >&2; die "it cannot be installed"; }
mv "$moved/here" "$moved/there"
"$moved/there/bin/biforget" doctor >"$out" 2>&1 || { cat "$out" >&2; die "doctor failed in the moved tree"; }
grep -qE '^  kernels +[0-9]+ products' "$out" || { cat "$out" >&2; die "no kernels were found in the moved tree"; }
note "its libraries are found beside it"
say "this machine: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
"$build/biforget" doctor | grep '^  kernels' >&2
units "$all" env
