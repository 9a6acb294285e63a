/* Shared by the files of the lab. */
#ifndef BF_LAB_LAB_PRIVATE_H
#define BF_LAB_LAB_PRIVATE_H
#include "base/hash.h"
#include "lab/lab.h"

/* lab_names.c: the key of a cell, and the names of what cells leave. free() each path. */
void bf_lab_key(const char *kind, const json_t *inputs, char key[BF_SHA256_HEX]);
char *bf_lab_path(const struct bf_lab *lab, const char *folder, const char *name); /* DIR/folder/name */
/* DIR/folder/name-1a2b3c4d.ending, with the beginning of the key of this kind and these inputs (borrowed). */
char *bf_lab_artefact(const struct bf_lab *lab, const char *folder, const char *name, const char *kind,
                      const json_t *inputs, const char *ending);
/* What the world's files of questions hold: a change of it makes other folders and other evaluations. 2: perturbed
 * answers in the words of the paraphrase, and each fact's object. */
enum { BF_LAB_WORLD_FORM = 2 };
char *bf_lab_world_folder(const struct bf_world_params *world); /* "world-1a2b3c4d"; free() */
void bf_lab_remove_model(const char *path);                     /* and what its training left beside it */
/* Half-written models of commands that were killed; call it when nobody writes. */
void bf_lab_remove_temporaries(const struct bf_lab *lab);

/* lab_models.c */
void bf_lab_common_options(const struct bf_lab *lab, struct bf_command_line *line); /* threads, --json, --quiet */
void bf_lab_add_options(const struct bf_lab_options *options, struct bf_command_line *line);
json_t *bf_lab_options_json(const struct bf_lab_options *options); /* new reference */
/* All that the model of this name ("target", "gold") depends on: new reference. */
json_t *bf_lab_model_inputs(const struct bf_lab *lab, const char *name);
char *bf_lab_model_path(const struct bf_lab *lab, const char *name); /* free() */
/* The model's file, now: trained again when its cell is kept and the file is not there. */
BF_MUST_CHECK enum bf_status bf_lab_need_model(struct bf_lab *lab, const char *name, struct bf_err *err);

/* lab_sets.c: all that set i depends on: new reference. */
json_t *bf_lab_set_inputs(const struct bf_lab *lab, size_t i);
/* The texts of set i, now: written again, or to their end, when they are not there. */
BF_MUST_CHECK enum bf_status bf_lab_need_set(struct bf_lab *lab, size_t i, struct bf_err *err);

/* One file of the folder, whole or not at all. */
BF_MUST_CHECK enum bf_status bf_lab_write_file(const char *dir, const char *name, const char *data, size_t n,
                                               struct bf_err *err);
/* results.json, results.md, results.csv, tradeoff.svg, report.html. */
BF_MUST_CHECK enum bf_status bf_lab_write(const char *dir, const json_t *results, struct bf_err *err);

#endif
