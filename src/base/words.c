#include "base/words.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/letter_case.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "base/banned.h"

enum { WORDS_MAX = 16384, WORD_BYTES = 256 };

static bool is_space(uint32_t cp)
{
    return cp == ' ' || (cp >= 9 && cp <= 13) || cp == 0xa0 || cp == 0x3000 || (cp >= 0x2000 && cp <= 0x200b) ||
           cp == 0x2028 || cp == 0x2029;
}

/* Without a Unicode table: ASCII exactly; beyond it everything but the blocks of punctuation and symbols. */
static bool is_letter(uint32_t cp)
{
    if (cp < 0x80)
        return (cp >= '0' && cp <= '9') || (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z');
    if (cp < 0xc0 || cp == 0xd7 || cp == 0xf7)
        return cp == 0xaa || cp == 0xb5 || cp == 0xba;
    return !((cp >= 0x2000 && cp <= 0x2bff) || (cp >= 0x3000 && cp <= 0x3004) || (cp >= 0x3008 && cp <= 0x3020) ||
             (cp >= 0xfe10 && cp <= 0xfe6f) || (cp >= 0xff00 && cp <= 0xff0f) || (cp >= 0xff1a && cp <= 0xff20) ||
             cp == 0xfffd || (cp >= 0x1f000 && cp < 0x20000) || cp > 0x3ffff);
}

void bf_words_of(struct bf_words *out, const char *text, size_t n_bytes)
{
    *out = (struct bf_words){0};
    out->hashes = bf_array(WORDS_MAX, sizeof *out->hashes);
    char word[WORD_BYTES];
    size_t len = 0;
    size_t i = 0;
    while (i <= n_bytes && out->n < WORDS_MAX) {
        uint32_t cp = ' ';
        size_t step = 1;
        if (i < n_bytes) {
            step = bf_utf8_decode(text + i, n_bytes - i, &cp);
            if (step == 0) {
                step = 1;
                cp = 0xfffd;
            }
        }
        bool letter = i < n_bytes && is_letter(cp);
        bool alone = letter && bf_letter_is_unspaced(cp);
        if (len > 0 && (!letter || alone || len + 4 > sizeof word)) {
            out->hashes[out->n++] = bf_hash64(word, len);
            len = 0;
        }
        out->n_unspaced += alone && out->n < WORDS_MAX ? 1 : 0;
        if (alone && out->n < WORDS_MAX)
            out->hashes[out->n++] = bf_hash64(text + i, step);
        else if (letter)
            for (size_t b = 0; b < step; b++) {
                char c = text[i + b];
                word[len++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
            }
        if (i < n_bytes && !is_space(cp))
            out->n_points++;
        out->n_letters += letter ? 1 : 0;
        i += step;
    }
}

void bf_words_release(struct bf_words *words)
{
    free(words->hashes);
    *words = (struct bf_words){0};
}

uint64_t bf_words_gram(const struct bf_words *words, size_t i, size_t n)
{
    uint64_t h = n;
    for (size_t j = i; j < i + n; j++)
        h = bf_mix(h, words->hashes[j]);
    return h;
}

static bool is_word(uint32_t cp)
{
    return bf_letter_is(cp) || bf_letter_digit(cp) >= 0 || (cp >= 0x20000 && cp <= 0x3ffff);
}

/* The code point that ends before text + at; a space when there is none. */
static uint32_t before(const char *text, size_t at)
{
    uint32_t cp = ' ';
    for (size_t n = 1; n <= 4 && n <= at; n++)
        if (((unsigned char)text[at - n] & 0xc0) != 0x80)
            return bf_utf8_decode(text + at - n, n, &cp) == n ? cp : ' ';
    return ' ';
}

size_t bf_words_count(const char *text)
{
    struct bf_words words;
    bf_words_of(&words, text, strlen(text));
    const size_t n = words.n;
    bf_words_release(&words);
    return n;
}

bool bf_is_word_edge(const char *text, size_t at)
{
    uint32_t next = ' ';
    const uint32_t last = before(text, at);
    if (bf_utf8_decode(text + at, strnlen(text + at, 4), &next) == 0)
        next = ' ';
    return !is_word(last) || !is_word(next) || bf_letter_is_unspaced(last) || bf_letter_is_unspaced(next);
}

bool bf_has_phrase(const char *text, const char *phrase)
{
    struct bf_buf in, what;
    bool found = false;
    bf_buf_init(&in, SIZE_MAX);
    bf_buf_init(&what, SIZE_MAX);
    bf_letter_fold(&in, text, strlen(text));
    bf_letter_fold(&what, phrase, strlen(phrase));
    for (const char *at = what.len > 0 ? strstr(in.data, what.data) : NULL; at && !found;
         at = strstr(at + 1, what.data)) {
        const size_t from = (size_t)(at - in.data);
        found = bf_is_word_edge(in.data, from) && bf_is_word_edge(in.data, from + what.len);
    }
    bf_buf_release(&in);
    bf_buf_release(&what);
    return found;
}
