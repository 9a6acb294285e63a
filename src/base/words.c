#include "base/words.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"
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
             cp == 0xfffd || cp >= 0x1f000);
}

static bool is_unspaced(uint32_t cp)
{
    return (cp >= 0x0e00 && cp <= 0x0eff) || (cp >= 0x1000 && cp <= 0x109f) || (cp >= 0x1780 && cp <= 0x17ff) ||
           (cp >= 0x3040 && cp <= 0x30ff) || (cp >= 0x3400 && cp <= 0x9fff) || (cp >= 0xf900 && cp <= 0xfaff) ||
           (cp >= 0x20000 && cp <= 0x2ffff);
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
        bool alone = letter && is_unspaced(cp);
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

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || ((unsigned char)c & 0x80);
}

bool bf_has_phrase(const char *text, const char *phrase)
{
    const size_t n = strlen(phrase), n_text = strlen(text);
    for (size_t i = 0; n > 0 && i + n <= n_text; i++)
        if ((i == 0 || !is_word_byte(text[i - 1])) && !is_word_byte(text[i + n]) &&
            strncasecmp(text + i, phrase, n) == 0)
            return true;
    return false;
}
