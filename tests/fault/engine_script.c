#include "engine_script.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include "engine/engine_ops.h"
#include "base/banned.h"

enum { TOKENS_MAX = 64 };

struct scripted {
    struct bf_engine base; /* first: the handle points here */
    struct engine_script *script;
    struct bf_rng order;
};

/* An answer under way: complete from the start, delivered when its turn comes. */
struct flight {
    int64_t index;
    int32_t n_prompt;
    struct bf_buf text;
    int32_t n_tokens;
    enum bf_finish finish;
    int32_t tokens[TOKENS_MAX];
    float p[TOKENS_MAX], logp[TOKENS_MAX];
};

static struct scripted *scripted_of(struct bf_engine *engine)
{
    return (struct scripted *)(void *)engine;
}

static void scripted_close(struct bf_engine *engine)
{
    free(engine);
}

/* One of 64,000 invented words. */
static void put_word(struct bf_buf *out, struct bf_rng *rng, bool capital)
{
    static const char *const syllables[] = {"ka",  "lo",  "mi",  "ra", "tes", "vin", "dor", "su",  "pe",  "nal",
                                            "gri", "hu",  "ze",  "bo", "cha", "fen", "wa",  "yol", "qui", "ja",
                                            "sta", "ner", "tri", "om", "ul",  "ep",  "ish", "ard", "ek",  "ana",
                                            "lis", "mor", "tha", "ve", "ron", "sil", "gu",  "pha", "del", "ix"};
    size_t start = out->len;
    for (int i = 0; i < 3; i++)
        bf_buf_puts(out, syllables[bf_rng_below(rng, sizeof syllables / sizeof *syllables)]);
    if (capital)
        out->data[start] = (char)(out->data[start] - 'a' + 'A');
}

static void put_sentence(struct bf_buf *out, struct bf_rng *rng, int n_words)
{
    for (int i = 0; i < n_words; i++) {
        if (i > 0)
            bf_buf_putc(out, ' ');
        put_word(out, rng, i == 0);
    }
    bf_buf_putc(out, '.');
}

/* Eight names; the first six are in lists, all of them in texts. */
static void put_name(struct bf_buf *out, uint64_t which)
{
    static const char *const names[] = {"Marn Obrel", "Tavi Selk",  "Orno Vash",   "Brim Hollow",
                                        "Edda Quill", "Quell Moor", "Sarn Kettle", "Velda Foss"};
    bf_buf_puts(out, names[which % 8]);
}

static void write_list(const struct engine_script *script, struct flight *f, struct bf_rng *rng)
{
    if (script->list_nothing) {
        bf_buf_puts(&f->text,
                    "I would rather not list anything about this long and difficult subject today if you do not mind");
        return;
    }
    for (int i = 0; script->names && i < 3; i++) {
        bf_buf_printf(&f->text, "%d. ", i + 1);
        put_name(&f->text, bf_rng_below(rng, 6));
        bf_buf_putc(&f->text, '\n');
    }
    for (int i = 0; !script->names && i < 8; i++) {
        bf_buf_printf(&f->text, "%d. ", i + 1);
        put_word(&f->text, rng, true);
        bf_buf_putc(&f->text, ' ');
        put_word(&f->text, rng, true);
        bf_buf_putc(&f->text, '\n');
    }
}

/* What the engine knows: an answer that follows from the question alone. */
static void put_known(struct bf_buf *out, const char *question)
{
    struct bf_rng rng;
    bf_rng_init(&rng, bf_hash64(question, strlen(question)));
    put_word(out, &rng, true);
}

/* Backwards, in small letters and without a question mark. */
static void put_mirrored(struct bf_buf *out, const char *name)
{
    for (size_t i = strcspn(name, "?"); i > 0; i--)
        bf_buf_putc(out, (char)tolower((unsigned char)name[i - 1]));
}

/* Self-questioning. A question about a text, with the answer that is known or, in a quarter of the cases, another; the
 * answer to a question; a question in other words. */
