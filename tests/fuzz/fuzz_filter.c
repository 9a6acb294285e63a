/* Any answer to any prompt (a NUL byte between them): cleaned, trimmed, judged and split into question and answer as a
 * run does. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/refusal.h"
#include "base/utf8.h"
#include "synth/filter.h"
#include "base/similar.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held)
        abort();
}

/* A part of the text, in valid UTF-8. */
static void require_part(const struct bf_buf *part, const char *text)
{
    require(bf_utf8_valid(part->data, part->len));
    require(strlen(part->data) == part->len && strstr(text, part->data));
}

static void judge(const char *text, const char *prompt)
{
    static const struct bf_request request = {
        .min_words = 4, .filter_refusal = true, .filter_echo = true, .filter_degenerate = true};
    struct bf_words words;
    struct bf_signature signature;
    struct bf_similar *similar = bf_similar_new();

    bf_words_of(&words, text, strlen(text));
    enum bf_reason reason = bf_filter_text(&request, text, &words, prompt);
    require(reason == BF_REASON_NONE || reason == BF_REASON_TOO_SHORT || reason == BF_REASON_REFUSAL ||
            reason == BF_REASON_PROMPT_ECHO || reason == BF_REASON_DEGENERATE);
    require(reason != BF_REASON_NONE || (words.n >= 4 && !bf_is_refusal(text)));
    bf_signature_of(&signature, &words, text, strlen(text));
    require(!bf_similar_has_exact(similar, &signature));
    bf_similar_add(similar, &signature);
    require(bf_similar_has_exact(similar, &signature) && bf_similar_has_near(similar, &signature, 1.0));
    bf_similar_free(similar);
    bf_words_release(&words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *nul = size > 0 ? memchr(data, 0, size) : NULL;
    size_t n = nul ? (size_t)(nul - (const char *)data) : size;
    struct bf_buf text, prompt, question, answer;

    bf_buf_init(&text, SIZE_MAX);
    bf_buf_init(&prompt, SIZE_MAX);
    bf_buf_init(&question, SIZE_MAX);
    bf_buf_init(&answer, SIZE_MAX);
    bf_filter_clean(&text, (const char *)data, n);
    require(bf_utf8_valid(text.data, text.len) && strlen(text.data) == text.len);
    require(text.len == 0 ||
            (!isspace((unsigned char)text.data[0]) && !isspace((unsigned char)text.data[text.len - 1])));
    if (nul)
        bf_utf8_clean(&prompt, nul + 1, size - n - 1);

    size_t trimmed = bf_filter_trim_sentence(text.data, text.len);
    require(trimmed <= text.len && 3 * trimmed >= text.len);
    require(bf_utf8_valid(text.data, trimmed));
    if (trimmed < text.len) {
        text.len = trimmed;
        text.data[trimmed] = '\0';
    }
    require(bf_filter_trim_sentence(text.data, trimmed) == trimmed);

    judge(text.data, prompt.data);
    if (bf_parse_qa(text.data, &question, &answer)) {
        require(question.len > 0 && answer.len > 0);
        require_part(&question, text.data);
        require_part(&answer, text.data);
    }
    bf_buf_release(&text);
    bf_buf_release(&prompt);
    bf_buf_release(&question);
    bf_buf_release(&answer);
    return 0;
}
