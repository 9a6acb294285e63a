#include "synth/point_tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/letter_case.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/words.h"
#include "synth/answer_names.h"
#include "synth/descriptions.h"
#include "base/banned.h"

enum { CANDIDATES_MAX = 20000 };

void bf_tally_init(struct bf_tally *tally, const struct bf_template_set *templates, const char *topic)
{
    *tally = (struct bf_tally){
        .templates = templates, .topic = topic, .asked = bf_array(templates->n, sizeof *tally->asked)};
    for (size_t t = 0; t < templates->n; t++)
        tally->checks |= templates->items[t].stage == BF_STAGE_POINTS &&
                         bf_template_asks(&templates->items[t]) == BF_POINTS_BELONG && bf_topic_has_words(topic);
}

void bf_tally_release(struct bf_tally *tally)
{
    for (size_t i = 0; i < tally->n; i++) {
        free(tally->items[i].name);
        free(tally->items[i].key);
        free(tally->items[i].forms);
    }
    free(tally->items);
    free(tally->asked);
    *tally = (struct bf_tally){.n = 0};
}

/* ---- names ---- */

/* Without its last `n` bytes; false when a single word would be left. */
static bool cut_end(struct bf_buf *key, const char *ending, size_t n)
{
    if (key->len <= n || strcmp(key->data + key->len - n, ending) != 0 || !memchr(key->data, ' ', key->len - n))
        return false;
    key->len -= n;
    key->data[key->len] = 0;
    return true;
}

/* The key of a name. "Talwen Falham of Quarmere" is Talwen Falham when the topic is Quarmere, but "Tower of London" is
 * not a tower when it is London: two words are left. Template sets of earlier versions have no check and keep their
 * names.
 */
static bool name_key(const struct bf_tally *tally, struct bf_buf *key, const char *name)
{
    static const char *const links[] = {" of ", " in ", " from ", " at "};
    struct bf_buf ending;
    bool cut = false;
    bf_name_key(key, name);
    bf_buf_init(&ending, SIZE_MAX);
    for (size_t i = 0; tally->checks && i < 2 * (sizeof links / sizeof *links) && !cut; i++) {
        bf_buf_clear(&ending);
        bf_buf_printf(&ending, "%s%s", links[i / 2], i % 2 ? "the " : "");
        bf_name_key(&ending, tally->topic);
        cut = cut_end(key, ending.data, ending.len);
    }
    bf_buf_release(&ending);
    return cut;
}

/* The name as it is shown, without the ending that `key` is without; owned by the caller. */
static char *shown_name(const char *name, const char *key)
{
    struct bf_buf start_key;
    size_t n = strlen(name);
    bf_buf_init(&start_key, SIZE_MAX);
    for (const char *space = strchr(name, ' '); space; space = strchr(space + 1, ' ')) {
        char *start = bf_strndup(name, (size_t)(space - name));
        bf_buf_clear(&start_key);
        bf_name_key(&start_key, start);
        free(start);
        if (strcmp(start_key.data, key) == 0) {
            n = (size_t)(space - name);
            break;
        }
    }
    while (n > 0 && (name[n - 1] == ',' || name[n - 1] == ' '))
        n--;
    bf_buf_release(&start_key);
    return bf_strndup(name, n);
}

/* The candidate of this name, which is added when there is none; NULL when there are too many. */
static struct bf_candidate *candidate_of(struct bf_tally *tally, const char *name)
{
    struct bf_buf key;
    bf_buf_init(&key, SIZE_MAX);
    const bool cut = name_key(tally, &key, name);
    struct bf_candidate *found = NULL;
    for (size_t i = 0; i < tally->n && !found; i++)
        if (strcmp(tally->items[i].key, key.data) == 0)
            found = &tally->items[i];
    for (size_t i = 0; i < tally->n && !found; i++)
        if (bf_name_same(tally->items[i].key, key.data))
            found = &tally->items[i];
    if (!found && tally->n < CANDIDATES_MAX) {
        if (tally->n == tally->size) {
            tally->size = tally->size ? 2 * tally->size : 64;
            tally->items = bf_grow(tally->items, tally->size, sizeof *tally->items);
        }
        found = &tally->items[tally->n++];
        *found = (struct bf_candidate){.name = cut ? shown_name(name, key.data) : bf_strdup(name),
                                       .key = bf_strdup(key.data),
                                       .forms = bf_array(tally->templates->n, sizeof(bool))};
        found->belongs = tally->checks && bf_name_holds_topic(tally->topic, found->name);
    }
    bf_buf_release(&key);
    return found;
}

