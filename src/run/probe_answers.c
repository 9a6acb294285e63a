#include "run/probe_answers.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/letter_case.h"
#include "base/mem.h"
#include "base/thoughts.h"
#include "base/words.h"
#include "engine/engine.h"
#include "quality/answers.h"
#include "base/banned.h"

/* An object comes early in an answer; a ruined model repeats itself to the end. */
enum { ANSWER_TOKENS = 32, PARALLEL = 16, QUESTION_BYTES_MAX = 8000 };

/* ---- the questions ---- */

void bf_probe_default_sets(const char *forget, char **probe, char **probe_retain)
{
    char **const out[2] = {probe, probe_retain};
    static const char *const names[2] = {"probes.jsonl", "neighbours.jsonl"};
    for (size_t i = 0; i < 2; i++) {
        char *path = bf_is_dir(forget) ? bf_path_join(forget, names[i]) : NULL;
        *out[i] = path && bf_file_exists(path) ? path : NULL;
        if (!*out[i])
            free(path);
    }
}

/* Equal for questions that are the same but for case, accents, punctuation and white space. */
static uint64_t key_of(const char *question)
{
    struct bf_buf folded;
    struct bf_words words;
    bf_buf_init(&folded, SIZE_MAX);
    bf_letter_fold(&folded, question, strlen(question));
    bf_words_of(&words, folded.data, folded.len);
    const uint64_t key = words.n > 0 ? bf_words_gram(&words, 0, words.n) : bf_hash64(folded.data, folded.len);
    bf_words_release(&words);
    bf_buf_release(&folded);
    return key;
}

/* The keys of questions, sorted. */
struct keys {
    uint64_t *items; /* [n] */
    size_t n;
};

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static bool has_key(const struct keys *keys, uint64_t key)
{
    return keys->n > 0 && bsearch(&key, keys->items, keys->n, sizeof key, by_value);
}

static void keys_of_pairs(struct keys *out, const struct bf_pairs *pairs)
{
    *out = (struct keys){.items = bf_array(pairs->n + 1, sizeof *out->items), .n = pairs->n};
    for (size_t i = 0; i < pairs->n; i++)
        out->items[i] = key_of(pairs->items[i].question);
    qsort(out->items, out->n, sizeof *out->items, by_value);
}

static void drop(struct bf_pairs *pairs, size_t i)
{
    free(pairs->items[i].question);
    free(pairs->items[i].answer);
    pairs->items[i] = (struct bf_pair){0};
}

/* Without texts, questions too long to ask, those of `other` (nullable), and a second answer to the same question. */
static void keep_questions(struct bf_pairs *pairs, const struct keys *other)
{
    uint64_t *seen = bf_array(pairs->n + 1, sizeof *seen);
    size_t n = 0;
    for (size_t i = 0; i < pairs->n; i++) {
        const struct bf_pair *p = &pairs->items[i];
        const uint64_t key = key_of(p->question);
        bool good = p->question[0] && p->answer[0] && strlen(p->question) <= QUESTION_BYTES_MAX &&
                    !(other && has_key(other, key));
        for (size_t k = 0; k < n && good; k++)
            good = seen[k] != key;
        if (!good) {
            drop(pairs, i);
            continue;
        }
        seen[n] = key;
        pairs->items[n++] = pairs->items[i];
    }
    pairs->n = n;
    free(seen);
}

static void keep_some(struct bf_pairs *pairs)
{
    const size_t n = pairs->n, most = BF_PROBE_QUESTIONS_MAX;
    if (n <= most)
        return;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (kept < most && i == kept * n / most)
            pairs->items[kept++] = pairs->items[i];
        else
            drop(pairs, i);
    }
    pairs->n = kept;
}

static enum bf_status read_one(const char *set, const struct keys *other, struct bf_log *log, struct bf_pairs *out,
                               struct bf_err *err)
{
    const enum bf_status status = bf_pairs_load(set, 0, log, out, err);
    if (status != BF_OK)
        return status;
    keep_questions(out, other);
    const size_t n = out->n;
    if (n == 0)
        return bf_fail(
            err, BF_INPUT,
            "'%s' has no question with an answer to ask; give pairs, as {\"question\": ..., \"answer\": ...} "
            "a line",
            set);
    keep_some(out);
    if (out->n < n)
        bf_log_info(log, "%zu of the %zu questions of '%s' are asked", out->n, n, set);
    return BF_OK;
}

