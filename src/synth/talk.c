#include "synth/talk.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "base/banned.h"

enum { ANNOUNCEMENT_MAX = 200, WORD_MAX = 24 };

static bool begins(const char *s, size_t n, const char *word)
{
    size_t len = strlen(word);
    return n >= len && strncasecmp(s, word, len) == 0;
}

static size_t skip_set(const char *s, size_t n, const char *set)
{
    size_t i = 0;
    while (i < n && s[i] && strchr(set, s[i]))
        i++;
    return i;
}

/* ---- before ---- */

/* The length of "Sure!" and the like; 0 when there is none. */
static size_t interjection(const char *s, size_t n)
{
    static const char *const words[] = {"sure thing", "sure",   "certainly", "of course", "absolutely",
                                        "okay",       "got it", "ok",        "alright",   "gladly"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t len = strlen(words[i]);
        if (begins(s, n, words[i]) && len < n && strchr("!,.:", s[len]) && s[len])
            return len + 1;
    }
    return 0;
}

/* Is the word (any case) in a list of words between spaces? */
static bool listed(const char *list, const char *word, size_t n)
{
    char padded[WORD_MAX + 3] = " ";
    if (n == 0 || n > WORD_MAX)
        return false;
    for (size_t i = 0; i < n; i++)
        padded[i + 1] = (char)tolower((unsigned char)word[i]);
    padded[n + 1] = ' ';
    padded[n + 2] = '\0';
    return strstr(list, padded) != NULL;
}

static const char strong[] =
    " rewritten rewrite rewriting rewrites rephrased rephrase rephrasing reworded rewording paraphrased paraphrase "
    "paraphrasing revised revision restated restatement restructured reformulated variation version variant ";
static const char label_words[] =
    " the a an is of would be i have as follows in from with for to this your original given same new sentence text "
    "statement output result passage paragraph one single another different style tone register structure perspective "
    "point view formal informal plain simple neutral third first person could it here's here can my and but that ";
static const char label_alone[] = " sentence text output statement ";

/* The length of an announcement at s, with its colon; 0 when there is none. */
static size_t announcement(const char *s, size_t n)
{
    size_t start = skip_set(s, n, "*#_> \t");
    size_t colon = start;
    while (colon < n && colon < ANNOUNCEMENT_MAX && s[colon] != ':' && s[colon] != '\n')
        colon++;
    if (colon >= n || colon >= ANNOUNCEMENT_MAX || s[colon] != ':' || !isalpha((unsigned char)s[start]))
        return 0;
    if (colon + 1 < n && !isspace((unsigned char)s[colon + 1]) && s[colon + 1] != '*' && s[colon + 1] != '"')
        return 0;

    size_t n_words = 0;
    size_t n_strong = 0;
    bool only_label = true;
    bool alone = false;
    for (size_t i = start; i < colon;) {
        size_t len = 0;
        while (i + len < colon && (isalpha((unsigned char)s[i + len]) || s[i + len] == '\'' || (s[i + len] & 0x80)))
            len++;
        if (len == 0) {
            i++;
            continue;
        }
        bool is_strong = listed(strong, s + i, len);
        n_words++;
        n_strong += is_strong ? 1 : 0;
        only_label = only_label && (is_strong || listed(label_words, s + i, len));
        alone = n_words == 1 && listed(label_alone, s + i, len);
        i += len;
    }
    bool here = begins(s + start, colon - start, "here is") || begins(s + start, colon - start, "here's") ||
                begins(s + start, colon - start, "here\xe2\x80\x99s") || begins(s + start, colon - start, "here are") ||
                begins(s + start, colon - start, "below is");
    size_t end = colon + 1 + skip_set(s + colon + 1, n - colon - 1, "*_");
    size_t blanks = skip_set(s + end, n - end, " \t\r");
    bool line_ends = end + blanks < n && s[end + blanks] == '\n';
    bool found = here ? n_strong > 0 || line_ends : (only_label && n_strong > 0) || alone;
    return found ? end : 0;
}

size_t bf_talk_before(const char *s, size_t n)
{
    size_t skipped = 0;
    for (int layer = 0; layer < 3; layer++) {
        size_t at = skipped + skip_set(s + skipped, n - skipped, " \t\r\n");
        size_t said = interjection(s + at, n - at);
        size_t after = at + said;
        after += skip_set(s + after, n - after, " \t\r");
        size_t told = announcement(s + after, n - after);
        if (told > 0)
            after += told;
        else if (said == 0 || after >= n || s[after] != '\n')
            break;
        skipped = after + skip_set(s + after, n - after, " \t\r\n");
    }
    return skipped < n ? skipped : 0;
}

