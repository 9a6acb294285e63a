/* Models in several files, as large ones are published: NAME-00001-of-00003.gguf. The first part has the keys, and each
 * part has some of the tensors. */
#ifndef BF_ENGINE_GGUF_PARTS_H
#define BF_ENGINE_GGUF_PARTS_H
#include "engine/gguf_header.h"

enum { BF_GGUF_PARTS_MAX = 4096 };

/* How many parts the model has, by the key split.count; 1 for a model in one file. BF_MODEL: the key is not such a
 * number. */
BF_MUST_CHECK enum bf_status bf_gguf_count_parts(const struct bf_gguf *gguf, const char *path, size_t *n,
                                                 struct bf_err *err);
/* The file of part i (from 0) of n, given the first part's `path`. free(). BF_MODEL: `path` does not have the name of a
 * first part. */
BF_MUST_CHECK enum bf_status bf_gguf_part_path(const char *path, size_t i, size_t n, char **out, struct bf_err *err);
/* Check that `gguf` is the first part, and that the others exist, are complete, in order, and have all announced
 * tensors. BF_OK for a model in one file. */
BF_MUST_CHECK enum bf_status bf_gguf_check_parts(const struct bf_gguf *gguf, const char *path, struct bf_err *err);

#endif
