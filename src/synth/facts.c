#include "synth/facts.h"

#include <string.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "synth/fact_scan.h"
#include "synth/name_words.h"
#include "base/banned.h"

struct bf_facts_options bf_facts_default_options(void)
{
    return (struct bf_facts_options){.numbers = true, .dates = true, .names = true, .invented = true};
}

static bool wanted(const struct bf_facts_options *options, enum bf_fact_kind kind)
{
    return kind == BF_FACT_NUMBER ? options->numbers : kind == BF_FACT_DATE ? options->dates : options->names;
}

static bool list_has(const void *user, const char *word, size_t n)
{
    return bf_fact_list_has_word(user, word, n);
}

static bool has_token(const struct bf_fact_list *list, const struct bf_tokens *tokens, size_t i)
{
    return bf_name_word_found(bf_token_plain(tokens, i), tokens->items[i].plain_len, list_has, list);
}

static bool has_key(const struct bf_fact_list *list, uint64_t key)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->items[i].kind != BF_FACT_NAME && (list->items[i].key == key || list->items[i].alt == key))
            return true;
    return false;
}

/* Does the other text have this fact? For a name, any of its specific words is enough. */
static bool has_fact(const struct bf_fact_list *other, const struct bf_fact_list *list, const struct bf_fact *fact)
{
    if (fact->kind != BF_FACT_NAME)
        return has_key(other, fact->key) || has_key(other, fact->alt);
    for (size_t i = fact->first; i < fact->first + fact->n; i++)
        if (bf_fact_is_specific(&list->tokens, i) && has_token(other, &list->tokens, i))
            return true;
    return false;
}

/* In a name of the variant, every specific word must be known: "Harry Smith" is not Harry Potter. The first word of a
 * sentence may be capitalised because of its place: alone, or with a common ending ("Renowned Harry"), it is ignored.
 * Returns the first unknown token, or the end of the name. */
static size_t first_unknown(const struct bf_fact_list *known, const struct bf_fact_list *list,
                            const struct bf_fact *fact)
{
    const struct bf_tokens *tokens = &list->tokens;
    bool excused =
        !fact->sure && (fact->n == 1 || bf_name_word_has_common_ending(bf_token_plain(tokens, fact->first),
                                                                       tokens->items[fact->first].plain_len));
    size_t i = fact->first + (excused ? 1 : 0);
    while (i < fact->first + fact->n && (!bf_fact_is_specific(tokens, i) || has_token(known, tokens, i)))
        i++;
    return i;
}

static void set_loss(struct bf_facts_loss *out, enum bf_fact_kind kind, bool invented, const char *text, size_t n)
{
    if (!out)
        return;
    struct bf_buf clean;
    bf_buf_init(&clean, SIZE_MAX);
    *out = (struct bf_facts_loss){.kind = kind, .invented = invented};
    bf_utf8_preview(&clean, text, n, 2 * BF_FACT_EXCERPT_MAX);
    size_t len = clean.len < sizeof out->excerpt - 1 ? clean.len : sizeof out->excerpt - 1;
    while (len < clean.len && len > 0 && ((unsigned char)clean.data[len] & 0xc0) == 0x80)
        len--;
    memcpy(out->excerpt, clean.data, len);
    bf_buf_release(&clean);
}

/* Find a fact of `list`, from byte `from` on, that neither `other` nor `except` (nullable) has. */
static bool all_kept(const struct bf_fact_list *list, const char *text, size_t from, const struct bf_fact_list *other,
                     const struct bf_fact_list *except, const struct bf_facts_options *options,
                     struct bf_facts_loss *out)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct bf_fact *fact = &list->items[i];
        if (fact->soft || fact->start < from || !wanted(options, fact->kind) || has_fact(other, list, fact))
            continue;
        if (except && has_fact(except, list, fact))
            continue;
        set_loss(out, fact->kind, false, text + fact->start, fact->len);
        return false;
    }
    return true;
}

