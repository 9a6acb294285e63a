/* Can llama.cpp load a GGUF file? Values on which it would abort (GGML_ASSERT, division by zero, a null function) or
 * compute nonsense are refused here, before it sees them. */
#ifndef BF_ENGINE_GGUF_CHECK_H
#define BF_ENGINE_GGUF_CHECK_H
#include "engine/engine.h"
#include "engine/gguf_header.h"

/* Check the header. BF_MODEL: the sentence names file, key or tensor, value, and what to do. */
BF_MUST_CHECK enum bf_status bf_gguf_check(const struct bf_gguf *gguf, const char *path, enum bf_model_use use,
                                           struct bf_err *err);
/* gguf_check_tokens.c: the part about the tokenizer. */
BF_MUST_CHECK enum bf_status bf_gguf_check_tokens(const struct bf_gguf *gguf, const char *path, struct bf_err *err);
/* gguf_check_tensors.c: types, shapes and offsets of tensors. */
BF_MUST_CHECK enum bf_status bf_gguf_check_tensors(const struct bf_gguf *gguf, const char *path, struct bf_err *err);
/* Approximate size in bytes of the same file with its matrices in another type (enum ggml_type). The tensors must have
 * been checked. */
uint64_t bf_gguf_bytes_in(const struct bf_gguf *gguf, uint32_t type);

#endif
