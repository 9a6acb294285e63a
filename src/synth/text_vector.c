/* A text as a vector, for all kinds of requests. */
#include <math.h>

#include "base/floats.h"
#include "synth/synth.h"
#include "base/banned.h"

/* Scale to unit length, and round to half precision, so that a stored vector is the one that was used. A zero vector
 * stays zero. */
static void normalise(float *v, uint16_t *half, int32_t n)
{
    double square = 0.0;
    for (int32_t i = 0; i < n; i++)
        square += (double)v[i] * (double)v[i];
    const double length = sqrt(square);
    for (int32_t i = 0; i < n; i++) {
        uint16_t h = bf_half_of(length > 0.0 ? (float)((double)v[i] / length) : 0.0f);
        if (half)
            half[i] = h;
        v[i] = bf_half_to_float(h);
    }
}

enum bf_status bf_synth_embed(struct bf_engine *embedder, const char *text, float *vector, uint16_t *half,
                              struct bf_err *err)
{
    const int32_t n = bf_engine_info(embedder)->n_embd;
    enum bf_status status = bf_engine_embed(embedder, &text, 1, BF_POOL_MODEL, false, vector, err);
    if (status != BF_OK)
        return status;
    for (int32_t i = 0; i < n; i++)
        if (!isfinite(vector[i]))
            return bf_fail(err, BF_MODEL, "the embedder '%s' gives NaN for a text; use another --embedder",
                           bf_engine_info(embedder)->model_desc);
    normalise(vector, half, n);
    return BF_OK;
}
