/* A text as words and numbers, and the gaps between them. Facts are recognised in these tokens. */
#ifndef BF_SYNTH_FACT_TOKENS_H
#define BF_SYNTH_FACT_TOKENS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum bf_token_kind {
    BF_TOKEN_WORD,  /* letters, inner apostrophes ("O'Brien"), digits after the first letter ("B612") */
    BF_TOKEN_DIGITS /* "1998", "1,998.50"; its plain form is "1998.5" */
};

/* The gap before a token. */
enum bf_gap {
    BF_GAP_NONE,    /* nothing: "5km" */
    BF_GAP_SPACE,   /* white space, or the full stop of an initial or a title: "J. K.", "Dr. Who" */
    BF_GAP_HYPHEN,  /* a hyphen or dash without spaces: "Jean-Luc", "1998-2003" */
    BF_GAP_SLASH,   /* 3/3/1998 */
    BF_GAP_DOT,     /* 3.3.1998 */
    BF_GAP_COLON,   /* 10:30 */
    BF_GAP_COMMA,   /* a comma, a semicolon */
    BF_GAP_MARK,    /* anything else within a sentence: brackets, quotes, dashes between spaces */
    BF_GAP_SENTENCE /* the token begins a sentence, a line, or a quotation */
};

struct bf_token {
    enum bf_token_kind kind;
    enum bf_gap gap;
    bool upper;              /* begins with a capital */
    bool all_upper;          /* two letters or more, all of them capitals */
    bool lower_case;         /* begins with a lower-case letter */
    bool dotted;             /* initials: "U.S." */
    bool with_digit;         /* a word that contains a digit */
    bool possessive;         /* a final 's was removed */
    size_t start, len;       /* bytes of the text, including the 's */
    size_t plain, plain_len; /* in bf_tokens.plain: the folded word without 's, or the number's plain form */
    size_t n_letters;        /* of the folded word, in code points */
};

struct bf_tokens {
    struct bf_token *items; /* [n] */
    size_t n, allocated;
    struct bf_buf plain;
};

/* Split a text; at most 16,384 tokens are read. Bytes that are not UTF-8 separate words. Linear in the text. Release
 * with bf_tokens_release. */
void bf_tokens_of(struct bf_tokens *out, const char *text, size_t n);
void bf_tokens_release(struct bf_tokens *tokens);
const char *bf_token_plain(const struct bf_tokens *tokens, size_t i); /* plain_len bytes, no NUL */
bool bf_token_is(const struct bf_tokens *tokens, size_t i, const char *plain);

#endif
