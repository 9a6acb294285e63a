#include "synth/prose_names.h"

#include <string.h>

#include "synth/fact_scan.h"
#include "synth/name_words.h"
#include "base/banned.h"

enum { NAME_TOKENS_MAX = 8 };

bool bf_reads_like_sentence(const char *s, size_t n)
{
    struct bf_tokens tokens;
    static const char *const verbs[] = {"is", "are", "was", "were", "has", "have", "had", "can", "cannot", "will"};
    bf_tokens_of(&tokens, s, n);
    bool common = false, lower = false, verb = false;
    size_t n_words = 0;
    for (size_t i = 0; i < tokens.n; i++) {
        const char *word = bf_token_plain(&tokens, i);
        const size_t length = tokens.items[i].plain_len;
        const bool article =
            bf_token_is(&tokens, i, "the") || bf_token_is(&tokens, i, "a") || bf_token_is(&tokens, i, "an");
        if (tokens.items[i].kind != BF_TOKEN_WORD)
            continue;
        if (n_words == 0)
            common = !article && bf_name_word_is_common(word, length);
        else
            lower |= tokens.items[i].lower_case && length > 3;
        for (size_t v = 0; v < sizeof verbs / sizeof *verbs && n_words > 0; v++)
            verb |= tokens.items[i].lower_case && bf_token_is(&tokens, i, verbs[v]);
        n_words++;
    }
    bf_tokens_release(&tokens);
    return verb || (common && (lower || n_words == 1));
}

struct receiver {
    void *to;
    void (*each)(void *to, const char *name, size_t n);
};

static bool is_capital(const struct bf_tokens *tokens, size_t i)
{
    const struct bf_token *token = &tokens->items[i];
    return token->kind == BF_TOKEN_WORD && (token->upper || token->with_digit);
}

/* How many small words from token i on are within a name: "of the" in "Order of the Phoenix". */
static size_t links(const struct bf_tokens *tokens, size_t i)
{
    static const char *const words[] = {"of",  "the", "de",  "du",  "des", "del", "della", "di",  "da",
                                        "von", "van", "der", "den", "la",  "el",  "al",    "bin", "ibn"};
    size_t n = 0;
    while (n < 2 && i + n < tokens->n && tokens->items[i + n].gap == BF_GAP_SPACE) {
        bool found = false;
        for (size_t w = 0; w < sizeof words / sizeof *words && !found; w++)
            found = tokens->items[i + n].lower_case && bf_token_is(tokens, i + n, words[w]);
        if (!found)
            break;
        n++;
    }
    /* "the" alone links nothing: "in Rome the Senate". */
    return n == 1 && bf_token_is(tokens, i, "the") ? 0 : n;
}

static bool follows(const struct bf_tokens *tokens, size_t i)
{
    return i < tokens->n && is_capital(tokens, i) &&
           (tokens->items[i].gap == BF_GAP_SPACE || tokens->items[i].gap == BF_GAP_HYPHEN);
}

static bool is_ordinary(const struct bf_tokens *tokens, size_t i)
{
    return bf_name_word_is_common(bf_token_plain(tokens, i), tokens->items[i].plain_len);
}

/* Where the name that begins at token i ends. */
static size_t end_of_name(const struct bf_tokens *tokens, size_t i)
{
    size_t end = i + 1;
    while (end - i < NAME_TOKENS_MAX) {
        const size_t n = links(tokens, end);
        if (follows(tokens, end))
            end++;
        else if (n > 0 && follows(tokens, end + n))
            end += n + 1;
        else
            break;
    }
    return end;
}

static bool mostly_capitals(const struct bf_tokens *tokens)
{
    size_t n_words = 0, n_capitals = 0;
    for (size_t i = 0; i < tokens->n; i++) {
        n_words += tokens->items[i].kind == BF_TOKEN_WORD;
        n_capitals += tokens->items[i].all_upper;
    }
    return n_words >= 4 && 2 * n_capitals > n_words;
}

/* Give the name of the tokens [i, end), if it is one. */
static void give_run(const struct receiver *r, const char *text, const struct bf_tokens *tokens, size_t i, size_t end)
{
    const bool starts = tokens->items[i].gap == BF_GAP_SENTENCE || i == 0;
    const size_t first = i;
    /* "In Delphi", but within a sentence "the Great Red Spot". */
    while (i < end && ((starts && is_ordinary(tokens, i)) || !is_capital(tokens, i)))
        i++;
    while (end > i && !is_capital(tokens, end - 1))
        end--;
    size_t n_specific = 0;
    for (size_t j = i; j < end; j++)
        n_specific += bf_fact_is_specific(tokens, j) ? 1 : 0;
    if (n_specific == 0)
        return;
    /* A single word at the start of a sentence may be any word: "Stars shine". */
    if (starts && first == i && end - i == 1 && !tokens->items[i].possessive)
        return;
    const struct bf_token *last = &tokens->items[end - 1];
    size_t length = last->len;
    if (last->possessive) { /* the bytes before its apostrophe */
        length = 0;
        while (length < last->len && text[last->start + length] != '\'' &&
               strncmp(text + last->start + length, "’", strlen("’")) != 0)
            length++;
    }
    r->each(r->to, text + tokens->items[i].start, last->start + length - tokens->items[i].start);
}

void bf_prose_each(const char *text, size_t n, void *to, void (*each)(void *to, const char *name, size_t n))
{
    const struct receiver r = {to, each};
    struct bf_tokens tokens;
    bf_tokens_of(&tokens, text, n);
    if (!mostly_capitals(&tokens))
        for (size_t i = 0; i < tokens.n;) {
            if (!is_capital(&tokens, i) || (i > 0 && tokens.items[i].gap == BF_GAP_NONE)) {
                i++;
                continue;
            }
            const size_t end = end_of_name(&tokens, i);
            give_run(&r, text, &tokens, i, end);
            i = end;
        }
    bf_tokens_release(&tokens);
}

bool bf_is_one_clause(const char *s, size_t n)
{
    struct bf_tokens tokens;
    size_t n_words = 0, n_later = 0;
    bf_tokens_of(&tokens, s, n);
    const bool begins = tokens.n > 0 && tokens.items[0].upper;
    for (size_t i = 0; i < tokens.n; i++) {
        n_words += tokens.items[i].kind == BF_TOKEN_WORD;
        n_later += i > 0 && is_capital(&tokens, i);
    }
    bf_tokens_release(&tokens);
    return begins && n_later == 0 && n_words >= 4;
}