void bf_tally_answer(struct bf_tally *tally, int32_t template_index, const char *question, const char *text, bool cut)
{
    const struct bf_template *template = &tally->templates->items[template_index];
    const bool control = bf_template_asks(template) == BF_POINTS_CONTROL;
    struct bf_lines names = {.n = 0};
    bf_answer_names(&names, tally->topic, question, text, cut);
    for (size_t i = 0; i < names.n; i++) {
        struct bf_candidate *c = candidate_of(tally, names.items[i]);
        if (!c)
            break;
        if (control)
            c->n_control++;
        else if (!c->forms[template_index]) {
            c->forms[template_index] = true;
            c->n_forms++;
        }
    }
    if (control) {
        tally->n_control++;
    } else if (!tally->asked[template_index]) {
        tally->asked[template_index] = true;
        tally->n_asked++;
    }
    bf_lines_release(&names);
}

void bf_tally_text(struct bf_tally *tally, const char *text)
{
    struct bf_lines names = {.n = 0};
    bf_prose_names(&names, text, strlen(text));
    tally->n_texts++;
    for (size_t i = 0; i < names.n; i++) {
        struct bf_candidate *c = candidate_of(tally, names.items[i]);
        if (!c || c->last_text == tally->n_texts) /* "Dumbledore" after "Albus Dumbledore": one text */
            continue;
        c->n_texts++;
        c->last_text = tally->n_texts;
    }
    bf_lines_release(&names);
}

/* ---- choosing ---- */

static bool is_point(const struct bf_tally *tally, const struct bf_points *points, const char *key)
{
    struct bf_buf other;
    bool found = false;
    bf_buf_init(&other, SIZE_MAX);
    for (int32_t i = 0; i < points->n && !found; i++) {
        bf_buf_clear(&other);
        name_key(tally, &other, points->items[i].text);
        found = bf_name_same(key, other.data);
    }
    bf_buf_release(&other);
    return found;
}

/* 1: several forms gave it; 2: one did; 3: as often given for the invented topic; 0: no form gave it. */
static int tier(const struct bf_tally *tally, const struct bf_candidate *c)
{
    if (c->n_forms == 0)
        return 0;
    if (c->n_control > 0 && (int64_t)c->n_control * tally->n_asked >= (int64_t)c->n_forms * tally->n_control)
        return 3;
    return c->n_forms >= 2 ? 1 : 2;
}

static void add_point(const struct bf_tally *tally, const struct bf_candidate *c, struct bf_points *points,
                      int32_t round)
{
    struct bf_buf origin;
    bool any = false;
    bf_buf_init(&origin, SIZE_MAX);
    bf_buf_puts(&origin, BF_ORIGIN_FORMS);
    for (size_t t = 0; t < tally->templates->n; t++)
        if (c->forms[t]) {
            bf_buf_printf(&origin, "%s%s", any ? ", " : "", tally->templates->items[t].name);
            any = true;
        }
    bf_buf_puts(&origin, c->checked && c->belongs ? BF_ORIGIN_BELONGS : "");
    bf_points_add(points, round, c->name, origin.data);
    bf_buf_release(&origin);
}

/* Is it one word with a capital, and none of the topic's? */
static bool is_single_name(const struct bf_tally *tally, const char *name)
{
    uint32_t first = 0;
    (void)bf_utf8_decode(name, strlen(name), &first);
    return bf_letter_is_upper(first) && bf_words_count(name) == 1 && !bf_name_shares_topic(tally->topic, name);
}

/* Does the check speak against this name? A single word names many things ("Athena" is a database, too, and "Mars" a
 * firm), so one that several forms gave belongs, whatever the model says about the word alone. */
static bool is_refuted(const struct bf_tally *tally, const struct bf_candidate *c)
{
    return !c->belongs && !(c->n_forms >= 2 && is_single_name(tally, c->name));
}

/* Which candidates are wanted. */
enum wanted { ANY, BELONGING, UNCHECKED };

static bool is_wanted(const struct bf_tally *tally, const struct bf_candidate *c, enum wanted wanted)
{
    return wanted == ANY || (wanted == BELONGING ? !is_refuted(tally, c) : !c->checked && !c->belongs);
}

