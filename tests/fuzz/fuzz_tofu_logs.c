/* Any bytes as a log of TOFU or open-unlearning: sets that are whole and finite, or an error that names the file. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "eval/tofu_logs.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held)
        abort();
}

static void check_values(const double *values, size_t n)
{
    for (size_t i = 0; values && i < n; i++)
        require(isfinite(values[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bf_tofu_sets sets;
    struct bf_err err = BF_ERR_INIT;
    const enum bf_status status = bf_tofu_logs_parse((const char *)data, size, "fuzz", &sets, &err);
    size_t n_sets = 0;

    require(status == BF_OK ||
            (status == BF_INPUT && strstr(err.text, "fuzz") && bf_utf8_valid(err.text, strlen(err.text))));
    for (int p = 0; p < BF_TOFU_PARTS && status == BF_OK; p++) {
        const struct bf_tofu_set *set = &sets.parts[p];
        n_sets += set->n > 0;
        for (size_t i = 1; i < set->n; i++)
            require(strcmp(set->ids[i - 1], set->ids[i]) < 0);
        check_values(set->probability, set->n);
        check_values(set->rouge_l, set->n);
        check_values(set->ratio, set->n);
    }
    require(status != BF_OK || n_sets > 0);
    bf_tofu_sets_release(&sets);
    return 0;
}
