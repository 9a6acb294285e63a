# Read by llama.cpp's own build after project(ggml) (CMAKE_PROJECT_ggml_INCLUDE in scripts/build_llama). Gives BF_CPU_FLAGS to the CPU
# kernels alone, after the flags that ggml itself chose (-march=native), so that another set of instructions compiles these files again and
# nothing else.
function(bf_add_cpu_flags)
    get_property(targets DIRECTORY "${ggml_SOURCE_DIR}/src" PROPERTY BUILDSYSTEM_TARGETS)
    separate_arguments(flags UNIX_COMMAND "${BF_CPU_FLAGS}")
    foreach(target IN LISTS targets)
        if(target MATCHES "^ggml-cpu" AND NOT target MATCHES "-feats$")
            target_compile_options(${target} PRIVATE ${flags})
        endif()
    endforeach()
endfunction()
cmake_language(DEFER DIRECTORY "${CMAKE_SOURCE_DIR}" CALL bf_add_cpu_flags)
