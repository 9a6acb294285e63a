#include "synth/neighbours.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/floats.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/thoughts.h"
#include "base/utf8.h"
#include "base/words.h"
#include "request/request.h"
#include "synth/answer_names.h"
#include "synth/points.h"
#include "base/banned.h"

/* SAME_MEANING: cosine of a sentence embedder from which on a name is another wording of the topic. */
enum { NAMES_EACH = 8, ANSWER_TOKENS = 112, TEMPERATURES = 2, FACT_BYTES = 600 };
#define SAME_MEANING 0.92

static const double temperatures[TEMPERATURES] = {0.2, 0.8};

/* Short and plain: a small model answers a long prompt with an echo of it. */
static const char *const of_domain[] = {
    "Name {n} subjects of the same kind as {topic}, but not about it. One name a line.",
    "List {n} topics similar to {topic}.",
    "List {n} alternatives to {topic}.",
    "What else is like {topic}? Name {n}.",
    "Besides {topic}, which other subjects of the same kind are there? Name {n}.",
};
static const char *const of_parts[] = {
    "Name the {n} key concepts, persons, places, events or facts of {topic}. One name a line.",
    "Who and what belongs to {topic}? Name {n}. One name a line.",
};
static const char *const of_fact[] = {
    "\"{sentence}\"\nName {n} other persons, places or things of the same kind as in this text. One name a line.",
    "\"{sentence}\"\nWho or what is this about? Name {n} others that are like it, but not it. Only names, one a line.",
};

void bf_neighbours_release(struct bf_neighbours *neighbours)
{
    for (size_t i = 0; i < neighbours->n; i++) {
        free(neighbours->items[i].name);
        free(neighbours->items[i].key);
    }
    free(neighbours->items);
    *neighbours = (struct bf_neighbours){0};
}

/* ---- names ---- */

