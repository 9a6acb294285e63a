/* For functions whose loops the compiler turns into vector code. In a portable build for x86-64 (CPU=portable,
 * cmake/portable.cmake) such a function is compiled for several generations of processors, together with the static
 * functions that it inlines, and the dynamic linker chooses the best that the processor can run. Otherwise the
 * macro is empty: a native build is compiled for its own processor anyway, and aarch64 always has NEON. */
#ifndef BF_BASE_CLONES_H
#define BF_BASE_CLONES_H

#if defined(BF_CLONE_TARGETS)
#define BF_CLONES __attribute__((target_clones(BF_CLONE_TARGETS)))
#else
#define BF_CLONES
#endif

#endif
