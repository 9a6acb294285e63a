/* Any bytes as an experiment: an error with a sentence, or an experiment within its bounds, each of whose rows can be
 * asked for. With and without a look at the options. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "cmd/lab_spec_options.h"
#include "lab/lab_spec.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held)
        abort();
}

static void check_options(const struct bf_lab_options *options)
{
    for (size_t i = 0; i < options->n; i++)
        require(options->words[i] != NULL);
}

static void check(const struct bf_lab_spec *s)
{
    size_t n_rows = 0;
    require(s->name && *s->name && s->model && *s->model);
    require(s->n_sets >= 1 && s->n_methods >= 1 && s->n_seeds >= 1 && s->n_seeds <= BF_LAB_SEEDS_MAX);
    check_options(&s->train);
    check_options(&s->privleak);
    check_options(&s->tofu);
    for (size_t i = 0; i < s->n_sets; i++) {
        require((s->sets[i].file != NULL) == (strcmp(s->sets[i].kind, "file") == 0));
        check_options(&s->sets[i].options);
        for (size_t j = 0; j < i; j++)
            require(strcmp(s->sets[i].name, s->sets[j].name) != 0);
    }
    for (size_t m = 0; m < s->n_methods; m++) {
        check_options(&s->methods[m].options);
        for (size_t i = 0; i < s->n_sets; i++)
            for (size_t k = 0; k < s->n_seeds; k++)
                n_rows += bf_lab_spec_has_row(s, i, m, k) ? 1 : 0;
    }
    require(n_rows >= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bf_lab_check_fn *const checks[] = {NULL, bf_lab_check_options};
    bool taken[2];
    for (size_t i = 0; i < 2; i++) {
        struct bf_lab_spec spec;
        struct bf_err err = BF_ERR_INIT;
        taken[i] = bf_lab_spec_parse((const char *)data, size, "fuzz", checks[i], &spec, &err) == BF_OK;
        if (taken[i])
            check(&spec);
        else
            require(err.status == BF_INPUT && err.text[0] && bf_utf8_valid(err.text, strlen(err.text)));
        bf_lab_spec_release(&spec);
    }
    require(taken[0] || !taken[1]);
    return 0;
}
