/* Does this processor have the instructions that a program was compiled for? And how long OpenMP's threads spin. */
#ifndef BF_BASE_PROCESSOR_H
#define BF_BASE_PROCESSOR_H

/* Of the instruction sets in these compiler macros ("__AVX2__ __FMA__"), the first that this processor or its operating
 * system does not support: "AVX2". NULL when it supports all known ones, and always on machines other than x86-64. May
 * be called before main(). */
const char *bf_processor_lacks(const char *macros);

/* Restart the program in the same process, with a short spin in the environment. Returns when the user has set a
 * policy, or a restart is impossible. Call it first in main. */
void bf_openmp_wait_briefly(char **argv);

#endif
