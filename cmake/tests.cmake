# Every test file is found by its place: a new one needs no line here. All of it may be empty.
#   tests/unit/test_NAME.c    one cmocka program each            ctest unit.NAME
#   tests/model/test_NAME.c   the same, with a real model        ctest model.NAME, label model
#   tests/cli/NAME.bats       the program from outside           ctest cli.NAME
#   tests/fault/NAME.bats|sh  the k-th call fails, kills         ctest fault.NAME, label fault
#   tests/fault/test_NAME.c   the same as a cmocka program, with the scripted engine beside it
#   tests/browser/NAME.bats   in a real browser                  ctest browser.NAME, not with sanitizers: the page is the same
#   tests/fuzz/fuzz_NAME.c    a libFuzzer target; without the fuzzer, replayed on its corpus: ctest fuzz.NAME
set(tests "${PROJECT_SOURCE_DIR}/tests")

set(bf_test_env
    "BIFORGET=${CMAKE_BINARY_DIR}/biforget"
    "BIFORGET_SOURCE=${PROJECT_SOURCE_DIR}"
    "BIFORGET_TEST_MODEL=${BIFORGET_MODELS}/smollm2-135m-instruct-q4_0.gguf"
    "BIFORGET_TINY_GGUF=${CMAKE_BINARY_DIR}/tests/tiny_gguf"
    "BIFORGET_LAB_PAGE_FILE=${CMAKE_BINARY_DIR}/tests/lab_page_file"
    "BIFORGET_LLAMA_SOURCE=${bf_llama_source}"
    "BIFORGET_TEST_EMBEDDER=${BIFORGET_MODELS}/all-minilm-l6-v2-f32.gguf"
    "ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1"
    "UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1"
    "TSAN_OPTIONS=suppressions=${tests}/tsan.supp:halt_on_error=1:second_deadlock_stack=1"
    # Spin briefly, as the program itself asks for.
    "GOMP_SPINCOUNT=5000")
# Where scripts/build_llama --server leaves llama-server: beside the folder of the library. With the machine's own library it is
# elsewhere in the cache, and scripts/run_tests says where.
if(NOT BIFORGET_LLAMA_FITS)
    get_filename_component(bf_llama_root "${llama_DIR}/../../../.." ABSOLUTE)
    list(APPEND bf_test_env "BIFORGET_LLAMA_SERVER=${bf_llama_root}/llama-server")
endif()
if(BIFORGET_COVERAGE)
    # A process that cannot write its counts (a full disk is a test) would say so where a test reads the program's own words.
    list(APPEND bf_test_env "GCOV_ERROR_FILE=${CMAKE_BINARY_DIR}/gcov-errors")
endif()
if(BIFORGET_SANITIZE MATCHES "thread")
    # llama.cpp's threads are not instrumented, and each of their false races takes a look at the suppressions: a test of a
    # minute took a quarter of an hour. What is checked is our code.
    list(APPEND bf_test_env "OMP_THREAD_LIMIT=1")
endif()

# Long tests that bring a checker nothing which shorter ones do not: what a kill leaves behind, what Python makes of exports, and of the
# scripts what is tagged "slow".
set(bf_plain_only)
if(BIFORGET_SANITIZE)
    list(APPEND bf_plain_only cli.consumers cli.lab_tiny cli.parity fault.kill9 fault.unlearn_kill9)
endif()

# What ThreadSanitizer checks: whatever starts threads (base/workers.h and its users in quality/, graph/ and unlearn/, and the engine on a server with
# its connections), what is built on that, and one command of each kind. The rest of the program has one thread.
set(bf_threaded
    unit.graph unit.graph_autodiff unit.graph_errors unit.graph_input unit.graph_llama unit.matmul
    unit.quality_relevance unit.quality_statistics unit.quality_tsne unit.quality_diversity unit.instance_stream unit.lock unit.log
    unit.similar unit.api_options unit.api_body unit.api_parse fault.many fault.resume fault.stream fault.synth
    model.engine_api model.training model.continuations cli.api cli.run)

# The longest, which begin first: two run side by side, and the last should not run alone.
set(bf_long cli.lab_tiny fault.kill9 cli.consumers cli.quality cli.requests model.training cli.eval cli.then browser.report cli.lab)

