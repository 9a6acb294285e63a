# For scripts/build_llama (sourced after lib.sh): which instruction sets llama.cpp is compiled with, and whether what comes out is right.

tile_header=$here/cmake/llama/amx_tile_config.h
tile_probe=$here/cmake/llama/probe_tiles.c

# What the processor says of itself; the part that decides what is compiled.
processor_flags() {
    uname -m
    [ ! -r /proc/cpuinfo ] || grep -m1 -E '^(flags|Features)' /proc/cpuinfo || true
}

# tiles_with CXX [OPTION...]: 0 when this compiler sets up and multiplies AMX tiles rightly, else 1. In a process of its own, which may die.
tiles_with() {
    local cxx=$1 dir status=0
    shift
    dir=$(mktemp -d)
    # The subshell keeps bash's "Segmentation fault" to itself.
    if ! "$cxx" -x c++ -O3 -march=native "$@" "$tile_probe" -o "$dir/probe" 2>/dev/null; then
        status=1
    else
        ("$dir/probe" >/dev/null 2>&1; exit $?) 2>/dev/null || status=$?
    fi
    rm -rf "$dir"
    # 77: the compiler does not use AMX here, and so does nothing wrong with it.
    [ $status = 0 ] || [ $status = 77 ]
}

# tiles CXX: how AMX tiles come out right: "none" (the processor has none), "compiler" (as it is), "header" (with amx_tile_config.h included
# first), "off" (not at all). BIFORGET_TILES=compiler|header|off decides for the tests of this file.
tiles() {
    if [ -n "${BIFORGET_TILES:-}" ]; then
        printf '%s\n' "$BIFORGET_TILES"
    elif ! processor_flags | grep -qw amx_tile; then
        printf 'none\n'
    elif tiles_with "$1"; then
        printf 'compiler\n'
    elif tiles_with "$1" -include "$tile_header"; then
        printf 'header\n'
    else
        printf 'off\n'
    fi
}

# Sets of instructions, the fastest first; each leaves out more. Those that this processor has nothing of are left out.
instruction_sets() {
    printf 'all\n'
    case $(uname -m) in
    x86_64 | amd64)
        if processor_flags | grep -qw amx_tile; then printf 'no-amx\n'; fi
        if processor_flags | grep -qw avx512f; then printf 'no-avx512\n'; fi
        if processor_flags | grep -qw avx2; then printf 'avx2\n'; fi
        ;;
    esac
    printf 'plain\n'
}

# What a set leaves out that the one before it has, for people.
left_out_by() {
    case $1 in
    no-amx) printf 'AMX\n' ;;
    no-avx512) printf 'AVX-512\n' ;;
    avx2) printf 'everything newer than AVX2\n' ;;
    plain) printf 'everything beyond the basic instructions\n' ;;
    esac
}

# Compiler flags of a set, which come after ggml's own.
flags_of_set() {
    local no_amx='-mno-amx-tile -mno-amx-int8 -mno-amx-bf16'
    case $1 in
    no-amx) printf '%s\n' "$no_amx" ;;
    no-avx512) printf '%s\n' "$no_amx -mno-avx512f" ;;
    *) printf '\n' ;;
    esac
}

# CMake options of a set, one a line. All are named, because what an earlier set has set stays in the build folder.
options_of_set() {
    local native=ON avx2=OFF one
    case $1 in
    avx2) native=OFF avx2=ON ;;
    plain) native=OFF ;;
    esac
    printf '%s\n' "-DGGML_NATIVE=$native"
    for one in SSE42 AVX AVX2 BMI2 FMA F16C; do printf '%s\n' "-DGGML_$one=$avx2"; done
}

# self_test CONFIG_DIR BUILD_DIR CC CXX: the kernels of the llama.cpp whose CMake files lie in CONFIG_DIR, beside plain C, in a process of
# its own. Prints one line, what was tested or what is wrong. 0 = right, 1 = wrong or dead, 2 = the test could not be built.
self_test() {
    local config=$1 dir=$2 status=0 said generator=()
    rm -rf "$dir" # of another folder of sources, perhaps: CMake refuses to go from one to the other
    if command -v ninja >/dev/null 2>&1; then generator=(-G Ninja); fi
    rm -rf "$dir" # another checkout may have built there, and CMake takes no second source folder
    if ! { cmake -S "$here/cmake/llama/self_test" -B "$dir" "${generator[@]}" -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER="$3" \
        -DCMAKE_CXX_COMPILER="$4" -Dllama_DIR="$config" -Dggml_DIR="$(dirname "$config")/ggml" && cmake --build "$dir"; } \
        >"$dir.log" 2>&1; then
        printf 'its self-test could not be built (%s)\n' "$dir.log"
        return 2
    fi
    said=$(exec 2>/dev/null; "$dir/self_test" "$(cd "$config/../../.." && pwd)/lib") || status=$?
    if [ $status -gt 128 ]; then said="signal $((status - 128)) ended it before its first product"; fi
    printf '%s\n' "${said:-it ended with code $status and said nothing}"
    [ $status = 0 ]
}

# Of the self-test's sources: a library that passed another one is tested again.
self_test_version() {
    local file
    for file in "$here"/cmake/llama/self_test/* "$here"/src/engine/kernels.[ch] "$here"/src/base/apart.[ch]; do sha256_of "$file"; done |
        { sha256sum 2>/dev/null || shasum -a 256; } | cut -c1-12
}

# macros CXX OPTION...: what the compiler takes the processor for, "__AVX2__ __FMA__ ...".
macros() {
    local cxx=$1
    shift
    printf '' | "$cxx" -x c++ "$@" -dM -E - | sed -n 's/^#define \(__[A-Z0-9_]*__\) 1$/\1/p' |
        grep -E '^__(SSE|SSSE|AVX|AMX|FMA|F16C|BMI|LZCNT|POPCNT|MOVBE|GFNI|VAES|VPCLMUL|ARM_FEATURE)' | LC_ALL=C sort | tr '\n' ' ' | sed 's/ $//'
}

json_text() { printf '%s' "$1" | tr '\n\t' '  ' | sed 's/\\/\\\\/g; s/"/\\"/g'; }

# cpu_record TILES SET LEFT_OUT WHY TESTED MACROS: the file that says what was decided; cmake/llama.cmake reads it.
cpu_record() {
    printf '{"tiles": "%s", "set": "%s", "left_out": "%s", "why": "%s", "tested": "%s", "macros": "%s"}\n' \
        "$(json_text "$1")" "$(json_text "$2")" "$(json_text "$3")" "$(json_text "$4")" "$(json_text "$5")" "$(json_text "$6")"
}
