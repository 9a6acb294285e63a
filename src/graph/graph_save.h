/* Writing GGUF files: the parts that a model and an adapter share. */
#ifndef BF_GRAPH_GRAPH_SAVE_H
#define BF_GRAPH_GRAPH_SAVE_H
#include <stdio.h>

#include "base/file.h"
#include "graph/graph_internal.h"

struct gguf_context;
struct ggml_context;

void bf_save_kv(struct gguf_context *out, const struct bf_graph_kv *kv, size_t n_kv);
/* The header, with padding; tensors follow in order, each padded with bf_save_pad. */
BF_MUST_CHECK enum bf_status bf_save_header(const struct gguf_context *out, FILE *stream, const char *path,
                                            struct bf_err *err);
void bf_save_pad(const struct gguf_context *out, FILE *stream, size_t n_bytes);
/* All on disk, read back, then in place. BF_STORE. */
BF_MUST_CHECK enum bf_status bf_save_commit(struct bf_atomic *file, const char *path, struct bf_err *err);
/* BF_STORE when the disk of `path` has less than n_bytes free. */
BF_MUST_CHECK enum bf_status bf_save_room(const char *path, int64_t n_bytes, struct bf_err *err);

#endif