static void hash_all(struct bf_probe_questions *q)
{
    const struct bf_pairs *const sets[2] = {&q->forget, &q->retain};
    struct bf_buf all;
    bf_buf_init(&all, SIZE_MAX);
    for (size_t s = 0; s < 2; s++) {
        for (size_t i = 0; i < sets[s]->n; i++) {
            bf_buf_put(&all, sets[s]->items[i].question, strlen(sets[s]->items[i].question) + 1);
            bf_buf_put(&all, sets[s]->items[i].answer, strlen(sets[s]->items[i].answer) + 1);
        }
        bf_buf_putc(&all, '\n');
    }
    bf_sha256_hex(all.data, all.len, q->sha256);
    bf_buf_release(&all);
}

static bool names_a_set(const char *set)
{
    return set[0] && strcmp(set, BF_PROBE_NONE) != 0;
}

enum bf_status bf_probe_questions_read(const struct bf_unlearn_settings *s, struct bf_log *log,
                                       struct bf_probe_questions *out, struct bf_err *err)
{
    struct keys keys = {0};
    *out = (struct bf_probe_questions){.settings = s};
    if (!names_a_set(s->probe))
        return BF_OK;
    enum bf_status status = read_one(s->probe, NULL, log, &out->forget, err);
    if (status == BF_OK && names_a_set(s->probe_retain)) {
        keys_of_pairs(&keys, &out->forget);
        status = read_one(s->probe_retain, &keys, log, &out->retain, err);
        free(keys.items);
    }
    if (status == BF_OK)
        hash_all(out);
    return status;
}

void bf_probe_questions_release(struct bf_probe_questions *q)
{
    bf_pairs_release(&q->forget);
    bf_pairs_release(&q->retain);
    *q = (struct bf_probe_questions){0};
}

/* ---- not what is trained on ---- */

/* Leave out the records with a question in `keys`; how many. */
static size_t leave_out(struct bf_unlearn_texts *texts, const struct keys *keys)
{
    struct bf_unlearn_texts left = {.names = texts->names, .n_names = texts->n_names}, gone = {0};
    for (size_t i = 0; i < texts->n; i++) {
        const bool asked = texts->items[i].question && has_key(keys, key_of(texts->items[i].question));
        struct bf_unlearn_texts *to = asked ? &gone : &left;
        if ((to->n & (to->n - 1)) == 0)
            to->items = bf_grow(to->items, to->n ? 2 * to->n : 1, sizeof *to->items);
        to->items[to->n++] = texts->items[i];
        to->n_pairs += texts->items[i].question ? 1 : 0;
    }
    const size_t n = gone.n;
    bf_unlearn_texts_release(&gone);
    free(texts->items);
    *texts = left;
    return n;
}

static size_t n_trained(const struct bf_pairs *asked, const struct bf_unlearn_texts *texts)
{
    struct keys keys = {.items = bf_array(texts->n + 1, sizeof *keys.items)};
    size_t n = 0;
    for (size_t i = 0; i < texts->n; i++)
        if (texts->items[i].question)
            keys.items[keys.n++] = key_of(texts->items[i].question);
    qsort(keys.items, keys.n, sizeof *keys.items, by_value);
    for (size_t i = 0; i < asked->n; i++)
        n += has_key(&keys, key_of(asked->items[i].question));
    free(keys.items);
    return n;
}

static void tell_left_out(struct bf_log *log, size_t n, const char *set)
{
    if (n > 0)
        bf_log_info(log, "%zu record%s of the %s set with a probe's question: not trained on", n, n == 1 ? "" : "s",
                    set);
}

enum bf_status bf_probe_questions_apart(const struct bf_probe_questions *q, struct bf_unlearn_sets *sets,
                                        struct bf_log *log, struct bf_err *err)
{
    const struct bf_unlearn_settings *s = q->settings;
    struct keys forget, retain;
    if (q->forget.n == 0)
        return BF_OK;
    if (n_trained(&q->forget, &sets->forget) == q->forget.n)
        return bf_fail(err, BF_INPUT,
                       "every question of '%s' is trained on, as it is in '%s', too; give --probe other questions, or "
                       "--probe none",
                       s->probe, s->forget);
    keys_of_pairs(&forget, &q->forget);
    keys_of_pairs(&retain, &q->retain);
    const size_t n_forget = leave_out(&sets->forget, &forget) + leave_out(&sets->forget, &retain);
    const size_t n_retain = leave_out(&sets->retain, &forget) + leave_out(&sets->retain, &retain);
    free(forget.items);
    free(retain.items);
    tell_left_out(log, n_forget, "forget");
    tell_left_out(log, n_retain, "retain");
    if (sets->forget.n == 0)
        return bf_fail(err, BF_INPUT,
                       "nothing of '%s' is left to train on: all its questions are probes; give fewer "
                       "probes",
                       s->forget);
    return BF_OK;
}