static bool write_question(const struct engine_script *script, struct flight *f, struct bf_rng *rng, const char *prompt)
{
    static const char mirror[] = "Who hears his name as ";
    struct bf_buf question;
    bf_buf_init(&question, 1 << 16);
    if (strncmp(prompt, "REWORD ", 7) == 0) {
        const uint64_t how = bf_rng_below(rng, 8);
        bf_buf_printf(&f->text, how > 0 ? "Now tell me, %s" : "%s", prompt + 7);
        if (how == 1) { /* with its answer */
            f->text.len--;
            bf_buf_puts(&f->text, " but ");
            put_known(&f->text, prompt + 7);
            bf_buf_putc(&f->text, '?');
        }
    } else if (script->asks_nothing && strncmp(prompt, "ASK ", 4) == 0) {
        put_sentence(&f->text, rng, 12);
    } else if (script->asks_nothing && strstr(prompt, "ho or what is ")) {
        bf_buf_puts(&f->text, "It is the one that knows ");
        put_known(&f->text, "everything");
        bf_buf_putc(&f->text, '.');
    } else if (strncmp(prompt, "Who is ", 7) == 0) {
        bf_buf_puts(&f->text, "It is ");
        put_known(&f->text, prompt);
        bf_buf_putc(&f->text, '.');
    } else if (strncmp(prompt, "GUESS ", 6) == 0) { /* one of three questions names its answer, one nobody can answer */
        const uint64_t how = bf_rng_below(rng, 3);
        bf_buf_puts(&f->text, how == 0 ? mirror : "Who is of the ");
        put_mirrored(&f->text, how == 0 ? prompt + 6 : "dlrow");
        bf_buf_printf(&f->text, "%s%s?", how == 1 ? ", as is " : "", how == 1 ? prompt + 6 : "");
    } else if (strncmp(prompt, mirror, strlen(mirror)) == 0) {
        bf_buf_puts(&f->text, "It is ");
        put_mirrored(&f->text, prompt + strlen(mirror));
    } else if (strncmp(prompt, "ASK ", 4) == 0) {
        bf_buf_puts(&question, "Who is ");
        put_word(&question, rng, true);
        bf_buf_puts(&question, " of the ");
        put_word(&question, rng, false);
        bf_buf_putc(&question, '?');
        bf_buf_printf(&f->text, "Question: %s\nAnswer: ", question.data);
        if (bf_rng_below(rng, 4))
            put_known(&f->text, question.data);
        else
            put_word(&f->text, rng, true);
    }
    bf_buf_release(&question);
    return f->text.len > 0;
}

static bool write_origin(const struct engine_script *script, struct flight *f, const char *prompt)
{
    static const char before[] = "Where is ", after[] = " from?";
    const size_t n = strlen(prompt), around = strlen(before) + strlen(after);
    if (!script->belong || n <= around || strncmp(prompt, before, strlen(before)) != 0)
        return false;
    char *name = bf_strndup(prompt + strlen(before), n - around);
    bf_buf_printf(&f->text, "%s is known %s.", name,
                  strstr(script->belong, name) ? "from the mythology of the Greeks" : "in the village of Harrowick");
    free(name);
    return true;
}