/* The candidate of this tier that most forms gave, the first of equals; NULL when none is left. */
static struct bf_candidate *best_of(const struct bf_tally *tally, const struct bf_points *points, int of_tier,
                                    enum wanted wanted)
{
    struct bf_candidate *best = NULL;
    for (size_t i = 0; i < tally->n; i++) {
        struct bf_candidate *c = &tally->items[i];
        if (is_wanted(tally, c, wanted) && tier(tally, c) == of_tier && (!best || c->n_forms > best->n_forms) &&
            !is_point(tally, points, c->key))
            best = c;
    }
    return best;
}

/* Did more than one form give names at all? Otherwise none can agree with another. */
static bool forms_can_agree(const struct bf_tally *tally)
{
    size_t n = 0;
    for (size_t t = 0; t < tally->templates->n; t++)
        for (size_t i = 0; i < tally->n; i++)
            if (tally->items[i].forms[t]) {
                n++;
                break;
            }
    return n > 1;
}

int32_t bf_tally_choose(struct bf_tally *tally, struct bf_points *points, int32_t round, int32_t max, int32_t enough)
{
    const int32_t first = points->n;
    const bool tells = bf_tally_tells(tally), can_agree = forms_can_agree(tally);
    for (int of_tier = 1; of_tier <= 3; of_tier++) {
        const int32_t limit = of_tier == 1 || !can_agree || enough > max ? max : enough;
        if (of_tier == 3 && points->n > 0)
            break;
        while (points->n - first < limit) {
            const struct bf_candidate *c = best_of(tally, points, of_tier, tells ? BELONGING : ANY);
            if (!c)
                break;
            add_point(tally, c, points, round);
        }
    }
    return points->n - first;
}

/* ---- the check ---- */

int32_t bf_tally_draw_checks(struct bf_tally *tally, const struct bf_points *points, int32_t max, int32_t *out)
{
    int32_t n = 0;
    for (int of_tier = 1; of_tier <= 2; of_tier++)
        while (n < max) {
            struct bf_candidate *c = best_of(tally, points, of_tier, UNCHECKED);
            if (!c)
                break;
            c->checked = true;
            out[n++] = (int32_t)(c - tally->items);
        }
    return n;
}

void bf_tally_check(struct bf_tally *tally, int32_t candidate, const char *text)
{
    struct bf_candidate *c = &tally->items[candidate];
    c->checked = true;
    c->belongs = c->belongs || bf_description_names(tally->topic, c->name, text);
}

int32_t bf_tally_n_belong(const struct bf_tally *tally)
{
    int32_t n = 0;
    for (size_t i = 0; i < tally->n; i++)
        n += tally->items[i].checked && tally->items[i].belongs;
    return n;
}

bool bf_check_tells(int32_t n_belong, int32_t n_checked)
{
    return n_belong >= BF_BELONG_MIN || (n_checked > 0 && n_belong == n_checked);
}

bool bf_tally_tells(const struct bf_tally *tally)
{
    int32_t n_checked = 0;
    for (size_t i = 0; i < tally->n; i++)
        n_checked += tally->items[i].checked;
    return bf_check_tells(bf_tally_n_belong(tally), n_checked);
}

/* ---- kept texts ---- */

int32_t bf_tally_draw(struct bf_tally *tally, const struct bf_points *points, int32_t max, int32_t *out)
{
    struct bf_buf topic;
    int32_t n = 0;
    bf_buf_init(&topic, SIZE_MAX);
    bf_name_key(&topic, tally->topic);
    const bool tells = bf_tally_tells(tally);
    while (n < max) {
        struct bf_candidate *best = NULL;
        for (size_t i = 0; i < tally->n; i++) {
            struct bf_candidate *c = &tally->items[i];
            if (!c->asked && c->n_texts >= BF_SNOWBALL_TEXTS && (!best || c->n_texts > best->n_texts) &&
                c->n_control == 0 && !(tells && c->checked && is_refuted(tally, c)) &&
                !bf_name_within(c->key, topic.data) && !is_point(tally, points, c->key))
                best = c;
        }
        if (!best)
            break;
        best->asked = true;
        out[n++] = (int32_t)(best - tally->items);
    }
    bf_buf_release(&topic);
    return n;
}
