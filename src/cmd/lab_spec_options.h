/* The options in an experiment, parsed by the commands that get them. */
#ifndef BF_CMD_LAB_SPEC_OPTIONS_H
#define BF_CMD_LAB_SPEC_OPTIONS_H
#include "lab/lab_spec.h"

/* A bf_lab_check_fn: a misspelt option would stop the lab hours later. */
BF_MUST_CHECK enum bf_status bf_lab_check_options(const struct bf_lab_spec *spec, const char *what, struct bf_err *err);
/* Once the base model (a path) is known: do the options of each training go together, can the model be trained?
 * BF_INPUT, BF_MODEL. */
BF_MUST_CHECK enum bf_status bf_lab_check_settings(const struct bf_lab_spec *spec, const char *model,
                                                   struct bf_err *err);

#endif
