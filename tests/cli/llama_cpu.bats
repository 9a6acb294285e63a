# What scripts/build_llama decides about instruction sets: with the compiler and the processor at hand.
load helper

setup() {
    . "$BIFORGET_SOURCE/scripts/lib.sh"
    . "$BIFORGET_SOURCE/scripts/llama_cpu.sh"
    set +e
}

@test "each set of instructions leaves out what it says" {
    [ "$(instruction_sets | head -n 1)" = all ]
    [ "$(instruction_sets | tail -n 1)" = plain ]
    [ "$(left_out_by no-amx)" = AMX ]
    case $(uname -m) in x86_64) ;; *) skip "not an x86-64" ;; esac
    local all no_amx no_avx512
    all=$(macros cc -march=native)
    # shellcheck disable=SC2046  # words
    no_amx=$(macros cc -march=native $(flags_of_set no-amx))
    # shellcheck disable=SC2046
    no_avx512=$(macros cc -march=native $(flags_of_set no-avx512))
    [[ $no_amx != *AMX* ]]
    [[ $no_avx512 != *AMX* && $no_avx512 != *AVX512* ]]
    # nothing else goes
    [ "$(tr ' ' '\n' <<<"$all" | grep -v AMX)" = "$(tr ' ' '\n' <<<"$no_amx")" ]
    [[ $all != *__AVX2__* || $no_avx512 == *__AVX2__* ]]
    options_of_set avx2 | grep -qx -- -DGGML_NATIVE=OFF
    options_of_set avx2 | grep -qx -- -DGGML_AVX2=ON
    options_of_set plain | grep -qx -- -DGGML_AVX2=OFF
}

@test "tiles are multiplied before anything is built, and a compiler that gets them wrong is not used as it is" {
    if ! processor_flags | grep -qw amx_tile; then
        [ "$(tiles c++)" = none ]
        skip "a processor without AMX"
    fi
    case $(tiles c++) in
    compiler) tiles_with c++ ;;
    header) ! tiles_with c++ && tiles_with c++ -include "$tile_header" ;;
    *) false ;;
    esac
    # a compiler that cannot compile at all
    [ "$(tiles false)" = off ]
}

@test "what was decided is a file that says it" {
    cpu_record header no-amx AMX 'a "fault" of C:\x' '12 products' '__AVX2__' | json 'd["why"] + d["left_out"]' | grep -qxF 'a "fault" of C:\xAMX'
}

@test "another checkout tests the same library again" {
    local prefix copy=$BATS_TEST_TMPDIR/copy
    prefix=$(env -u CC -u CXX -u CFLAGS -u CXXFLAGS -u LDFLAGS "$BIFORGET_SOURCE/scripts/build_llama")
    mkdir -p "$copy/cmake/llama" "$copy/src"
    cp -R "$BIFORGET_SOURCE/cmake/llama/self_test" "$copy/cmake/llama/"
    cp -R "$BIFORGET_SOURCE/src/base" "$BIFORGET_SOURCE/src/engine" "$copy/src/"
    for here in "$BIFORGET_SOURCE" "$copy"; do
        run self_test "$prefix/lib/cmake/llama" "$BATS_TEST_TMPDIR/self_test" "${CC:-cc}" "${CXX:-c++}"
        [ "$status" = 0 ]
        [[ $output == *" products"* ]]
    done
}

@test "make takes CPU from its command line, not from the environment" {
    cd "$BIFORGET_SOURCE"
    # shellcheck disable=SC2016  # of make
    show() { env -u MAKEFLAGS "$@" --no-print-directory --eval='show: ; @echo $$BIFORGET_CPU' show; }
    [ "$(show env CPU=x86_64 make)" = native ]
    [ "$(show make CPU=portable)" = portable ]
}
