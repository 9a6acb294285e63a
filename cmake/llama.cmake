# The target `llama`: the machine's own llama.cpp when it offers the interface that src/engine is written against, else the
# pinned one, built once into the cache by scripts/build_llama.

# Clang looks for its own OpenMP library; the one that llama.cpp was built against by the system's compiler does as well.
if(CMAKE_C_COMPILER_ID MATCHES "Clang" AND NOT APPLE)
    find_package(OpenMP QUIET)
    if(NOT OpenMP_C_FOUND)
        execute_process(COMMAND cc -print-file-name=libgomp.so OUTPUT_VARIABLE gomp OUTPUT_STRIP_TRAILING_WHITESPACE)
        foreach(lang C CXX)
            set(OpenMP_${lang}_FLAGS "-fopenmp=libgomp" CACHE STRING "" FORCE)
            set(OpenMP_${lang}_LIB_NAMES "gomp" CACHE STRING "" FORCE)
        endforeach()
        set(OpenMP_gomp_LIBRARY "${gomp}" CACHE FILEPATH "" FORCE)
    endif()
endif()

# A second configure run must not take our own from the run before for the machine's.
string(FIND "${llama_DIR}" "${bf_cache}/llama/" ours)
if(ours EQUAL 0)
    unset(llama_DIR CACHE)
    unset(ggml_DIR CACHE)
    unset(llama_LIBRARY CACHE)
endif()
set(BIFORGET_LLAMA_FITS OFF)
if(BIFORGET_SYSTEM_LLAMA AND NOT BIFORGET_GPU AND BIFORGET_CPU STREQUAL "native")
    add_subdirectory(cmake/probe_llama)
endif()

if(BIFORGET_LLAMA_FITS)
    find_package(llama CONFIG REQUIRED)
else()
    # The compiler of this build directory may be a sanitizer's or a fuzzer's: the library keeps to the system's.
    execute_process(
        COMMAND ${CMAKE_COMMAND} -E env --unset=CC --unset=CXX --unset=CFLAGS --unset=CXXFLAGS --unset=LDFLAGS
                "GPU=${BIFORGET_GPU}" "BIFORGET_CPU=${BIFORGET_CPU}" "${PROJECT_SOURCE_DIR}/scripts/build_llama"
        OUTPUT_VARIABLE prefix OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "llama.cpp could not be built: see the messages above")
    endif()
    # Looked up anew and first: a prefix found earlier may belong to another version, and a library of the machine may lie on the path.
    set(CMAKE_PREFIX_PATH "${prefix}" ${CMAKE_PREFIX_PATH})
    unset(llama_DIR CACHE)
    unset(ggml_DIR CACHE)
    unset(llama_LIBRARY CACHE)
    find_package(llama CONFIG REQUIRED PATHS "${prefix}" NO_DEFAULT_PATH)
endif()
message(STATUS "llama.cpp ${LLAMA_VERSION}: ${llama_DIR}")

# What scripts/build_llama has decided about instruction sets, for `biforget doctor`.
set(BF_LLAMA_TILES "")
set(BF_LLAMA_LEFT_OUT "")
set(BF_LLAMA_WHY "")
set(BF_LLAMA_TESTED "${BIFORGET_LLAMA_TESTED}")
set(BF_LLAMA_MACROS "")
if(NOT BIFORGET_LLAMA_FITS AND EXISTS "${prefix}/share/biforget/cpu.json")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${prefix}/share/biforget/cpu.json")
    file(READ "${prefix}/share/biforget/cpu.json" record)
    foreach(key tiles left_out why tested macros)
        string(JSON value GET "${record}" ${key})
        string(REGEX REPLACE "([\\\"])" "\\\\\\1" value "${value}")
        string(TOUPPER ${key} name)
        set(BF_LLAMA_${name} "${value}")
    endforeach()
endif()
configure_file(src/base/built_for.h.in generated/base/built_for.h)

# llama.cpp's Jinja engine, which no installed llama.cpp comes with.
set(bf_llama_source "$ENV{BIFORGET_LLAMA_SOURCE}")
if(bf_llama_source STREQUAL "")
    execute_process(COMMAND "${PROJECT_SOURCE_DIR}/scripts/build_llama" --source
                    OUTPUT_VARIABLE bf_llama_source OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
execute_process(
    COMMAND ${CMAKE_COMMAND} -E env --unset=CC --unset=CXX --unset=CFLAGS --unset=CXXFLAGS --unset=LDFLAGS
            "BIFORGET_LLAMA_SOURCE=${bf_llama_source}" "${PROJECT_SOURCE_DIR}/scripts/build_jinja"
    OUTPUT_VARIABLE jinja OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE status)
if(NOT status EQUAL 0)
    message(FATAL_ERROR "llama.cpp's Jinja engine could not be built: see the messages above")
endif()
add_library(llama_jinja STATIC IMPORTED)
set_target_properties(llama_jinja PROPERTIES IMPORTED_LOCATION "${jinja}/libllama-jinja.a"
                      INTERFACE_INCLUDE_DIRECTORIES "${jinja}/include" INTERFACE_LINK_LIBRARIES llama)
