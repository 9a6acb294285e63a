# CPU=portable: everything is compiled for any processor of the architecture, and what takes the time is compiled again for newer
# ones. Which of these runs is decided at run time: of llama.cpp's by the CPU backend that src/engine/llama_backends.c loads, of ours
# by src/graph/matmul.c and, for loops marked BF_CLONES (src/base/clones.h), by the dynamic linker.

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    # Exactly the flags that matmul.c asks the processor for.
    set(bf_avx2 -mavx2 -mfma)
    set(bf_avx512 ${bf_avx2} -mavx512f -mavx512bw -mavx512cd -mavx512dq -mavx512vl)
    set(bf_avx512_bf16 ${bf_avx512} -mavx512bf16)
    foreach(unit baseline avx2 avx512 avx512_bf16)
        add_library(bf_kernel_${unit} OBJECT src/graph/matmul_kernel.c)
        bf_our_code(bf_kernel_${unit})
        target_compile_definitions(bf_kernel_${unit} PRIVATE "BF_KERNEL=bf_kernel_${unit}")
        target_compile_options(bf_kernel_${unit} PRIVATE ${bf_${unit}})
        target_sources(biforget_core PRIVATE $<TARGET_OBJECTS:bf_kernel_${unit}>)
    endforeach()
    set_property(SOURCE src/graph/matmul.c APPEND PROPERTY COMPILE_DEFINITIONS BF_KERNELS_X86)

    # A sanitizer is not ready yet when the dynamic linker chooses.
    if(NOT BIFORGET_SANITIZE)
        include(CheckCSourceCompiles)
        set(CMAKE_REQUIRED_FLAGS "-Werror")
        foreach(targets "\"arch=x86-64-v4\", \"arch=x86-64-v3\", \"default\"" "\"avx512f\", \"avx2\", \"default\"")
            string(MAKE_C_IDENTIFIER "BF_CLONES_${targets}" works)
            check_c_source_compiles("
                __attribute__((target_clones(${targets}))) static int twice(int x) { return x + x; }
                int main(int argc, char **argv) { (void)argv; return twice(argc); }" ${works})
            if(${works})
                file(GLOB cloned CONFIGURE_DEPENDS src/*/*.c)
                set_property(SOURCE ${cloned} APPEND PROPERTY COMPILE_DEFINITIONS "BF_CLONE_TARGETS=${targets}")
                break()
            endif()
        endforeach()
        unset(CMAKE_REQUIRED_FLAGS)
    endif()
endif()

# llama.cpp's libraries go into a folder of the program's own, so that they meet no other llama.cpp of the machine.
function(bf_install_llama program)
    file(GLOB libraries "${llama_DIR}/../../*.so*" "${llama_DIR}/../../*.dylib")
    install(FILES ${libraries} DESTINATION "${CMAKE_INSTALL_LIBDIR}/biforget"
            PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
    file(RELATIVE_PATH from_bin "/${CMAKE_INSTALL_BINDIR}" "/${CMAKE_INSTALL_LIBDIR}/biforget")
    if(APPLE)
        set_target_properties(${program} PROPERTIES INSTALL_RPATH "@loader_path/${from_bin}")
    else()
        set_target_properties(${program} PROPERTIES INSTALL_RPATH "$ORIGIN/${from_bin}")
    endif()
endfunction()
