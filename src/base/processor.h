/* What the processor at hand has of what a program was compiled for. */
#ifndef BF_BASE_PROCESSOR_H
#define BF_BASE_PROCESSOR_H

/* The first instruction set among these macros of a compiler ("__AVX2__ __FMA__") that this processor, or its operating
 * system, does not offer: "AVX2"; NULL when it has all that we know to ask for. Elsewhere than on x86-64 always NULL.
 * Safe before main(). */
const char *bf_processor_lacks(const char *macros);

/* How long threads of the model spin before they sleep. */

/* Start the program again, in the same process, with a short spin set in the environment; returns when the user has set
 * a policy of their own or the restart is not possible. Call first in main. */
void bf_openmp_wait_briefly(char **argv);

#endif
