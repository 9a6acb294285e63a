#include "synth/descriptions.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/letter_case.h"
#include "base/mem.h"
#include "base/refusal.h"
#include "base/utf8.h"
#include "synth/answer_names.h"
#include "synth/name_words.h"
#include "base/banned.h"

enum { CONTENT_LETTERS_MIN = 4, SHARED_WORDS_MIN = 2 };
static const double shared_share = 0.3;

/* Append the word with a space after it, unless it is there already or in `not_these`; both have spaces around words.
 */
static void add_word(struct bf_buf *out, const char *word, size_t n, const char *not_these)
{
    struct bf_buf padded;
    bf_buf_init(&padded, SIZE_MAX);
    bf_buf_putc(&padded, ' ');
    bf_buf_put(&padded, word, n);
    bf_buf_putc(&padded, ' ');
    if (!strstr(out->data, padded.data) && !strstr(not_these, padded.data))
        bf_buf_puts(out, padded.data + 1);
    bf_buf_release(&padded);
}

/* The content words of a text, each once, with a space before the first and after each. In scripts without spaces, two
 * characters that follow each other are a word. */
static void content_words(struct bf_buf *out, const char *text, const char *not_these)
{
    struct bf_buf key;
    bf_buf_init(&key, SIZE_MAX);
    bf_name_key(&key, text);
    bf_buf_putc(out, ' ');
    for (const char *word = key.data; *word;) {
        const size_t n = strcspn(word, " ");
        uint32_t cp = 0;
        const size_t length = bf_utf8_decode(word, n, &cp);
        if (length > 0 && bf_letter_is_unspaced(cp)) {
            for (size_t i = 0; i < n;) {
                const size_t one = bf_utf8_decode(word + i, n - i, &cp);
                const size_t two = one > 0 ? bf_utf8_decode(word + i + one, n - i - one, &cp) : 0;
                if (two > 0)
                    add_word(out, word + i, one + two, not_these);
                i += one > 0 ? one : 1;
            }
        } else if ((cp >= 0x80 || n >= CONTENT_LETTERS_MIN) && !bf_name_word_is_common(word, n)) {
            add_word(out, word, n, not_these);
        }
        word += n + (word[n] ? 1 : 0);
    }
    bf_buf_release(&key);
}

static int64_t count_words(const char *words)
{
    int64_t n = -1; /* each word has a space after it, and the first one before it */
    for (; *words; words++)
        n += *words == ' ';
    return n;
}

bool bf_descriptions_agree(const char *question, const char *a, const char *b)
{
    struct bf_buf asked, first, second;
    int64_t n_shared = 0;
    if (bf_is_refusal(a) || bf_is_refusal(b))
        return false;
    bf_buf_init(&asked, SIZE_MAX);
    bf_buf_init(&first, SIZE_MAX);
    bf_buf_init(&second, SIZE_MAX);
    content_words(&asked, question, "");
    content_words(&first, a, asked.data);
    content_words(&second, b, asked.data);
    for (const char *word = first.data + 1; *word;) {
        const size_t n = strcspn(word, " ");
        char *padded = bf_strndup(word - 1, n + 2);
        n_shared += strstr(second.data, padded) != NULL;
        free(padded);
        word += n + 1;
    }
    const int64_t n_first = count_words(first.data), n_second = count_words(second.data);
    const int64_t least = n_first < n_second ? n_first : n_second;
    bf_buf_release(&asked);
    bf_buf_release(&first);
    bf_buf_release(&second);
    return n_shared >= SHARED_WORDS_MIN && (double)n_shared >= shared_share * (double)least;
}

/* ---- the topic ---- */

bool bf_topic_has_words(const char *topic)
{
    struct bf_buf words;
    bf_buf_init(&words, SIZE_MAX);
    content_words(&words, topic, "");
    const bool any = count_words(words.data) > 0;
    bf_buf_release(&words);
    return any;
}

/* Is the word among `words`, which have spaces around each? */
static bool has_word(const void *words, const char *word, size_t n)
{
    for (const char *at = strchr(words, ' '); at && at[1]; at = strchr(at + 1, ' '))
        if (strncmp(at + 1, word, n) == 0 && at[1 + n] == ' ')
            return true;
    return false;
}

/* The topic's words that the name does not have, in a near form either. Returns how many words the topic has. */
static int64_t topic_words(struct bf_buf *out, const char *topic, const char *name)
{
    struct bf_buf all, own;
    bf_buf_init(&all, SIZE_MAX);
    bf_buf_init(&own, SIZE_MAX);
    content_words(&all, topic, "");
    content_words(&own, name, "");
    bf_buf_putc(out, ' ');
    for (const char *word = all.data + 1; *word;) {
        const size_t n = strcspn(word, " ");
        if (!bf_name_word_found(word, n, has_word, own.data))
            bf_buf_put(out, word, n + 1);
        word += n + 1;
    }
    const int64_t n = count_words(all.data);
    bf_buf_release(&all);
    bf_buf_release(&own);
    return n;
}

bool bf_name_holds_topic(const char *topic, const char *name)
{
    struct bf_buf words;
    bf_buf_init(&words, SIZE_MAX);
    const bool holds = topic_words(&words, topic, name) > 0 && count_words(words.data) == 0;
    bf_buf_release(&words);
    return holds;
}

bool bf_name_shares_topic(const char *topic, const char *name)
{
    struct bf_buf words;
    bf_buf_init(&words, SIZE_MAX);
    const bool shares = topic_words(&words, topic, name) > count_words(words.data);
    bf_buf_release(&words);
    return shares;
}

bool bf_description_names(const char *topic, const char *name, const char *answer)
{
    struct bf_buf wanted, said;
    int64_t n = 0;
    if (bf_is_refusal(answer))
        return false;
    bf_buf_init(&wanted, SIZE_MAX);
    bf_buf_init(&said, SIZE_MAX);
    const int64_t n_topic = topic_words(&wanted, topic, name), n_other = count_words(wanted.data);
    const int64_t half = (n_topic + 1) / 2, needed = half < n_other ? half : n_other;
    content_words(&said, answer, "");
    for (const char *word = wanted.data + 1; *word;) {
        const size_t length = strcspn(word, " ");
        n += bf_name_word_found(word, length, has_word, said.data);
        word += length + 1;
    }
    bf_buf_release(&wanted);
    bf_buf_release(&said);
    return needed > 0 && n >= needed;
}
