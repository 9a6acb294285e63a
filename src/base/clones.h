/* For functions whose loops the compiler turns into vector code. In a portable build for x86-64 (CPU=portable,
 * cmake/portable.cmake) such a function is compiled for several generations of processors, together with the static
 * functions that it inlines, and the dynamic linker takes the best that the processor can run. Elsewhere the mark is
 * empty: a native build is compiled for its own processor anyway, and on aarch64 NEON is always there. */
#ifndef BF_BASE_CLONES_H
#define BF_BASE_CLONES_H

#if defined(BF_CLONE_TARGETS)
#define BF_CLONES __attribute__((target_clones(BF_CLONE_TARGETS)))
#else
#define BF_CLONES
#endif

#endif