static bool none_invented(const struct bf_fact_list *list, const char *text, const struct bf_fact_list *original,
                          const struct bf_facts_options *options, struct bf_facts_loss *out)
{
    for (size_t i = 0; i < list->n && options->invented; i++) {
        const struct bf_fact *fact = &list->items[i];
        if (fact->soft || !wanted(options, fact->kind))
            continue;
        if (fact->kind == BF_FACT_NAME) {
            size_t unknown = first_unknown(original, list, fact);
            if (unknown == fact->first + fact->n)
                continue;
            const struct bf_token *token = &list->tokens.items[unknown];
            set_loss(out, fact->kind, true, text + token->start, token->len);
            return false;
        }
        if (has_fact(original, list, fact))
            continue;
        set_loss(out, fact->kind, true, text + fact->start, fact->len);
        return false;
    }
    return true;
}

bool bf_facts_preserved(const char *original, const char *variant, const struct bf_facts_options *options,
                        struct bf_facts_loss *out)
{
    const struct bf_facts_options defaults = bf_facts_default_options();
    struct bf_fact_list a;
    struct bf_fact_list b;
    options = options ? options : &defaults;
    bf_fact_list_of(&a, original, strlen(original));
    bf_fact_list_of(&b, variant, strlen(variant));
    bool kept = all_kept(&a, original, 0, &b, NULL, options, out) && none_invented(&b, variant, &a, options, out);
    bf_fact_list_release(&a);
    bf_fact_list_release(&b);
    return kept;
}

/* 1 for an answer that begins with yes, -1 with no, else 0. */
static int yes_or_no(const struct bf_fact_list *answer)
{
    if (answer->tokens.n == 0)
        return 0;
    bool alone = answer->tokens.n == 1 || answer->tokens.items[1].gap != BF_GAP_SPACE;
    return !alone ? 0 : bf_token_is(&answer->tokens, 0, "yes") ? 1 : bf_token_is(&answer->tokens, 0, "no") ? -1 : 0;
}

static void join(struct bf_buf *out, const struct bf_facts_pair *pair)
{
    bf_buf_init(out, SIZE_MAX);
    bf_buf_puts(out, pair->question);
    bf_buf_putc(out, '\n');
    bf_buf_puts(out, pair->answer);
}

bool bf_facts_preserved_pair(const struct bf_facts_pair *original, const struct bf_facts_pair *variant,
                             const struct bf_facts_options *options, struct bf_facts_loss *out)
{
    const struct bf_facts_options defaults = bf_facts_default_options();
    struct bf_buf all_a;
    struct bf_buf all_b;
    struct bf_fact_list a;
    struct bf_fact_list b;
    struct bf_fact_list question_a;
    struct bf_fact_list answer_a;
    struct bf_fact_list answer_b;
    options = options ? options : &defaults;
    join(&all_a, original);
    join(&all_b, variant);
    bf_fact_list_of(&a, all_a.data, all_a.len);
    bf_fact_list_of(&b, all_b.data, all_b.len);
    bf_fact_list_of(&question_a, original->question, strlen(original->question));
    bf_fact_list_of(&answer_a, original->answer, strlen(original->answer));
    bf_fact_list_of(&answer_b, variant->answer, strlen(variant->answer));

    bool kept = all_kept(&a, all_a.data, 0, &b, NULL, options, out) &&
                all_kept(&a, all_a.data, strlen(original->question), &answer_b, &question_a, options, out) &&
                none_invented(&b, all_b.data, &a, options, out);
    if (kept && yes_or_no(&answer_a) * yes_or_no(&answer_b) < 0) {
        set_loss(out, BF_FACT_ANSWER, false, original->answer, strlen(original->answer));
        kept = false;
    }
    bf_fact_list_release(&a);
    bf_fact_list_release(&b);
    bf_fact_list_release(&question_a);
    bf_fact_list_release(&answer_a);
    bf_fact_list_release(&answer_b);
    bf_buf_release(&all_a);
    bf_buf_release(&all_b);
    return kept;
}
