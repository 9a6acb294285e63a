#include "synth/number_words.h"

#include "base/banned.h"

enum class { NOT_A_NUMBER, UNIT, TEEN, TENS, HUNDRED, THOUSAND, FULL };

static const struct {
    const char *word;
    uint64_t value;
    enum class class;
    bool ordinal; /* ends the number */
    bool soft;    /* when it is alone */
} words[] = {
    {"zero", 0, FULL, false, false},
    {"one", 1, UNIT, false, true},
    {"two", 2, UNIT, false, false},
    {"three", 3, UNIT, false, false},
    {"four", 4, UNIT, false, false},
    {"five", 5, UNIT, false, false},
    {"six", 6, UNIT, false, false},
    {"seven", 7, UNIT, false, false},
    {"eight", 8, UNIT, false, false},
    {"nine", 9, UNIT, false, false},
    {"ten", 10, TEEN, false, false},
    {"eleven", 11, TEEN, false, false},
    {"twelve", 12, TEEN, false, false},
    {"thirteen", 13, TEEN, false, false},
    {"fourteen", 14, TEEN, false, false},
    {"fifteen", 15, TEEN, false, false},
    {"sixteen", 16, TEEN, false, false},
    {"seventeen", 17, TEEN, false, false},
    {"eighteen", 18, TEEN, false, false},
    {"nineteen", 19, TEEN, false, false},
    {"twenty", 20, TENS, false, false},
    {"thirty", 30, TENS, false, false},
    {"forty", 40, TENS, false, false},
    {"fifty", 50, TENS, false, false},
    {"sixty", 60, TENS, false, false},
    {"seventy", 70, TENS, false, false},
    {"eighty", 80, TENS, false, false},
    {"ninety", 90, TENS, false, false},
    {"hundred", 100, HUNDRED, false, true},
    {"thousand", 1000, THOUSAND, false, true},
    {"million", 1000000, THOUSAND, false, true},
    {"billion", 1000000000, THOUSAND, false, true},
    {"first", 1, UNIT, true, true},
    {"second", 2, UNIT, true, true},
    {"third", 3, UNIT, true, false},
    {"fourth", 4, UNIT, true, false},
    {"fifth", 5, UNIT, true, false},
    {"sixth", 6, UNIT, true, false},
    {"seventh", 7, UNIT, true, false},
    {"eighth", 8, UNIT, true, false},
    {"ninth", 9, UNIT, true, false},
    {"tenth", 10, TEEN, true, false},
    {"eleventh", 11, TEEN, true, false},
    {"twelfth", 12, TEEN, true, false},
    {"thirteenth", 13, TEEN, true, false},
    {"fourteenth", 14, TEEN, true, false},
    {"fifteenth", 15, TEEN, true, false},
    {"sixteenth", 16, TEEN, true, false},
    {"seventeenth", 17, TEEN, true, false},
    {"eighteenth", 18, TEEN, true, false},
    {"nineteenth", 19, TEEN, true, false},
    {"twentieth", 20, TENS, true, false},
    {"thirtieth", 30, TENS, true, false},
    {"fortieth", 40, TENS, true, false},
    {"fiftieth", 50, TENS, true, false},
    {"sixtieth", 60, TENS, true, false},
    {"seventieth", 70, TENS, true, false},
    {"eightieth", 80, TENS, true, false},
    {"ninetieth", 90, TENS, true, false},
    {"hundredth", 100, HUNDRED, true, true},
    {"thousandth", 1000, THOUSAND, true, true},
    /* These never combine with others. */
    {"once", 1, FULL, false, true},
    {"single", 1, FULL, false, true},
    {"sole", 1, FULL, false, true},
    {"both", 2, FULL, false, true},
    {"twice", 2, FULL, false, true},
    {"pair", 2, FULL, false, true},
    {"couple", 2, FULL, false, true},
    {"twin", 2, FULL, false, true},
    {"twins", 2, FULL, false, true},
    {"duo", 2, FULL, false, true},
    {"double", 2, FULL, false, true},
    {"secondly", 2, FULL, false, true},
    {"thrice", 3, FULL, false, true},
    {"triple", 3, FULL, false, true},
    {"trio", 3, FULL, false, true},
    {"trilogy", 3, FULL, false, true},
    {"triplets", 3, FULL, false, true},
    {"quartet", 4, FULL, false, true},
    {"decade", 10, FULL, false, true},
    {"dozen", 12, FULL, false, true},
    {"century", 100, FULL, false, true},
};
enum { N_WORDS = sizeof words / sizeof *words };

static size_t find(const struct bf_tokens *tokens, size_t i)
{
    size_t w = N_WORDS;
    if (i < tokens->n && tokens->items[i].kind == BF_TOKEN_WORD)
        for (w = 0; w < N_WORDS && !bf_token_is(tokens, i, words[w].word); w++)
            ;
    return w;
}

static bool joins(const struct bf_tokens *tokens, size_t i)
{
    return i < tokens->n && (tokens->items[i].gap == BF_GAP_SPACE || tokens->items[i].gap == BF_GAP_HYPHEN);
}

