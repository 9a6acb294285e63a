/* Any two texts: ROUGE within its range, stems no longer than allowed, numbers of answers that are numbers, sentences
 * with a gap, repetition within its range, records or an error. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "eval/cloze.h"
#include "eval/fluency.h"
#include "eval/gsm8k.h"
#include "quality/rouge.h"
#include "eval/tofu_file.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held)
        abort();
}

static void check_number(const char *text, bool strict)
{
    char *number = bf_gsm8k_number(text, strict);
    if (number && !strict) { /* strict keeps "1.2.3" as it is */
        char *end = NULL;
        (void)strtod(number, &end);
        require(end != number && *end == 0);
        require(bf_gsm8k_same(number, number));
    }
    free(number);
}

static void check_stem(const char *text, size_t n)
{
    char *word = bf_alloc(n + 2);
    size_t len = 0;
    for (size_t i = 0; i < n; i++)
        if ((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9'))
            word[len++] = text[i];
    const size_t stem = bf_porter_stem(word, len);
    require(stem <= len + 1);
    free(word);
}

/* A sentence with one gap in it, and the words that belong there. */
static void check_cloze(const char *question, const char *answer)
{
    struct bf_cloze cloze;
    for (int form = 0; form < 3; form++) {
        const char *object = form == 1 ? question : NULL, *statement = form == 2 ? question : NULL;
        if (!bf_cloze_of(question, answer, object, statement, &cloze))
            continue;
        require(strstr(cloze.sentence, BF_CLOZE_GAP) != NULL && cloze.missing != NULL);
        bf_cloze_release(&cloze);
    }
}

static void check_fluency(const char *text)
{
    const struct bf_fluent answer = bf_fluent_of(text);
    struct bf_rng rng;
    bf_rng_init(&rng, strlen(text));
    char *salad = bf_shuffled_words(text, &rng);
    require(answer.n_units == 0 || !answer.empty);
    require(isnan(answer.repetition) ? answer.n_units < 4 : answer.repetition >= 0.0 && answer.repetition < 1.0);
    require(strlen(salad) <= strlen(text));
    free(salad);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t half = size / 2;
    char *a = bf_strndup((const char *)data, half), *b = bf_strndup((const char *)data + half, size - half);
    struct bf_tofu_questions questions;
    struct bf_err err = BF_ERR_INIT;

    for (int stemmer = 0; stemmer < 2; stemmer++) {
        struct bf_rouge one, l, back;
        bf_rouge_of(a, b, stemmer, &one, &l);
        bf_rouge_of(b, a, stemmer, NULL, &back);
        require(one.recall >= l.recall && l.recall >= 0.0 && one.recall <= 1.0 && one.f1 <= 1.0);
        require(l.all_scripts != back.all_scripts || (l.precision == back.recall && l.recall == back.precision));
    }
    check_cloze(a, b);
    check_fluency(b);
    check_number(a, true);
    check_number(b, false);
    check_stem((const char *)data, size);
    if (bf_tofu_parse((const char *)data, size, "fuzz", &questions, &err) != BF_OK)
        require(strstr(err.text, "fuzz") != NULL);
    bf_tofu_questions_release(&questions);
    free(a);
    free(b);
    return 0;
}