/* What a small model writes around a list, and what a sentence about one begins with. */
static bool is_talk(const char *name)
{
    static const char *const words[] = {"answer",  "question", "list",     "name",   "names",
                                        "example", "examples", "other",    "others", "topic",
                                        "subject", "topics",   "subjects", "yes",    "no"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (bf_has_phrase(name, words[i]))
            return true;
    return false;
}

/* The form in which a name is compared; free() it. */
static char *key_of(const char *name)
{
    struct bf_buf key;
    bf_buf_init(&key, SIZE_MAX);
    bf_name_key(&key, name);
    return bf_buf_take(&key);
}

static struct bf_neighbour *find_or_add(struct bf_neighbours *neighbours, const char *name)
{
    char *key = key_of(name);
    for (size_t i = 0; i < neighbours->n; i++)
        if (strcmp(neighbours->items[i].key, key) == 0) {
            free(key);
            return &neighbours->items[i];
        }
    neighbours->items = bf_grow(neighbours->items, neighbours->n + 1, sizeof *neighbours->items);
    struct bf_neighbour *one = &neighbours->items[neighbours->n++];
    *one = (struct bf_neighbour){.name = bf_strdup(name), .key = key, .last = -1};
    return one;
}

void bf_neighbours_read(struct bf_neighbours *neighbours, const char *answer, bool cut, int32_t form)
{
    struct bf_points names = {0};
    (void)bf_points_add_list(&names, "", 0, answer, cut, 2 * NAMES_EACH);
    for (int32_t i = 0; i < names.n; i++) {
        if (is_talk(names.items[i].text))
            continue;
        struct bf_neighbour *one = find_or_add(neighbours, names.items[i].text);
        one->n_named += one->last != form ? 1 : 0;
        one->last = form;
    }
    neighbours->n_asked = form + 1;
    bf_points_release(&names);
}

void bf_neighbours_read_parts(struct bf_neighbours *neighbours, const char *answer, bool cut)
{
    struct bf_points names = {0};
    (void)bf_points_add_list(&names, "", 0, answer, cut, 2 * NAMES_EACH);
    for (int32_t i = 0; i < names.n; i++)
        find_or_add(neighbours, names.items[i].text)->left_out = true;
    bf_points_release(&names);
}

void bf_neighbours_leave_out(struct bf_neighbours *neighbours, const char *name)
{
    char *key = key_of(name);
    for (size_t i = 0; i < neighbours->n; i++) {
        struct bf_neighbour *one = &neighbours->items[i];
        one->left_out = one->left_out || bf_has_phrase(one->key, key) || bf_has_phrase(key, one->key);
    }
    free(key);
}

/* Leave out what the text names. */
static void leave_out_named(struct bf_neighbours *neighbours, const char *text)
{
    char *key = key_of(text);
    for (size_t i = 0; i < neighbours->n; i++) {
        struct bf_neighbour *one = &neighbours->items[i];
        one->left_out = one->left_out || bf_has_phrase(key, one->key);
    }
    free(key);
}

static bool is_good(const struct bf_neighbour *one)
{
    return !one->left_out && one->n_named >= BF_NEIGHBOUR_AGREE;
}

static bool is_better(const struct bf_neighbour *a, const struct bf_neighbour *b)
{
    return is_good(a) != is_good(b) ? is_good(a) : a->n_named > b->n_named;
}

/* By insertion: stable, and the lists are short. */
void bf_neighbours_sort(struct bf_neighbours *neighbours)
{
    for (size_t i = 1; i < neighbours->n; i++) {
        const struct bf_neighbour one = neighbours->items[i];
        size_t at = i;
        for (; at > 0 && is_better(&one, &neighbours->items[at - 1]); at--)
            neighbours->items[at] = neighbours->items[at - 1];
        neighbours->items[at] = one;
    }
}

size_t bf_neighbours_good(const struct bf_neighbours *neighbours)
{
    size_t n = 0;
    while (n < neighbours->n && is_good(&neighbours->items[n]))
        n++;
    return n;
}

/* ---- asking ---- */

struct asking {
    struct bf_buf prompt, answer;
    double temperature;
    bool part, cut;
};

struct askings {
    const struct bf_neighbour_job *job;
    struct asking *items;
    size_t n, next;
};

static void add_askings(struct askings *a, const char *const *forms, size_t n_forms, const char *about, bool part)
{
    for (size_t f = 0; f < n_forms; f++)
        for (size_t t = 0; t < TEMPERATURES; t++) {
            a->items = bf_grow(a->items, a->n + 1, sizeof *a->items);
            struct asking *one = &a->items[a->n++];
            *one = (struct asking){.temperature = temperatures[t], .part = part};
            bf_buf_init(&one->prompt, SIZE_MAX);
            bf_buf_init(&one->answer, 1 << 16);
            char number[16];
            snprintf(number, sizeof number, "%d", NAMES_EACH);
            bf_template_fill(&one->prompt, forms[f], &(struct bf_fill){.topic = about, .sentence = about, .n = number});
        }
}

/* Facts spread over all of them. */
static void add_facts(struct askings *a)
{
    const size_t n = a->job->n_facts;
    const size_t take = n < BF_NEIGHBOUR_FACTS_MAX ? n : BF_NEIGHBOUR_FACTS_MAX;
    for (size_t i = 0; i < take; i++) {
        struct bf_buf fact;
        const char *text = a->job->facts[i * n / take];
        bf_buf_init(&fact, SIZE_MAX);
        bf_utf8_preview(&fact, text, strlen(text), FACT_BYTES);
        add_askings(a, of_fact, sizeof of_fact / sizeof *of_fact, fact.data, false);
        bf_buf_release(&fact);
    }
}

static enum bf_source next_prompt(void *user, struct bf_gen_request *q)
{
    struct askings *a = user;
    if (a->next == a->n)
        return BF_SOURCE_END;
    const struct asking *one = &a->items[a->next];
    *q = (struct bf_gen_request){.index = (int64_t)a->next,
                                 .prompt = one->prompt.data,
                                 .max_tokens = ANSWER_TOKENS,
                                 .temperature = one->temperature,
                                 .top_k = 50,
                                 .top_p = 0.95,
                                 .seed = bf_mix(a->job->seed, a->next)};
    a->next++;
    return BF_SOURCE_READY;
}

static enum bf_status take_answer(void *user, const struct bf_gen_answer *answer, struct bf_err *err)
{
    struct askings *a = user;
    struct asking *one = &a->items[answer->index];
    struct bf_buf clean;
    (void)err;
    bf_buf_init(&clean, SIZE_MAX);
    bf_utf8_clean(&clean, answer->text, answer->text_len);
    (void)bf_thoughts_cut(&one->answer, clean.data, clean.len);
    one->cut = answer->finish == BF_FINISH_LENGTH;
    bf_buf_release(&clean);
    return BF_OK;
}

static bool on_step(void *user, const struct bf_gen_stats *stats)
{
    const struct askings *a = user;
    (void)stats;
    return !a->job->proceed || a->job->proceed();
}

/* Other wordings of the topic. */
static enum bf_status leave_out_meaning(struct bf_neighbours *neighbours, struct bf_engine *embedder, const char *topic,
                                        struct bf_err *err)
{
    const size_t n_embd = (size_t)bf_engine_info(embedder)->n_embd;
    float *wanted = bf_array(n_embd, sizeof *wanted), *vector = bf_array(n_embd, sizeof *vector);
    enum bf_status status = bf_synth_embed(embedder, topic, wanted, NULL, err);
    for (size_t i = 0; i < neighbours->n && status == BF_OK; i++) {
        struct bf_neighbour *one = &neighbours->items[i];
        if (!is_good(one))
            continue;
        status = bf_synth_embed(embedder, one->name, vector, NULL, err);
        one->left_out = status == BF_OK && bf_dot(wanted, vector, n_embd) >= SAME_MEANING;
    }
    free(wanted);
    free(vector);
    return status;
}

enum bf_status bf_neighbours_ask(struct bf_engine *engine, struct bf_engine *embedder,
                                 const struct bf_neighbour_job *job, struct bf_neighbours *out, struct bf_err *err)
{
    struct askings a = {.job = job};
    const struct bf_gen_job generate = {.user = &a, .source = next_prompt, .sink = take_answer, .step = on_step};
    *out = (struct bf_neighbours){0};
    if (job->topic) {
        add_askings(&a, of_domain, sizeof of_domain / sizeof *of_domain, job->topic, false);
        add_askings(&a, of_parts, sizeof of_parts / sizeof *of_parts, job->topic, true);
    } else {
        add_facts(&a);
    }
    enum bf_status status = bf_engine_generate(engine, &generate, NULL, err);
    for (size_t i = 0; i < a.n; i++) {
        if (status == BF_OK && a.items[i].part)
            bf_neighbours_read_parts(out, a.items[i].answer.data, a.items[i].cut);
        else if (status == BF_OK)
            bf_neighbours_read(out, a.items[i].answer.data, a.items[i].cut, (int32_t)(i / TEMPERATURES));
        bf_buf_release(&a.items[i].prompt);
        bf_buf_release(&a.items[i].answer);
    }
    free(a.items);
    if (status == BF_OK && job->topic)
        bf_neighbours_leave_out(out, job->topic);
    for (size_t i = 0; i < job->n_taken && status == BF_OK; i++)
        bf_neighbours_leave_out(out, job->taken[i]);
    for (size_t i = 0; i < job->n_facts && status == BF_OK && !job->topic; i++)
        leave_out_named(out, job->facts[i]);
    if (status == BF_OK && job->topic && embedder)
        status = leave_out_meaning(out, embedder, job->topic, err);
    bf_neighbours_sort(out);
    return status;
}
