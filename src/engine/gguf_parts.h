/* Models in several files, as large ones are published: NAME-00001-of-00003.gguf. The first has the keys, each has some
 * of the tensors. */
#ifndef BF_ENGINE_GGUF_PARTS_H
#define BF_ENGINE_GGUF_PARTS_H
#include "engine/gguf_header.h"

enum { BF_GGUF_PARTS_MAX = 4096 };

/* Parts that a file belongs to, by its key split.count; 1 when it is whole. BF_MODEL: the key is not such a number. */
BF_MUST_CHECK enum bf_status bf_gguf_count_parts(const struct bf_gguf *gguf, const char *path, size_t *n,
                                                 struct bf_err *err);
/* The file of part i (0-based) of n, named after the first part's `path`. free(). BF_MODEL: `path` is not named as a
 * first part. */
BF_MUST_CHECK enum bf_status bf_gguf_part_path(const char *path, size_t i, size_t n, char **out, struct bf_err *err);
/* `gguf` is the first part, and the others are there, in their order, whole, with all the tensors that were announced.
 * Fine for a model in one file. */
BF_MUST_CHECK enum bf_status bf_gguf_check_parts(const struct bf_gguf *gguf, const char *path, struct bf_err *err);

#endif
