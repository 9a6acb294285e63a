/* Is a GGUF file one that llama.cpp can take? Values that it would end the program on (GGML_ASSERT, division by zero, a
 * null function) or compute nonsense with are named here, before it sees them. */
#ifndef BF_ENGINE_GGUF_CHECK_H
#define BF_ENGINE_GGUF_CHECK_H
#include "engine/engine.h"
#include "engine/gguf_header.h"

/* What follows from the header alone. BF_MODEL: file, key or tensor, value, what to do. */
BF_MUST_CHECK enum bf_status bf_gguf_check(const struct bf_gguf *gguf, const char *path, enum bf_model_use use,
                                           struct bf_err *err);
/* gguf_check_tokens.c: the tokenizer's part of it. */
BF_MUST_CHECK enum bf_status bf_gguf_check_tokens(const struct bf_gguf *gguf, const char *path, struct bf_err *err);
/* gguf_check_tensors.c: types, shapes, places. */
BF_MUST_CHECK enum bf_status bf_gguf_check_tensors(const struct bf_gguf *gguf, const char *path, struct bf_err *err);
/* About how many bytes the same file has with its matrices in another type (enum ggml_type). Its tensors are
 * checked. */
uint64_t bf_gguf_bytes_in(const struct bf_gguf *gguf, uint32_t type);

#endif
