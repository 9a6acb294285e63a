/* Logits from any bytes, settings from the first eight: a choice is a possible token with probabilities, or the row is
 * refused because it is broken. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/sampler.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER = 8, LOGITS_MAX = 8192 };

static void require(bool held)
{
    if (!held)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEADER + sizeof(float))
        return 0;
    const struct bf_sampler sampler = {
        .temperature = (1 + data[0]) / 64.0,
        .top_k = (data[1] | data[2] << 8) % (BF_TOP_K_MAX + 1),
        .top_p = (1 + data[3]) / 256.0,
    };
    const double u = (data[4] | data[5] << 8 | data[6] << 16) / 16777216.0;
    size_t n = (size - HEADER) / sizeof(float);
    n = n > LOGITS_MAX ? LOGITS_MAX : n;
    float *logits = malloc(n * sizeof *logits);
    struct bf_candidate *scratch = malloc(n * sizeof *scratch);
    require(logits && scratch);
    memcpy(logits, data + HEADER, n * sizeof *logits);

    bool broken = false, finite = false;
    size_t larger = 0;
    for (size_t i = 0; i < n; i++) {
        broken = broken || isnan(logits[i]) || (isinf(logits[i]) && logits[i] > 0);
        finite = finite || isfinite(logits[i]);
    }
    struct bf_choice choice, again;
    bool chosen = bf_sample(&sampler, logits, (int32_t)n, u, scratch, &choice);
    require(chosen == (!broken && finite));
    if (chosen) {
        require(choice.token >= 0 && (size_t)choice.token < n);
        require(isfinite(logits[choice.token]));
        require(choice.p_sampling > 0 && choice.p_sampling <= 1);
        require(choice.logp_model <= 1e-5F);
        for (size_t i = 0; i < n; i++)
            larger += logits[i] > logits[choice.token] ? 1 : 0;
        require(sampler.top_k == 0 || larger < (size_t)sampler.top_k);
        require(bf_sample(&sampler, logits, (int32_t)n, u, scratch, &again));
        require(again.token == choice.token && again.p_sampling == choice.p_sampling &&
                again.logp_model == choice.logp_model);
    }
    free(logits);
    free(scratch);
    return 0;
}
