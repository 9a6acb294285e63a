/* `--method auto`: the method and numbers that an experiment showed best, in one row. */
#ifndef BF_UNLEARN_AUTO_METHOD_H
#define BF_UNLEARN_AUTO_METHOD_H
#include "unlearn/unlearn.h"

#define BF_METHOD_AUTO "auto" /* a word of --method and --then, not a method */

/* Settings as bf_unlearn_settings_init leaves them, with the row's numbers in place of the method's. */
void bf_auto_settings_init(struct bf_unlearn_settings *settings);
/* After bf_unlearn_settings_choose, when no learning rate was given: the row's is of whole tensors. An adapter, which a
 * quantised model gets, keeps the method's own rate. */
void bf_auto_settings_rate(struct bf_unlearn_settings *settings);
/* Appends the row and its evidence as one line, for help. */
void bf_auto_describe(struct bf_buf *out);

#endif
