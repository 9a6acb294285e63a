/* Step names are the paper's (M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980). Where NLTK departs from it a comment
 * says so. Rules of one step are tried in order; the first suffix that matches decides, even when its condition fails. */
#include "eval/porter.h"

#include <stdbool.h>
#include <string.h>

#include "base/banned.h"

static bool is_vowel(char c)
{
    return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u';
}

/* A "y" is a consonant at the start and behind a vowel. */
static bool is_consonant(const char *w, size_t i)
{
    bool negate = false;
    while (i > 0 && w[i] == 'y') {
        negate = !negate;
        i--;
    }
    return !is_vowel(w[i]) != negate;
}

/* The paper's m: how often a vowel is followed by a consonant. */
static size_t measure(const char *w, size_t n)
{
    size_t m = 0;
    bool before = true;
    for (size_t i = 0; i < n; i++) {
        const bool consonant = w[i] == 'y' ? i == 0 || !before : !is_vowel(w[i]);
        if (i > 0 && consonant && !before)
            m++;
        before = consonant;
    }
    return m;
}

static bool has_vowel(const char *w, size_t n)
{
    bool before = true;
    for (size_t i = 0; i < n; i++) {
        before = w[i] == 'y' ? i == 0 || !before : !is_vowel(w[i]);
        if (!before)
            return true;
    }
    return false;
}

static bool ends_double_consonant(const char *w, size_t n)
{
    return n >= 2 && w[n - 1] == w[n - 2] && is_consonant(w, n - 1);
}

/* The paper's *o; NLTK also takes two letters, vowel and consonant. */
static bool ends_cvc(const char *w, size_t n)
{
    if (n >= 3 && is_consonant(w, n - 3) && !is_consonant(w, n - 2) && is_consonant(w, n - 1) && w[n - 1] != 'w' &&
        w[n - 1] != 'x' && w[n - 1] != 'y')
        return true;
    return n == 2 && !is_consonant(w, 0) && is_consonant(w, 1);
}

static bool ends_with(const char *w, size_t n, const char *suffix)
{
    const size_t k = strlen(suffix);
    return n >= k && memcmp(w + n - k, suffix, k) == 0;
}

/* Replace the last `cut` letters; no replacement is longer than its suffix by more than one letter. */
static size_t replace(char *w, size_t n, size_t cut, const char *with)
{
    const size_t k = strlen(with);
    memcpy(w + n - cut, with, k);
    return n - cut + k;
}

struct rule {
    const char *suffix, *with;
};

/* The first rule whose suffix matches, if the stem's measure is above `above`. */
static size_t apply(char *w, size_t n, const struct rule *rules, size_t n_rules, size_t above, bool *matched)
{
    for (size_t r = 0; r < n_rules; r++) {
        if (!ends_with(w, n, rules[r].suffix))
            continue;
        *matched = true;
        const size_t cut = strlen(rules[r].suffix);
        return measure(w, n - cut) > above ? replace(w, n, cut, rules[r].with) : n;
    }
    return n;
}

static size_t step_1a(char *w, size_t n)
{
    if (n == 4 && ends_with(w, n, "ies")) /* NLTK: "dies" -> "die" */
        return replace(w, n, 3, "ie");
    if (ends_with(w, n, "sses"))
        return n - 2;
    if (ends_with(w, n, "ies"))
        return n - 2;
    if (ends_with(w, n, "ss"))
        return n;
    return ends_with(w, n, "s") ? n - 1 : n;
}

static size_t step_1b(char *w, size_t n)
{
    if (ends_with(w, n, "ied")) /* NLTK: "died" -> "die", "spied" -> "spi" */
        return n == 4 ? n - 1 : n - 2;
    if (ends_with(w, n, "eed"))
        return measure(w, n - 3) > 0 ? n - 1 : n;
    if (ends_with(w, n, "ed") && has_vowel(w, n - 2))
        n -= 2;
    else if (ends_with(w, n, "ing") && has_vowel(w, n - 3))
        n -= 3;
    else
        return n;
    if (ends_with(w, n, "at") || ends_with(w, n, "bl") || ends_with(w, n, "iz"))
        return replace(w, n, 0, "e");
    if (ends_double_consonant(w, n))
        return w[n - 1] == 'l' || w[n - 1] == 's' || w[n - 1] == 'z' ? n : n - 1;
    return measure(w, n) == 1 && ends_cvc(w, n) ? replace(w, n, 0, "e") : n;
}

