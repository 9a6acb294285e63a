/* Shared by the files of the lab. */
#ifndef BF_CMD_LAB_PRIVATE_H
#define BF_CMD_LAB_PRIVATE_H
#include "cmd/lab.h"

/* lab_models.c */
void bf_lab_common_options(const struct bf_lab *lab, struct bf_command_line *line);    /* threads, --json, --quiet */
void bf_lab_add_options(const struct bf_lab_options *options, struct bf_command_line *line);
json_t *bf_lab_options_json(const struct bf_lab_options *options);     /* new reference */
char *bf_lab_path(const struct bf_lab *lab, const char *folder, const char *name);     /* DIR/folder/name; free() */
/* All that the model of this name ("target", "gold") depends on: new reference. */
json_t *bf_lab_model_inputs(const struct bf_lab *lab, const char *name);

/* lab_sets.c: all that set i depends on: new reference. */
json_t *bf_lab_set_inputs(const struct bf_lab *lab, size_t i);

/* lab_write.c: one file of the folder, whole or not at all. */
BF_MUST_CHECK enum bf_status bf_lab_write_file(const char *dir, const char *name, const char *data, size_t n,
                                               struct bf_err *err);
/* results.json, results.md, results.csv, tradeoff.svg, report.html. */
BF_MUST_CHECK enum bf_status bf_lab_write(const char *dir, const json_t *results, struct bf_err *err);

#endif