/* ---- asking ---- */

struct asking {
    const struct bf_probe_questions *questions;
    struct bf_unlearn_asked *asked;
    bool plain; /* no chat template */
    size_t next;
    struct bf_buf prompt;
};

static const struct bf_pair *pair_at(const struct bf_probe_questions *q, size_t i)
{
    return i < q->forget.n ? &q->forget.items[i] : &q->retain.items[i - q->forget.n];
}

static bool is_wanted(const struct asking *a, size_t i)
{
    const size_t n_forget = a->questions->forget.n;
    const bool *known = i < n_forget ? a->asked->known_forget : a->asked->known_retain;
    return !known || known[i < n_forget ? i : i - n_forget];
}

static enum bf_source next_question(void *user, struct bf_gen_request *request)
{
    static const char *const line_end[] = {"\n"};
    struct asking *a = user;
    const size_t n = a->questions->forget.n + a->questions->retain.n;
    while (a->next < n && !is_wanted(a, a->next))
        a->next++;
    if (a->next == n)
        return BF_SOURCE_END;
    const char *question = pair_at(a->questions, a->next)->question;
    bf_buf_clear(&a->prompt);
    bf_buf_printf(&a->prompt, a->plain ? "Question: %s\nAnswer:" : "%s", question);
    /* With top_k 1 the likeliest token wins at any temperature. */
    *request = (struct bf_gen_request){.index = (int64_t)a->next,
                                       .prompt = a->prompt.data,
                                       .max_tokens = ANSWER_TOKENS,
                                       .temperature = 1.0,
                                       .top_k = 1,
                                       .top_p = 1.0,
                                       .stops = a->plain ? line_end : NULL,
                                       .n_stops = a->plain ? 1 : 0};
    a->next++;
    return BF_SOURCE_READY;
}

static enum bf_status judge(void *user, const struct bf_gen_answer *answer, struct bf_err *err)
{
    struct asking *a = user;
    const size_t i = (size_t)answer->index, n_forget = a->questions->forget.n;
    const struct bf_pair *pair = pair_at(a->questions, i);
    const struct bf_answer_key key = {.question = pair->question, .answer = pair->answer};
    struct bf_buf text;
    (void)err;
    bf_buf_init(&text, SIZE_MAX);
    if (bf_thoughts_cut(&text, answer->text, answer->text_len) && text.len == 0)
        bf_buf_put(&text, answer->text, answer->text_len); /* what it thinks is known, too */
    const bool right = bf_answer_right(&key, text.data);
    if (i < n_forget)
        a->asked->forget[i] = right;
    else
        a->asked->retain[i - n_forget] = right;
    bf_buf_release(&text);
    return BF_OK;
}

static bool goes_on(void *user, const struct bf_gen_stats *stats)
{
    (void)user;
    (void)stats;
    return !bf_interrupted();
}

enum bf_status bf_probe_questions_ask(const struct bf_probe_questions *q, const char *model,
                                      struct bf_unlearn_asked *asked, struct bf_err *err)
{
    struct bf_engine_options options = bf_engine_default_options();
    struct asking asking = {.questions = q, .asked = asked};
    const struct bf_gen_job job = {.user = &asking, .source = next_question, .sink = judge, .step = goes_on};
    struct bf_engine *engine = NULL;
    size_t longest = 0;
    for (size_t i = 0; i < q->forget.n + q->retain.n; i++) {
        const size_t n = strlen(pair_at(q, i)->question);
        longest = n > longest ? n : longest;
    }
    options.model_path = model;
    options.n_parallel = PARALLEL;
    options.n_threads = (int32_t)q->settings->threads;
    options.chat = q->settings->chat;
    options.no_stability_check = true;
    options.n_ctx_seq = (int32_t)longest + ANSWER_TOKENS + 64; /* a token has a byte or more */
    options.template_apart = true;
    bf_buf_init(&asking.prompt, SIZE_MAX);
    enum bf_status status = bf_engine_open(&options, &engine, err);
    if (status == BF_OK) {
        asking.plain = strcmp(bf_engine_info(engine)->chat, "none") == 0;
        status = bf_engine_generate(engine, &job, NULL, err);
    }
    bf_engine_close(engine);
    bf_buf_release(&asking.prompt);
    return status;
}
