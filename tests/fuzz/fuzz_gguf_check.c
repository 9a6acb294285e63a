/* Any bytes as the beginning of a GGUF file: an error with a sentence, or keys and tensors that lie inside the
 * bytes. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/gguf_check.h"
#include "engine/gguf_parts.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool held)
{
    if (!held)
        abort();
}

static void check(const struct bf_gguf *gguf, enum bf_model_use use)
{
    struct bf_err err = BF_ERR_INIT;
    const enum bf_status status = bf_gguf_check(gguf, "file.gguf", use, &err);
    require(status == BF_OK || (status == BF_MODEL && err.text[0]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct bf_gguf gguf;
    struct bf_err err = BF_ERR_INIT;
    bool more = false;
    size_t n_parts = 0;
    const enum bf_status status = bf_gguf_parse("file.gguf", data, n, n, &more, &gguf, &err);
    require(!more);
    require(status == BF_OK || (status == BF_MODEL && err.text[0] && gguf.n_keys == 0 && gguf.n_tensors == 0));
    for (size_t i = 0; i < gguf.n_keys; i++)
        require(gguf.keys[i].at >= data && gguf.keys[i].at <= data + n);
    if (status == BF_OK) {
        check(&gguf, BF_MODEL_TEXT);
        check(&gguf, BF_MODEL_VOCABULARY);
        check(&gguf, BF_MODEL_WEIGHTS);
        check(&gguf, BF_MODEL_ADAPTER);
        require(bf_gguf_count_parts(&gguf, "file.gguf", &n_parts, &err) != BF_OK || n_parts >= 1);
    }
    bf_gguf_release(&gguf);
    return 0;
}