# bf_test(NAME LABEL COMMAND...)
function(bf_test name label)
    set_property(GLOBAL APPEND PROPERTY bf_tests ${name}) # also when it is left out below
    if(name IN_LIST bf_plain_only OR (BIFORGET_SANITIZE MATCHES "thread" AND NOT name IN_LIST bf_threaded))
        return()
    endif()
    add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
    set_tests_properties(${name} PROPERTIES ENVIRONMENT "${bf_test_env}" LABELS ${label} TIMEOUT 900)
    if(name IN_LIST bf_long)
        set_tests_properties(${name} PROPERTIES COST 100)
    endif()
    if(BIFORGET_COVERAGE OR BIFORGET_SANITIZE MATCHES "thread")
        set_tests_properties(${name} PROPERTIES TIMEOUT 1800)
    elseif(name STREQUAL "model.engine")
        # The one that needs all threads: they fill two cores.
        set_tests_properties(${name} PROPERTIES PROCESSORS 2)
    elseif(NOT label STREQUAL "unit")
        # Two tests of one thread each, side by side, are done sooner than one of two threads, which wait for each other wherever the
        # machine does something else, too. One thread computes the same bits.
        set_tests_properties(${name} PROPERTIES ENVIRONMENT "${bf_test_env};OMP_THREAD_LIMIT=1")
    endif()
endfunction()

# With libFuzzer only its targets are built: the rest runs in the other presets.
set(kinds unit model fault)
set(script_kinds cli fault)
if(NOT BIFORGET_SANITIZE)
    list(APPEND script_kinds browser)
endif()
if(BIFORGET_FUZZ)
    set(kinds "")
    set(script_kinds "")
endif()

foreach(kind IN LISTS kinds)
    file(GLOB sources CONFIGURE_DEPENDS "${tests}/${kind}/test_*.c")
    foreach(source IN LISTS sources)
        get_filename_component(name "${source}" NAME_WE)
        string(REPLACE "test_" "" short "${name}")
        set(target ${kind}_${short})
        if(BIFORGET_SANITIZE MATCHES "thread" AND NOT "${kind}.${short}" IN_LIST bf_threaded)
            set_property(GLOBAL APPEND PROPERTY bf_tests ${kind}.${short})
            continue()
        endif()
        add_executable(${target} "${source}")
        bf_our_code(${target})
        target_include_directories(${target} PRIVATE "${tests}/unit")
        if(kind STREQUAL "fault")
            target_sources(${target} PRIVATE "${tests}/fault/engine_script.c")
        endif()
        # Some write a model of their own, or compare with llama.cpp itself.
        target_include_directories(${target} SYSTEM PRIVATE $<TARGET_PROPERTY:llama,INTERFACE_INCLUDE_DIRECTORIES>)
        target_link_libraries(${target} PRIVATE biforget_core PkgConfig::cmocka)
        set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
        bf_test(${kind}.${short} ${kind} ${target})
    endforeach()
endforeach()

