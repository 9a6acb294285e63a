/* How long threads of the model spin before they sleep. */
#ifndef BF_BASE_OPENMP_WAIT_H
#define BF_BASE_OPENMP_WAIT_H

/* Start the program again, in the same process, with a short spin set in the environment; returns when the user has set a
 * policy of their own or the restart is not possible. Call first in main. */
void bf_openmp_wait_briefly(char **argv);

#endif