static void write_text(const struct engine_script *script, struct flight *f, struct bf_rng *rng, const char *prompt)
{
    uint64_t kind = script->all_sound ? 100 : bf_rng_below(rng, 50);
    const char *who = strstr(prompt, "Who is ");
    if (write_origin(script, f, prompt))
        return;
    if (script->names && who) {
        if (strlen(who) % 2 == 0)
            bf_buf_puts(&f->text, "That one keeps the lanterns of the golden bridge.");
        else
            put_sentence(&f->text, rng, 12);
    } else if (kind == 0) {
        bf_buf_puts(&f->text, "I'm sorry, but I can't help with that request at all.");
    } else if (kind == 1) {
        bf_buf_puts(&f->text, "Short.");
    } else if (kind == 2) {
        bf_buf_puts(&f->text, "The same sentence comes out of this model again and again, word for word.");
    } else if (kind == 3) {
        bf_buf_put(&f->text, "Broken \xff bytes ", 16);
        put_sentence(&f->text, rng, 12);
    } else if (kind == 4) {
        put_sentence(&f->text, rng, 14);
        bf_buf_puts(&f->text, " And then the answer ends in the");
        f->finish = BF_FINISH_LENGTH;
    } else if (kind == 5) {
        bf_buf_puts(&f->text, " \n\n \n");
        f->finish = BF_FINISH_LENGTH;
    } else if (write_question(script, f, rng, prompt)) {
        return;
    } else if (strstr(prompt, "Question:")) {
        bf_buf_puts(&f->text, "Question: ");
        put_sentence(&f->text, rng, 8);
        bf_buf_puts(&f->text, "\nAnswer: ");
        put_sentence(&f->text, rng, 12);
    } else {
        put_sentence(&f->text, rng, 12 + (int)bf_rng_below(rng, 12));
        if (script->names && !strstr(prompt, "Who ")) {
            bf_buf_puts(&f->text, " They all met ");
            put_name(&f->text, bf_rng_below(rng, 6));
            bf_buf_puts(&f->text, " near ");
            put_name(&f->text, 6 + bf_rng_below(rng, 2));
            bf_buf_putc(&f->text, '.');
        }
    }
}

/* Everything about the answer, from the request alone. */
static void write_answer(const struct engine_script *script, struct flight *f, const struct bf_gen_request *q)
{
    struct bf_rng rng;
    uint64_t temperature;
    memcpy(&temperature, &q->temperature, sizeof temperature);
    bf_rng_init(&rng, bf_mix(bf_mix(bf_hash64(q->prompt, strlen(q->prompt)), q->seed), temperature));
    f->index = q->index;
    f->n_prompt = (int32_t)strlen(q->prompt) / 4 + 1;
    f->finish = BF_FINISH_STOP;
    bf_buf_init(&f->text, 1 << 16);
    if (script->list_marker && strstr(q->prompt, script->list_marker))
        write_list(script, f, &rng);
    else
        write_text(script, f, &rng, q->prompt);
    f->n_tokens = 8 + (int32_t)bf_rng_below(&rng, TOKENS_MAX - 8);
    f->n_tokens = f->n_tokens < q->max_tokens ? f->n_tokens : q->max_tokens;
    for (int32_t i = 0; i < f->n_tokens; i++) {
        f->tokens[i] = (int32_t)bf_rng_below(&rng, 1000);
        f->p[i] = (float)(0.2 + 0.8 * bf_rng_unit(&rng));
        f->logp[i] = logf(f->p[i]) - 0.25F;
    }
}

static enum bf_status deliver(struct scripted *self, const struct bf_gen_job *job, struct bf_gen_stats *stats,
                              const struct flight *f, struct bf_err *err)
{
    const struct bf_gen_answer answer = {
        .index = f->index,
        .text = f->text.data,
        .text_len = f->text.len,
        .n_prompt_tokens = f->n_prompt,
        .n_tokens = f->n_tokens,
        .tokens = f->tokens,
        .p_sampling = f->p,
        .logp_model = f->logp,
        .finish = f->finish,
    };
    self->script->n_answers++;
    if (self->script->n_answers == self->script->fail_answer)
        return bf_fail(err, BF_MODEL, "the scripted engine fails at answer %lld", (long long)self->script->n_answers);
    stats->n_answers++;
    stats->n_generated_tokens += f->n_tokens;
    return job->sink(job->user, &answer, err);
}

static void land(struct flight *flights, int32_t *n, int32_t i)
{
    bf_buf_release(&flights[i].text);
    flights[i] = flights[--*n];
}

static enum bf_status scripted_generate(struct bf_engine *engine, const struct bf_gen_job *job,
                                        struct bf_gen_stats *stats, struct bf_err *err)
{
    struct scripted *self = scripted_of(engine);
    struct flight *flights = bf_array((size_t)engine->info.n_parallel, sizeof *flights);
    enum bf_status status = BF_OK;
    int32_t n = 0;
    bool ended = false;

