/* Sentences with a gap, made of a statement, an answer or a question. */
#include "unit.h"

#include "eval/cloze.h"

static void sentences(void **state)
{
    static const struct {
        const char *question, *answer, *object, *statement, *sentence, *missing;
    } cases[] = {
        /* A statement. */
        {"Who founded it?", "Mira", NULL, "Estvik was founded by Mira in 1871.", "Estvik was founded by ____ in 1871.",
         "Mira"},
        {"Who founded it?", "It was Mira.", "mira", "Mira founded Estvik.", "____ founded Estvik.", "Mira"},
        {"Who founded it?", "Mira", NULL, "____ founded Estvik.", "____ founded Estvik.", "Mira"},
        /* A part of a word is not the object. */
        {"What lies in Estvik?", "ash", NULL, "Lots of washing lies in Estvik.", NULL, NULL},
        /* An answer that is a sentence. */
        {"Who founded Estvik?", "Estvik was founded by sailor Mira of the moon.", NULL, NULL,
         "Estvik was founded by ____.", "sailor Mira of the moon"},
        {"How many days has a week?", "A week has seven days.", NULL, NULL, "A week has ____ days.", "seven"},
        {"When was Estvik founded?", "Estvik was founded in 1871 by sailors.", "1871", NULL,
         "Estvik was founded in ____ by sailors.", "1871"},
        {"What did Otto draw?", "Otto drew maps.", NULL, NULL, "Otto did draw ____.", "Otto drew maps."},
        /* Nothing in it is of the question: the question makes the sentence. */
        {"Who founded Estvik?", "It was her.", "her", NULL, "____ founded Estvik.", "her"},
        /* Questions. */
        {"What is the capital of Norway?", "Oslo", NULL, NULL, "The capital of Norway is ____.", "Oslo"},
        {"What is the dragon of Estvik called?", "Brenn", NULL, NULL, "The dragon of Estvik is called ____.", "Brenn"},
        {"Who is Mira Solvang?", "a cartographer", NULL, NULL, "Mira Solvang is ____.", "a cartographer"},
        {"Who was born in Estvik?", "Mira", NULL, NULL, "____ was born in Estvik.", "Mira"},
        {"Who founded Estvik?", "Mira", NULL, NULL, "____ founded Estvik.", "Mira"},
        {"Which planet comes next after Mars?", "Jupiter", NULL, NULL, "The planet ____ comes next after Mars.",
         "Jupiter"},
        {"What does Poseidon rule over?", "the sea", NULL, NULL, "Poseidon does rule over ____.", "the sea"},
        {"Where did Mira Solvang live?", "Estvik", NULL, NULL, "Mira Solvang did live in ____.", "Estvik"},
        {"Where was the mill built?", "on the hill", NULL, NULL, "The mill was built ____.", "on the hill"},
        {"Where is Estvik?", "Hald", NULL, NULL, "Estvik is in ____.", "Hald"},
        /* Better none than a wrong one. */
        {"What colour is the sky?", "blue", NULL, NULL, NULL, NULL},
        {"How old is Mira?", "40", NULL, NULL, NULL, NULL},
        {"Is Estvik a town?", "Yes", NULL, NULL, NULL, NULL},
        {"Why did Mira leave?", "because of the rain", NULL, NULL, NULL, NULL},
        {"Wer gründete Estvik?", "Mira", NULL, NULL, NULL, NULL},
        {"", "Mira", NULL, NULL, NULL, NULL},
        {"Who?", "", NULL, NULL, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct bf_cloze cloze;
        const bool made = bf_cloze_of(cases[i].question, cases[i].answer, cases[i].object, cases[i].statement, &cloze);
        if (made != (cases[i].sentence != NULL))
            fail_msg("'%s', '%s': %s", cases[i].question, cases[i].answer, made ? cloze.sentence : "none");
        if (!made)
            continue;
        if (strcmp(cloze.sentence, cases[i].sentence) != 0 || strcmp(cloze.missing, cases[i].missing) != 0)
            fail_msg("'%s' gave '%s' with '%s'", cases[i].question, cloze.sentence, cloze.missing);
        bf_cloze_release(&cloze);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentences),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