/* The number read so far: done + part, for example 2,000 + 100. */
struct reading {
    uint64_t done;
    uint64_t part;
    enum class last; /* class of the last word */
};

/* Add a word to the number, if it can follow the last one. */
static bool take(struct reading *r, enum class class, uint64_t value)
{
    bool fresh = r->last == THOUSAND || r->last == NOT_A_NUMBER;
    switch (class) {
    case UNIT:
        if (!fresh && r->last != TENS && r->last != HUNDRED)
            return false;
        r->part += value;
        break;
    case TEEN:
    case TENS:
        /* "nineteen ninety-eight", "twenty ten" */
        if (r->part >= 10 && r->part < 100 && r->done == 0 && (r->last == TEEN || r->last == TENS))
            r->part = r->part * 100 + value;
        else if (fresh || r->last == HUNDRED)
            r->part += value;
        else
            return false;
        break;
    case HUNDRED:
        if (r->last == HUNDRED || r->part >= 100)
            return false;
        r->part = (r->part ? r->part : 1) * 100;
        break;
    case THOUSAND:
        /* Only in descending order, so that the sum cannot overflow: "two thousand million" is two numbers. */
        if (r->part >= 1000 || (fresh && r->last == THOUSAND) || (r->done > 0 && r->done / value < 1000))
            return false;
        r->done += (r->part ? r->part : 1) * value;
        r->part = 0;
        break;
    default:
        return false;
    }
    r->last = class;
    return true;
}

struct bf_word_number bf_word_number_at(const struct bf_tokens *tokens, size_t i)
{
    struct bf_word_number out = {0};
    struct reading reading = {0};
    size_t first = find(tokens, i);
    if (first == N_WORDS)
        return out;
    if (words[first].class == FULL) {
        out = (struct bf_word_number){.value = words[first].value, .n_tokens = 1, .soft = words[first].soft};
        return out;
    }
    bool ended = false;
    for (size_t at = i; !ended;) {
        size_t next = at;
        if (at > i) {
            /* "one hundred and five" */
            bool bridge = (reading.last == HUNDRED || reading.last == THOUSAND) && joins(tokens, at) &&
                          bf_token_is(tokens, at, "and");
            next = at + (bridge ? 1 : 0);
            if (!joins(tokens, next))
                break;
        }
        size_t w = find(tokens, next);
        if (w == N_WORDS || !take(&reading, words[w].class, words[w].value))
            break;
        at = next + 1;
        out.n_tokens = at - i;
        ended = words[w].ordinal;
    }
    out.value = reading.done + reading.part;
    out.soft = out.n_tokens == 1 && words[first].soft;
    return out;
}

int bf_roman_at(const struct bf_tokens *tokens, size_t i)
{
    static const char *const numerals[] = {"i",  "ii",  "iii",  "iv",  "v",  "vi",  "vii",  "viii",  "ix",  "x",
                                           "xi", "xii", "xiii", "xiv", "xv", "xvi", "xvii", "xviii", "xix", "xx"};
    if (i == 0 || i >= tokens->n)
        return 0;
    const struct bf_token *token = &tokens->items[i];
    if (!token->upper || token->gap != BF_GAP_SPACE || !tokens->items[i - 1].upper || token->dotted ||
        !(token->all_upper || token->n_letters == 1))
        return 0;
    for (size_t v = 0; v < sizeof numerals / sizeof *numerals; v++)
        if (bf_token_is(tokens, i, numerals[v]))
            return (int)v + 1;
    return 0;
}

int bf_magnitude_at(const struct bf_tokens *tokens, size_t i)
{
    if (!joins(tokens, i))
        return 0;
    return bf_token_is(tokens, i, "hundred")    ? 2
           : bf_token_is(tokens, i, "thousand") ? 3
           : bf_token_is(tokens, i, "million")  ? 6
           : bf_token_is(tokens, i, "billion")  ? 9
                                                : 0;
}

int bf_multiple_at(const struct bf_tokens *tokens, size_t i)
{
    if (!joins(tokens, i))
        return 0;
    return bf_token_is(tokens, i, "decades") || bf_token_is(tokens, i, "decade") ? 10
           : bf_token_is(tokens, i, "dozen")                                     ? 12
           : bf_token_is(tokens, i, "centuries")                                 ? 100
                                                                                 : 0;
}

static const char *const months[] = {"january", "february", "march",     "april",   "may",      "june",
                                     "july",    "august",   "september", "october", "november", "december"};
static const struct {
    const char *word;
    int month;
} abbreviations[] = {{"jan", 1}, {"feb", 2}, {"mar", 3},  {"apr", 4},  {"jun", 6},  {"jul", 7},
                     {"aug", 8}, {"sep", 9}, {"sept", 9}, {"oct", 10}, {"nov", 11}, {"dec", 12}};

static bool is_any(const struct bf_tokens *tokens, size_t i, const char *const *any, size_t n)
{
    for (size_t w = 0; w < n; w++)
        if (bf_token_is(tokens, i, any[w]))
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
