/* Shared by the files of the lab. */
#ifndef BF_LAB_LAB_PRIVATE_H
#define BF_LAB_LAB_PRIVATE_H
#include "base/hash.h"
#include "lab/lab.h"

/* lab_names.c: the key of a cell, and the paths of the files that cells write. free() each path. */
void bf_lab_key(const char *kind, const json_t *inputs, char key[BF_SHA256_HEX]);
char *bf_lab_path(const struct bf_lab *lab, const char *folder, const char *name); /* DIR/folder/name */
/* DIR/folder/name-1a2b3c4d.ending, with the first eight digits of the key of this kind and these inputs (borrowed). */
char *bf_lab_artefact(const struct bf_lab *lab, const char *folder, const char *name, const char *kind,
                      const json_t *inputs, const char *ending);
/* The form of the world's question files; another form makes other folders and other evaluations. 2: perturbed answers
 * in the words of the paraphrase, and each fact's object. */
enum { BF_LAB_WORLD_FORM = 2 };
char *bf_lab_world_folder(const struct bf_world_params *world); /* "world-1a2b3c4d"; free() */
void bf_lab_remove_model(const char *path);                     /* and the files that its training left beside it */
/* Remove half-written models of commands that were killed; call it while no command is writing. */
void bf_lab_remove_temporaries(const struct bf_lab *lab);

/* lab_models.c */
void bf_lab_common_options(const struct bf_lab *lab, struct bf_command_line *line); /* threads, --json, --quiet */
void bf_lab_add_options(const struct bf_lab_options *options, struct bf_command_line *line);
/* The options of a training: with "--data auto" unless they name another form. */
void bf_lab_add_training(const struct bf_lab_options *options, struct bf_command_line *line);
json_t *bf_lab_options_json(const struct bf_lab_options *options); /* new reference */
/* Everything that the model of this name ("target", "gold") depends on: new reference. */
json_t *bf_lab_model_inputs(const struct bf_lab *lab, const char *name);
char *bf_lab_model_path(const struct bf_lab *lab, const char *name); /* free() */
/* Make sure that the model's file exists: train it again when its cell is stored but the file is missing. */
BF_MUST_CHECK enum bf_status bf_lab_need_model(struct bf_lab *lab, const char *name, struct bf_err *err);

/* lab_sets.c: everything that set i depends on: new reference. */
json_t *bf_lab_set_inputs(const struct bf_lab *lab, size_t i);
/* Make sure that the texts of set i exist: write them again, or resume their run, when they are missing or incomplete.
 */
BF_MUST_CHECK enum bf_status bf_lab_need_set(struct bf_lab *lab, size_t i, struct bf_err *err);

/* Write one file of the folder, atomically. BF_STORE. */
BF_MUST_CHECK enum bf_status bf_lab_write_file(const char *dir, const char *name, const char *data, size_t n,
                                               struct bf_err *err);
/* Write results.json, results.md, results.csv, tradeoff.svg and report.html. BF_STORE. */
BF_MUST_CHECK enum bf_status bf_lab_write(const char *dir, const json_t *results, struct bf_err *err);

#endif
