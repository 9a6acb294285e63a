#include "synth/month_names.h"

#include "base/banned.h"

static const char *const months[] = {"january", "february", "march",     "april",   "may",      "june",
                                     "july",    "august",   "september", "october", "november", "december"};
static const struct {
    const char *word;
    int month;
} abbreviations[] = {{"jan", 1}, {"feb", 2}, {"mar", 3},  {"apr", 4},  {"jun", 6},  {"jul", 7},
                     {"aug", 8}, {"sep", 9}, {"sept", 9}, {"oct", 10}, {"nov", 11}, {"dec", 12}};

static bool is_any(const struct bf_tokens *tokens, size_t i, const char *const *words, size_t n)
{
    for (size_t w = 0; w < n; w++)
        if (bf_token_is(tokens, i, words[w]))
            return true;
    return false;
}

static bool is_figure(const struct bf_tokens *tokens, size_t i)
{
    static const char *const ordinals[] = {
        "first",     "second",    "third",       "fourth",     "fifth",      "sixth",      "seventh",
        "eighth",    "ninth",     "tenth",       "eleventh",   "twelfth",    "thirteenth", "fourteenth",
        "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth",  "thirtieth"};
    static const char *const endings[] = {"st", "nd", "rd", "th"};
    if (i >= tokens->n)
        return false;
    if (tokens->items[i].kind == BF_TOKEN_DIGITS)
        return true;
    bool ending = i > 0 && tokens->items[i].gap == BF_GAP_NONE && is_any(tokens, i, endings, 4);
    return ending || is_any(tokens, i, ordinals, sizeof ordinals / sizeof *ordinals);
}

/* "3 March", "3rd of March", "March 3", "March the 3rd", "March, 1998" */
static bool beside_figure(const struct bf_tokens *tokens, size_t i)
{
    enum bf_gap before = tokens->items[i].gap;
    if (i >= 1 && (before == BF_GAP_SPACE || before == BF_GAP_HYPHEN || before == BF_GAP_SLASH)) {
        if (is_figure(tokens, i - 1) || (i >= 2 && bf_token_is(tokens, i - 1, "of") && is_figure(tokens, i - 2)))
            return true;
    }
    if (i + 1 >= tokens->n)
        return false;
    enum bf_gap after = tokens->items[i + 1].gap;
    /* "Sept. 4" looks like the end of a sentence. */
    bool near = after != BF_GAP_NONE && after != BF_GAP_MARK;
    return near && (is_figure(tokens, i + 1) || (bf_token_is(tokens, i + 1, "the") && is_figure(tokens, i + 2)));
}

static bool ambiguous(int month)
{
    return month == 3 || month == 4 || month == 5 || month == 6 || month == 8;
}

static bool apart_from_names(const struct bf_tokens *tokens, size_t i)
{
    bool before = i > 0 && tokens->items[i].gap == BF_GAP_SPACE && tokens->items[i - 1].upper;
    bool after = i + 1 < tokens->n && tokens->items[i + 1].gap == BF_GAP_SPACE && tokens->items[i + 1].upper;
    return !before && !after;
}

int bf_month_at(const struct bf_tokens *tokens, size_t i)
{
    static const char *const in[] = {"in", "since", "until", "during", "early", "late", "mid", "last", "next", "every"};
    if (i >= tokens->n || tokens->items[i].kind != BF_TOKEN_WORD || tokens->items[i].plain_len < 3)
        return 0;
    for (int m = 1; m <= 12; m++) {
        if (!bf_token_is(tokens, i, months[m - 1]))
            continue;
        if (!ambiguous(m) || beside_figure(tokens, i))
            return m;
        if (i > 0 && tokens->items[i].gap == BF_GAP_SPACE && is_any(tokens, i - 1, in, sizeof in / sizeof *in))
            return m;
        bool by_itself =
            tokens->items[i].upper && tokens->items[i].gap != BF_GAP_SENTENCE && apart_from_names(tokens, i);
        return by_itself ? m : 0;
    }
    for (size_t a = 0; a < sizeof abbreviations / sizeof *abbreviations; a++)
        if (bf_token_is(tokens, i, abbreviations[a].word) && beside_figure(tokens, i))
            return abbreviations[a].month;
    return 0;
}
