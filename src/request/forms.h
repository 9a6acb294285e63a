/* The forms in which a record of a set is trained on, for the trainer here and for exports to other trainers: a pair as
 * a question with its answer; a text, and each of its sentences, as the answer to questions; and raw text.
 *
 * A model that is asked in its chat template has to forget in it: the same texts as answers to "Tell me about X."
 * forget several times what they forget as raw text (docs/unlearning.md, "Data"). Which wording a record gets follows
 * from the seed and its place in the set alone. */
#ifndef BF_REQUEST_FORMS_H
#define BF_REQUEST_FORMS_H
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* How many examples a text gives as an answer, how many as raw text, and how many each of its sentences as an answer;
 * not all 0. A pair gives `pair` times the same example, 0 as 1: a text has several examples, and the pairs, which have
 * the fact alone, would be lost among them. */
struct bf_forms {
    int32_t chat, raw, sentence, pair;
};
#define BF_FORMS_DEFAULT "chat=4,raw=1"
enum { BF_FORMS_SHARE_MAX = 16, BF_FORMS_TEXT_MAX = 48, BF_FORMS_SEED = 3407 /* of exports; the default of unlearn */ };
/* "chat=4,raw=1"; a form that is not named has 0. BF_USAGE: other words, numbers above BF_FORMS_SHARE_MAX, 0 of all.
 */
BF_MUST_CHECK enum bf_status bf_forms_parse(const char *text, struct bf_forms *out, struct bf_err *err);
/* The same written out in full, the way that settings keep it. */
void bf_forms_write(const struct bf_forms *forms, char out[BF_FORMS_TEXT_MAX]);

/* Strings are borrowed, UTF-8; NULL = unknown. */
struct bf_form_record {
    const char *text;              /* never NULL */
    const char *question, *answer; /* both: a pair */
    const char *topic;             /* what the text is about: its point, or its domain */
    const char *asked;             /* a question that the text answers, which is asked first */
};
enum bf_form { BF_FORM_CHAT, BF_FORM_RAW };
/* An example. Its strings are of the record, or of the buffer given until that changes. */
struct bf_formed {
    enum bf_form form;
    const char *question; /* NULL for raw text */
    const char *text;     /* the answer, or the raw text */
};
/* Example k, from 0, of the record at `place` of its set: sentences first, then the whole text, then raw text. `made`
 * takes what is made for it; the caller initialises and releases it. False after the last example.
 *
 * A text's questions: the one `asked`, and then about its topic in different wordings; without a topic, to continue the
 * text after its first words (never fewer than 3, nor more than a third), if it has 8 words at least. Its sentences are
 * answers to the same questions about its topic; without a topic the whole text counts as one sentence, and one of less
 * than BF_FORMS_SENTENCE_MIN bytes belongs to the next. A text that no question can be made for is raw text, or, with
 * forms->raw 0, gives no example. */
enum { BF_FORMS_SENTENCE_MIN = 16 };
bool bf_form_at(const struct bf_forms *forms, const struct bf_form_record *record, uint64_t seed, uint64_t place,
                int32_t k, struct bf_buf *made, struct bf_formed *out);

#endif