/* ---- after ---- */

static bool is_remark(const char *s, size_t n)
{
    static const char *const openings[] = {
        "note:",
        "note that i",
        "please note",
        "explanation:",
        "i hope",
        "let me know",
        "this rewrit",
        "this version",
        "in this version",
        "in this rewrit",
        "the rewritten",
        "changes:",
        "changes made",
        "original:",
        "original sen",
        "original text",
        "i have rewr",
        "i've rewr",
        "i kept",
        "i changed",
        "would you like",
        "feel free to",
        "i've kept",
        "i have kept",
        "i rewrote",
        "original quest",
        "this text still",
        "this text conv",
        "this text keeps",
        "this text main",
        "this sentence still",
        "this sentence conv",
        "this sentence keeps",
        "this sentence main",
        "this sentence has",
        "the sentence has been",
        "in the rewritten",
    };
    size_t skip = skip_set(s, n, "*#_>([- \t");
    size_t rule = skip_set(s, n, "-");
    if (rule >= 3 && (rule == n || s[rule] == '\n'))
        return true;
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++)
        if (begins(s + skip, n - skip, openings[i]))
            return true;
    return false;
}

size_t bf_talk_after(const char *s, size_t n)
{
    while (n > 0 && isspace((unsigned char)s[n - 1]))
        n--;
    size_t first = skip_set(s, n, " \t\r\n");
    for (size_t i = first + 1; i < n; i++)
        if (s[i - 1] == '\n' && is_remark(s + i, n - i)) {
            n = i;
            break;
        }
    while (n > 0 && isspace((unsigned char)s[n - 1]))
        n--;
    return n;
}

/* ---- around ---- */

static const struct {
    const char *open, *close;
} pairs[] = {
    {"\"", "\""},
    {"\xe2\x80\x9c", "\xe2\x80\x9d"},
    {"\xc2\xab", "\xc2\xbb"},
    {"\xe2\x80\x98", "\xe2\x80\x99"},
    {"'", "'"},
    {"`", "`"},
    {"**", "**"},
    {"*", "*"},
    {"\xe3\x80\x8c", "\xe3\x80\x8d"},
};

static bool contains(const char *s, size_t n, const char *part)
{
    size_t len = strlen(part);
    for (size_t i = 0; i + len <= n; i++)
        if (memcmp(s + i, part, len) == 0)
            return true;
    return false;
}

static const char *trim(const char *s, size_t *n)
{
    while (*n > 0 && isspace((unsigned char)*s))
        s++, (*n)--;
    while (*n > 0 && isspace((unsigned char)s[*n - 1]))
        (*n)--;
    return s;
}

const char *bf_talk_unwrap(const char *s, size_t *n)
{
    s = trim(s, n);
    for (int layer = 0; layer < 2; layer++) {
        for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
            size_t open = strlen(pairs[i].open);
            size_t close = strlen(pairs[i].close);
            if (*n <= open + close || memcmp(s, pairs[i].open, open) != 0 ||
                memcmp(s + *n - close, pairs[i].close, close) != 0)
                continue;
            /* With a quote inside, the outer ones may belong to two quotations. */
            if (contains(s + open, *n - open - close, pairs[i].open) ||
                contains(s + open, *n - open - close, pairs[i].close))
                continue;
            size_t inner_n = *n - open - close;
            const char *inner = trim(s + open, &inner_n);
            if (inner_n == 0)
                continue;
            s = inner;
            *n = inner_n;
            break;
        }
    }
    return s;
}

void bf_rewrite_clean(struct bf_buf *out, const char *text, size_t n)
{
    struct bf_buf clean;
    bf_buf_init(&clean, SIZE_MAX);
    bf_utf8_clean(&clean, text, n);
    /* Quotes may be around everything, including an announcement, or only around the text. */
    size_t len = clean.len;
    const char *s = bf_talk_unwrap(clean.data, &len);
    size_t skip = bf_talk_before(s, len);
    s += skip;
    len = bf_talk_after(s, len - skip);
    s = bf_talk_unwrap(s, &len);
    bf_buf_put(out, s, len);
    bf_buf_release(&clean);
}
