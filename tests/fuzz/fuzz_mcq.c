/* Any bytes as multiple-choice questions, csv and JSON: whole questions, or an error that names the file. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "eval/mcq_file.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held)
        abort();
}

static void check(enum bf_status status, const struct bf_mcq *mcq, const struct bf_err *err)
{
    require(status == BF_OK ||
            (status == BF_INPUT && strstr(err->text, "fuzz_test.csv") && bf_utf8_valid(err->text, strlen(err->text))));
    require(status != BF_OK || mcq->n > 0);
    for (size_t i = 0; i < mcq->n && status == BF_OK; i++) {
        const struct bf_mcq_item *item = &mcq->items[i];
        require(item->question[0] && bf_utf8_valid(item->question, strlen(item->question)));
        require(item->n_choices >= 2 && item->n_choices <= BF_MCQ_CHOICES_MAX && item->answer < item->n_choices);
        for (size_t c = 0; c < item->n_choices; c++)
            require(bf_utf8_valid(item->choices[c], strlen(item->choices[c])));
        require(item->subject != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_mcq mcq = {0};

    check(bf_mcq_parse_csv((const char *)data, size, "fuzz_test.csv", &mcq, &err), &mcq, &err);
    bf_mcq_release(&mcq);
    check(bf_mcq_parse_json((const char *)data, size, "fuzz_test.csv", &mcq, &err), &mcq, &err);
    bf_mcq_release(&mcq);
    return 0;
}
