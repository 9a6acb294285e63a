#include "synth/statement.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "synth/prose_names.h"
#include "base/banned.h"

enum { LONGEST = 240 }; /* bytes of a sentence that one question can be about */

struct span {
    const char *at;
    size_t n;
};

static void take_last(void *to, const char *name, size_t n)
{
    *(struct span *)to = (struct span){name, n};
}

/* Is it a name as a whole, were it not the first word of a sentence? */
static bool is_name(struct span s)
{
    struct bf_buf within;
    struct span found = {0};
    bf_buf_init(&within, SIZE_MAX);
    bf_buf_puts(&within, "of ");
    bf_buf_put(&within, s.at, s.n);
    bf_prose_each(within.data, within.len, &found, take_last);
    const bool whole = found.n == s.n && found.at == within.data + 3;
    bf_buf_release(&within);
    return whole && s.n > 0;
}

static struct span without_article(struct span s)
{
    static const char *const articles[] = {"the ", "The "};
    for (size_t i = 0; i < sizeof articles / sizeof *articles; i++) {
        const size_t n = strlen(articles[i]);
        if (s.n > n && strncmp(s.at, articles[i], n) == 0)
            return (struct span){s.at + n, s.n - n};
    }
    return s;
}

/* One sentence without its full stop; n = 0 when it is more than that. */
static struct span sentence_of(const char *text)
{
    while (*text == ' ')
        text++;
    struct span s = {text, strlen(text)};
    while (s.n > 0 && (s.at[s.n - 1] == ' ' || s.at[s.n - 1] == '.'))
        s.n--;
    if (s.n > LONGEST || memchr(s.at, '\n', s.n) || memchr(s.at, '?', s.n) || memchr(s.at, '"', s.n))
        return (struct span){0};
    for (size_t i = 0; i + 2 < s.n; i++)
        if (s.at[i] == '.' && s.at[i + 1] == ' ' && isupper((unsigned char)s.at[i + 2]))
            return (struct span){0};
    return s;
}

static size_t count_of(struct span in, struct span what)
{
    size_t n = 0;
    for (size_t i = 0; i + what.n <= in.n; i++)
        n += strncmp(in.at + i, what.at, what.n) == 0;
    return n;
}

/* "A is B", where one of them is a name: who or what is the other? */
static bool ask_who(struct span s, struct bf_buf *question, struct bf_buf *answer)
{
    static const char *const verbs[] = {" is ", " was ", " are ", " were "};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        const size_t n = strlen(verbs[i]);
        size_t at = 0;
        while (at + n < s.n && strncmp(s.at + at, verbs[i], n) != 0)
            at++;
        if (at + n >= s.n)
            continue;
        const struct span left = {s.at, at}, right = {s.at + at + n, s.n - at - n};
        const bool of_left = is_name(without_article(left));
        if (!of_left && !is_name(without_article(right)))
            continue;
        const struct span name = without_article(of_left ? left : right), other = of_left ? right : left;
        if (count_of(other, name) > 0 || memchr(other.at, ',', other.n))
            return false;
        bf_buf_printf(question, "Who or what%s", verbs[i]);
        const bool begins = !of_left && without_article(other).n < other.n; /* "The capital" */
        bf_buf_putc(question, begins ? 't' : other.at[0]);
        bf_buf_put(question, other.at + 1, other.n - 1);
        bf_buf_puts(question, "?");
        bf_buf_put(answer, name.at, name.n);
        return true;
    }
    return false;
}

static bool ask_missing(struct span s, struct bf_buf *question, struct bf_buf *answer)
{
    struct span name = {0};
    bf_prose_each(s.at, s.n, &name, take_last);
    if (name.n == 0 || name.n == s.n || count_of(s, name) != 1)
        return false;
    bf_buf_puts(question, "Which name is missing in \"");
    bf_buf_put(question, s.at, (size_t)(name.at - s.at));
    bf_buf_puts(question, "___");
    bf_buf_put(question, name.at + name.n, (size_t)(s.at + s.n - name.at) - name.n);
    bf_buf_puts(question, ".\"?");
    bf_buf_put(answer, name.at, name.n);
    return true;
}

bool bf_statement_question(const char *text, struct bf_buf *question, struct bf_buf *answer)
{
    const struct span s = sentence_of(text);
    return s.n > 0 && (ask_who(s, question, answer) || ask_missing(s, question, answer));
}