/* NLTK: behind a consonant, and not in words of two letters. */
static size_t step_1c(char *w, size_t n)
{
    if (ends_with(w, n, "y") && n > 2 && is_consonant(w, n - 2))
        w[n - 1] = 'i';
    return n;
}

static size_t step_2(char *w, size_t n)
{
    static const struct rule rules[] = {
        {"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"}, {"anci", "ance"}, {"izer", "ize"},
        {"bli", "ble"},     {"alli", "al"},     {"entli", "ent"}, {"eli", "e"},     {"ousli", "ous"},
        {"ization", "ize"}, {"ation", "ate"},   {"ator", "ate"},  {"alism", "al"},  {"iveness", "ive"},
        {"fulness", "ful"}, {"ousness", "ous"}, {"aliti", "al"},  {"iviti", "ive"}, {"biliti", "ble"},
        {"fulli", "ful"},
    };
    bool matched = false;
    while (ends_with(w, n, "alli") && measure(w, n - 4) > 0) /* NLTK: first, and then the step once more */
        n -= 2;
    n = apply(w, n, rules, sizeof rules / sizeof *rules, 0, &matched);
    /* NLTK: the "l" counts as the stem's. */
    if (!matched && ends_with(w, n, "logi") && measure(w, n - 3) > 0)
        n--;
    return n;
}

static size_t step_3(char *w, size_t n)
{
    static const struct rule rules[] = {{"icate", "ic"}, {"ative", ""}, {"alize", "al"}, {"iciti", "ic"},
                                        {"ical", "ic"},  {"ful", ""},   {"ness", ""}};
    bool matched = false;
    return apply(w, n, rules, sizeof rules / sizeof *rules, 0, &matched);
}

static size_t step_4(char *w, size_t n)
{
    static const struct rule before[] = {{"al", ""},    {"ance", ""}, {"ence", ""}, {"er", ""},
                                         {"ic", ""},    {"able", ""}, {"ible", ""}, {"ant", ""},
                                         {"ement", ""}, {"ment", ""}, {"ent", ""}};
    static const struct rule after[] = {{"ou", ""},  {"ism", ""}, {"ate", ""}, {"iti", ""},
                                        {"ous", ""}, {"ive", ""}, {"ize", ""}};
    bool matched = false;
    n = apply(w, n, before, sizeof before / sizeof *before, 1, &matched);
    if (matched)
        return n;
    if (ends_with(w, n, "ion"))
        return measure(w, n - 3) > 1 && (w[n - 4] == 's' || w[n - 4] == 't') ? n - 3 : n;
    return apply(w, n, after, sizeof after / sizeof *after, 1, &matched);
}

static size_t step_5(char *w, size_t n)
{
    if (ends_with(w, n, "e")) {
        const size_t m = measure(w, n - 1);
        if (m > 1 || (m == 1 && !ends_cvc(w, n - 1)))
            n--;
    }
    return ends_with(w, n, "ll") && measure(w, n - 1) > 1 ? n - 1 : n;
}

static bool is_irregular(char *w, size_t *n)
{
    static const struct rule forms[] = {
        {"sky", "sky"},        {"skies", "sky"},       {"dying", "die"},        {"lying", "lie"},
        {"tying", "tie"},      {"news", "news"},       {"innings", "inning"},   {"inning", "inning"},
        {"outings", "outing"}, {"outing", "outing"},   {"cannings", "canning"}, {"canning", "canning"},
        {"howe", "howe"},      {"proceed", "proceed"}, {"exceed", "exceed"},    {"succeed", "succeed"},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strlen(forms[i].suffix) == *n && memcmp(forms[i].suffix, w, *n) == 0) {
            *n = replace(w, *n, *n, forms[i].with);
            return true;
        }
    return false;
}

size_t bf_porter_stem(char *word, size_t n)
{
    if (is_irregular(word, &n) || n <= 2)
        return n;
    n = step_1a(word, n);
    n = step_1b(word, n);
    n = step_1c(word, n);
    n = step_2(word, n);
    n = step_3(word, n);
    n = step_4(word, n);
    return step_5(word, n);
}