# A new command, export format, task of eval, section of the report is one file and one row: unit.rows gets the files of tests/rows, their rows
# in copies of the headers, and the files with the tables compiled with these. Everything else is the library's.
set(bf_row_headers "${CMAKE_BINARY_DIR}/generated/rows")
function(bf_add_row header macro row)
    set(from "${PROJECT_SOURCE_DIR}/src/${header}")
    set_property(DIRECTORY "${PROJECT_SOURCE_DIR}" APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${from}")
    file(READ "${from}" text)
    string(REGEX REPLACE "(#define ${macro}\\(X\\)[^\n]*\\\\\n([^\n]*\\\\\n)*[^\n]*)" "\\1 ${row}" changed "${text}")
    if(changed STREQUAL text)
        message(FATAL_ERROR "cmake/tests.cmake finds no rows of ${macro} in ${from}")
    endif()
    file(WRITE "${bf_row_headers}/${header}.new" "${changed}")
    configure_file("${bf_row_headers}/${header}.new" "${bf_row_headers}/${header}" COPYONLY)
endfunction()
if(TARGET unit_rows)
    bf_add_row(cmd/cmd.h BF_COMMANDS "X(bf_cmd_hello)")
    bf_add_row(export/export_format.h BF_EXPORT_FORMATS "X(\"shout\", false, bf_export_shout)")
    bf_add_row(eval/eval_task.h BF_EVAL_TASKS "X(\"files\", bf_eval_task_files)")
    bf_add_row(report/page_internal.h BF_PAGE_SECTIONS "X(\"greeting\", bf_page_greeting)")
    file(GLOB sources CONFIGURE_DEPENDS "${tests}/rows/*.c")
    target_sources(unit_rows PRIVATE ${sources} src/cmd/commands.c src/export/export.c src/eval/eval_task.c src/report/page_data.c)
    target_include_directories(unit_rows BEFORE PRIVATE "${bf_row_headers}")
endif()

# What scripts need: a small model with a real tokenizer, for those that train; an experiment's page out of its results.
if(kinds)
    foreach(tool tiny_gguf lab_page_file)
        add_executable(${tool} "${tests}/unit/${tool}.c")
        bf_our_code(${tool})
        target_include_directories(${tool} PRIVATE "${tests}/unit")
        target_include_directories(${tool} SYSTEM PRIVATE $<TARGET_PROPERTY:llama,INTERFACE_INCLUDE_DIRECTORIES>)
        target_link_libraries(${tool} PRIVATE biforget_core PkgConfig::cmocka)
        set_target_properties(${tool} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
    endforeach()
endif()

foreach(kind IN LISTS script_kinds)
    file(GLOB scripts CONFIGURE_DEPENDS "${tests}/${kind}/*.bats" "${tests}/${kind}/*.sh")
    foreach(script IN LISTS scripts)
        get_filename_component(name "${script}" NAME_WE)
        if(script MATCHES "\\.bats$" AND BIFORGET_SANITIZE)
            bf_test(${kind}.${name} ${kind} bats --timing --filter-tags !slow "${script}")
        elseif(script MATCHES "\\.bats$")
            bf_test(${kind}.${name} ${kind} bats --timing "${script}")
        else()
            bf_test(${kind}.${name} ${kind} bash "${script}")
        endif()
    endforeach()
endforeach()

file(GLOB sources CONFIGURE_DEPENDS "${tests}/fuzz/fuzz_*.c")
if(BIFORGET_SANITIZE MATCHES "thread")
    set(sources "") # they are replayed with the other sanitizers
endif()
foreach(source IN LISTS sources)
    get_filename_component(target "${source}" NAME_WE)
    string(REPLACE "fuzz_" "" short "${target}")
    add_executable(${target} "${source}")
    bf_our_code(${target})
    target_link_libraries(${target} PRIVATE biforget_core)
    # libFuzzer calls it by name, so there is no header to declare it in.
    target_compile_options(${target} PRIVATE -Wno-missing-prototypes)
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/fuzzers")
    if(BIFORGET_FUZZ)
        target_link_options(${target} PRIVATE -fsanitize=fuzzer)
        bf_test(fuzz.${short} fuzz ${target} -runs=1000 -seed=1)
    else()
        target_sources(${target} PRIVATE "${tests}/fuzz/replay_main.c")
        bf_test(fuzz.${short} fuzz ${target} "${tests}/fuzz/corpus/${short}")
    endif()
endforeach()

bf_test(layers.includes unit bash "${PROJECT_SOURCE_DIR}/tools/check_layers.sh")
bf_test(layers.self_test unit bash "${PROJECT_SOURCE_DIR}/tools/check_layers.sh" --self-test)
if(NOT BIFORGET_SANITIZE AND NOT BIFORGET_FUZZ)
    bf_test(layers.symbols unit python3 "${PROJECT_SOURCE_DIR}/tools/check_symbols.py" "${CMAKE_BINARY_DIR}")
endif()
bf_test(layers.words unit python3 "${PROJECT_SOURCE_DIR}/tools/check_words.py")
bf_test(layers.words_self_test unit python3 "${PROJECT_SOURCE_DIR}/tools/check_words.py" --self-test)

# A name in one of the lists that is not a test's: a test was renamed and runs there no more. (With libFuzzer there are no tests but its own.)
if(kinds)
    get_property(bf_tests GLOBAL PROPERTY bf_tests)
    foreach(name IN LISTS bf_plain_only bf_threaded bf_long)
        if(NOT name IN_LIST bf_tests AND NOT (name MATCHES "^browser\\." AND BIFORGET_SANITIZE))
            message(FATAL_ERROR "cmake/tests.cmake names the test '${name}', which does not exist: mend its lists")
        endif()
    endforeach()
endif()