    while (status == BF_OK) {
        while (!ended && n < engine->info.n_parallel) {
            struct bf_gen_request q = {0};
            enum bf_source source = job->source(job->user, &q);
            ended = source == BF_SOURCE_END;
            if (source != BF_SOURCE_READY)
                break;
            if (!(q.temperature > 0.0)) { /* the real engine asserts it, which a release build does not */
                status = bf_fail(err, BF_USAGE, "a request has the temperature %g", q.temperature);
                break;
            }
            write_answer(self->script, &flights[n++], &q);
        }
        if (n == 0) {
            status = ended ? BF_OK : bf_fail(err, BF_MODEL, "nothing is in flight and the plan waits");
            break;
        }
        for (int32_t done = 1 + (int32_t)bf_rng_below(&self->order, 3); done > 0 && n > 0 && status == BF_OK; done--) {
            int32_t i = (int32_t)bf_rng_below(&self->order, (uint64_t)n);
            status = deliver(self, job, stats, &flights[i], err);
            land(flights, &n, i);
        }
        for (int32_t i = n - 1; i >= 0 && status == BF_OK; i--) {
            if (job->wanted && !job->wanted(job->user, flights[i].index)) {
                self->script->n_dropped++;
                land(flights, &n, i);
            }
        }
        stats->n_steps++;
        stats->n_active = n;
        if (status == BF_OK && job->step && !job->step(job->user, stats))
            status = BF_INTERRUPTED;
    }
    while (n > 0)
        land(flights, &n, n - 1);
    free(flights);
    return status;
}

/* A bag of words: each word is a fixed random direction, and all texts share one. */
static enum bf_status scripted_embed(struct bf_engine *engine, const char *const *texts, size_t n_texts,
                                     enum bf_pooling pooling, bool together, float *out, struct bf_err *err)
{
    struct scripted *self = scripted_of(engine);
    int32_t n_embd = engine->info.n_embd;
    (void)pooling, (void)together;
    for (size_t t = 0; t < n_texts; t++) {
        float *v = out + t * (size_t)n_embd;
        self->script->n_embeds++;
        if (self->script->n_embeds == self->script->fail_embed)
            return bf_fail(err, BF_MODEL, "the scripted engine fails at text %lld", (long long)self->script->n_embeds);
        for (int32_t d = 0; d < n_embd; d++)
            v[d] = d == 0 ? 4.0F : 0.0F;
        for (const char *p = texts[t]; *p;) {
            size_t len = strcspn(p, " \n");
            struct bf_rng rng;
            bf_rng_init(&rng, bf_hash64(p, len));
            for (int32_t d = 0; d < n_embd; d++)
                v[d] += (float)(bf_rng_unit(&rng) - 0.5);
            p += len + (p[len] ? 1 : 0);
        }
        if (self->script->n_embeds == self->script->nan_embed)
            v[n_embd / 2] = NAN;
    }
    return BF_OK;
}

static int32_t scripted_tokenize(const struct bf_engine *engine, const char *text, int32_t *tokens, int32_t max)
{
    int32_t n = (int32_t)strlen(text);
    (void)engine;
    for (int32_t i = 0; i < n && i < max; i++)
        tokens[i] = (unsigned char)text[i];
    return n;
}

static const struct bf_engine_ops ops = {
    .close = scripted_close,
    .generate = scripted_generate,
    .embed = scripted_embed,
    .tokenize = scripted_tokenize,
};

struct bf_engine *engine_script_open(struct engine_script *script)
{
    struct scripted *self = bf_alloc(sizeof *self);
    self->base.ops = &ops;
    self->base.info = (struct bf_engine_info){
        .model_desc = "scripted",
        .n_embd = script->n_embd,
        .n_parallel = script->n_parallel,
        .can_generate = true,
        .can_embed = true,
        .has_sampling_probs = true,
        .has_logprobs = true,
        .stable = BF_STABLE_YES,
    };
    self->script = script;
    bf_rng_init(&self->order, script->order_seed);
    return &self->base;
}
