/* Log-probabilities of given texts on a server. How continuations become requests:
 *
 *     a text from its beginning        an echo with log-probabilities
 *     a choice of tokens               one request with logprob_token_ids, if possible; else an echo for each choice
 *     a text after a prompt            prompt_logprobs of token ids, if possible: question and answer in the server's
 *                                      chat template
 *
 * The items are requested in parts, and delivered in order. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/api_private.h"
#include "base/banned.h"

enum { ITEMS_A_TIME = 64, PARTS_A_PLACE = 8, BYTE_BYTES = 2048 };
enum { TAIL_BYTES = 32 };

/* One request of a part. */
struct unit {
    size_t item;
    size_t choice;           /* for an echo of a prompt with a choice */
    char *text;              /* echo: the text that is sent; else NULL */
    struct bf_tokens prompt; /* prompt_logprobs; borrowed ids */
    int32_t first;           /* prompt_logprobs: the first token that counts */
    bool chosen;             /* logprob_token_ids */
    int32_t ids[BF_CHOICES_MAX];
    struct bf_api_scores scores;
    float choices[BF_CHOICES_MAX];
};

/* The token that a choice becomes after prompts that end with `tail`. */
struct known_choice {
    char tail[TAIL_BYTES + 1];
    const char *choice, *prompt; /* borrowed; the prompt is the first one with this end */
    int32_t id;                  /* -1: it is not a single token */
};

struct scoring_run {
    struct bf_api *self;
    const struct bf_continuation *items;
    size_t n_items;
    const struct bf_continuation_job *job;
    size_t first, n_part; /* of this part */
    struct unit *units;
    size_t n_units;
    struct bf_api_text_tokens *texts; /* [2 * n_part] for items with prompts: the prompt, and prompt and text */
    struct known_choice *known;
    size_t n_known, n_looked_up;
};

/* ---- what kind of item ---- */

static bool is_whole(const struct bf_continuation *item)
{
    return item->text && item->prompt[0] == 0 && !item->with_end && item->n_choices == 0;
}

static bool is_choice(const struct bf_continuation *item)
{
    return !item->text && item->n_choices > 0;
}

static enum bf_status check_item(const struct bf_api *self, const struct bf_continuation *item, struct bf_err *err)
{
    const char *model = self->base.info.model_desc;
    if (is_whole(item) || is_choice(item))
        return BF_OK;
    if (!item->text || item->n_choices > 0 || !self->server.prompt_numbers)
        return bf_fail(
            err, BF_MODEL,
            "'%s' scores whole texts, but not an answer after a prompt or the token that ends it; use a server "
            "that has prompt_logprobs and /tokenize (vLLM), or give the model as a file with -m",
            model);
    if (item->with_end && !self->server.chat)
        return bf_fail(err, BF_MODEL,
                       "'%s' has no chat template on this server, so the token that ends an answer is unknown; give "
                       "the model as a file with -m",
                       model);
    if (item->with_end && item->prompt[0] == 0)
        return bf_fail(err, BF_INPUT,
                       "the chat template of '%s' has no answer without a question, so no token ends it; give "
                       "a question",
                       model);
    return BF_OK;
}

/* ---- requests ---- */

static bool step(void *user)
{
    struct scoring_run *r = user;
    return !r->job->step || r->job->step(r->job->user, r->first);
}

static void make_call(void *user, size_t i, struct bf_api_call *call)
{
    struct scoring_run *r = user;
    const struct unit *u = &r->units[i];
    const struct bf_api_server *server = &r->self->server;
    const struct bf_continuation *item = &r->items[u->item];
    const struct bf_tokens chosen = {.ids = u->ids, .n = (int32_t)item->n_choices};
    call->path = "/completions";
    call->answer_max = bf_api_list_max(u->text ? strlen(u->text) : (size_t)u->prompt.n, BYTE_BYTES);
    call->body = u->chosen ? bf_api_body_choose(server, item->prompt, &chosen)
                 : u->text ? bf_api_body_score(server, u->text)
                           : bf_api_body_score_tokens(server, &u->prompt);
}

static enum bf_status read_scores(void *user, size_t i, const char *data, size_t n, struct bf_err *err)
{
    struct scoring_run *r = user;
    struct unit *u = &r->units[i];
    const struct bf_tokens chosen = {.ids = u->ids, .n = (int32_t)r->items[u->item].n_choices};
    if (u->chosen)
        return bf_api_parse_chosen(data, n, &chosen, u->choices, err);
    if (u->text)
        return bf_api_parse_echo(data, n, u->text, &u->scores, err);
    return bf_api_parse_prompt_numbers(data, n, &u->prompt, u->first, &u->scores, err);
}

static const char *name_of(void *user, size_t i, size_t *number)
{
    const struct scoring_run *r = user;
    const struct bf_continuation *item = &r->items[r->units[i].item];
    *number = r->units[i].item;
    return item->prompt[0] ? item->prompt : item->text;
}

static char *joined(const char *a, const char *b)
{
    const size_t n = strlen(a), m = strlen(b);
    char *text = bf_array(n + m + 1, 1);
    memcpy(text, a, n);
    memcpy(text + n, b, m);
    return text;
}

/* ---- texts after prompts ---- */

/* The tokens that the chat template puts after an answer, its end token first: the common end of two conversations with
 * different answers. */
static enum bf_status find_tail(struct scoring_run *r, struct bf_err *err)
{
    struct bf_api_text_tokens two[2] = {{.prompt = "Hi", .text = "Io", .chat = true},
                                        {.prompt = "Hi", .text = "Mars 4", .chat = true}};
    enum bf_status status = bf_api_tokens_of(r->self, two, 2, r, step, err);
    int32_t n = 0;
    while (status == BF_OK && n < two[0].n && n < two[1].n &&
           two[0].ids[two[0].n - 1 - n] == two[1].ids[two[1].n - 1 - n])
        n++;
    free(two[0].ids);
    free(two[1].ids);
    r->self->n_tail = n;
    if (status == BF_OK && n == 0)
        return bf_fail(err, BF_MODEL,
                       "the server's chat template puts no token after an answer; give the model as a "
                       "file with -m");
    return status;
}

/* The tokens of all items with prompts. Neighbours with the same prompt share its tokens. */
static enum bf_status find_texts(struct scoring_run *r, struct bf_err *err)
{
    const bool chat = r->self->server.chat;
    struct bf_api_text_tokens *ask = bf_array(2 * r->n_part, sizeof *ask);
    const char *prompt = NULL; /* the last prompt requested; choices and whole texts between need no tokens */
    size_t n = 0;
    for (size_t i = 0; i < r->n_part; i++) {
        const struct bf_continuation *item = &r->items[r->first + i];
        if (is_whole(item) || is_choice(item))
            continue;
        if (!prompt || strcmp(prompt, item->prompt) != 0)
            ask[n++] = (struct bf_api_text_tokens){.prompt = item->prompt, .chat = chat};
        ask[n++] = (struct bf_api_text_tokens){.prompt = item->prompt, .text = item->text, .chat = chat};
        prompt = item->prompt;
    }
    enum bf_status status = n > 0 && chat && r->self->n_tail == 0 ? find_tail(r, err) : BF_OK;
    if (status == BF_OK)
        status = bf_api_tokens_of(r->self, ask, n, r, step, err);
    const struct bf_api_text_tokens *earlier = NULL;
    size_t at = 0;
    for (size_t i = 0; i < r->n_part; i++) {
        const struct bf_continuation *item = &r->items[r->first + i];
        if (is_whole(item) || is_choice(item))
            continue;
        struct bf_api_text_tokens *two = &r->texts[2 * i];
        if (!earlier || strcmp(earlier->prompt, item->prompt) != 0) {
            two[0] = ask[at++];
        } else {
            two[0] = *earlier;
            two[0].ids = bf_array((size_t)two[0].n, sizeof *two[0].ids);
            if (two[0].n > 0 && earlier->ids)
                memcpy(two[0].ids, earlier->ids, (size_t)two[0].n * sizeof *two[0].ids);
        }
        two[1] = ask[at++];
        earlier = &two[0];
    }
    free(ask);
    return status;
}

static enum bf_status add_text(struct scoring_run *r, size_t i, struct bf_err *err)
{
    const struct bf_api_text_tokens *head = &r->texts[2 * i], *all = &r->texts[2 * i + 1];
    const struct bf_continuation *item = &r->items[r->first + i];
    const int32_t n = all->n - (all->chat ? r->self->n_tail - (item->with_end ? 1 : 0) : 0);
    int32_t border = 0;
    while (border < head->n && border < n && head->ids[border] == all->ids[border])
        border++;
    if (n < 1 || (all->chat && border + 1 < head->n))
        return bf_fail(err, BF_MODEL,
                       "the server's chat template writes a question differently when an answer follows, so that item "
                       "%zu cannot be scored; give the model as a file with -m",
                       r->first + i + 1);
    r->units[r->n_units++] =
        (struct unit){.item = r->first + i,
                      .prompt = {.ids = all->ids, .n = n},
                      .first = border > 0 ? border : 1}; /* the first token of all has no probability */
    return BF_OK;
}

/* ---- choices ---- */

static struct known_choice *find_choice(const struct scoring_run *r, const char *prompt, const char *choice)
{
    const size_t n = strlen(prompt);
    const char *tail = prompt + (n > TAIL_BYTES ? n - TAIL_BYTES : 0);
    for (size_t k = 0; k < r->n_known; k++)
        if (strcmp(r->known[k].tail, tail) == 0 && strcmp(r->known[k].choice, choice) == 0)
            return &r->known[k];
    return NULL;
}

/* Look up the tokens of choices after ends of prompts that are new. */
static enum bf_status find_choices(struct scoring_run *r, struct bf_err *err)
{
    for (size_t i = r->first; i < r->first + r->n_part; i++)
        for (size_t c = 0; is_choice(&r->items[i]) && c < r->items[i].n_choices; c++) {
            const char *prompt = r->items[i].prompt, *choice = r->items[i].choices[c];
            const size_t n = strlen(prompt);
            if (find_choice(r, prompt, choice))
                continue;
            r->known = bf_grow(r->known, r->n_known + 1, sizeof *r->known);
            struct known_choice *k = &r->known[r->n_known++];
            *k = (struct known_choice){.choice = choice, .prompt = prompt, .id = -1};
            memcpy(k->tail, prompt + (n > TAIL_BYTES ? n - TAIL_BYTES : 0), n > TAIL_BYTES ? TAIL_BYTES : n);
        }
    const size_t n_new = r->n_known - r->n_looked_up;
    struct bf_api_text_tokens *ask = bf_array(2 * n_new, sizeof *ask);
    for (size_t k = 0; k < n_new; k++) {
        const struct known_choice *known = &r->known[r->n_looked_up + k];
        ask[2 * k] = (struct bf_api_text_tokens){.prompt = known->prompt};
        ask[2 * k + 1] = (struct bf_api_text_tokens){.prompt = known->prompt, .text = known->choice};
    }
    const enum bf_status status = bf_api_tokens_of(r->self, ask, 2 * n_new, r, step, err);
    for (size_t k = 0; k < n_new; k++) {
        const struct bf_api_text_tokens *head = &ask[2 * k], *all = &ask[2 * k + 1];
        if (status == BF_OK && all->n == head->n + 1 &&
            (head->n == 0 || memcmp(all->ids, head->ids, (size_t)head->n * sizeof *head->ids) == 0))
            r->known[r->n_looked_up + k].id = all->ids[head->n];
        free(head->ids);
        free(all->ids);
    }
    free(ask);
    r->n_looked_up = r->n_known;
    return status;
}

static enum bf_status add_choices(struct scoring_run *r, size_t i, struct bf_err *err)
{
    const struct bf_continuation *item = &r->items[i];
    if (!r->self->server.chosen_numbers) {
        for (size_t c = 0; c < item->n_choices; c++)
            r->units[r->n_units++] =
                (struct unit){.item = i, .choice = c, .text = joined(item->prompt, item->choices[c])};
        return BF_OK;
    }
    struct unit *u = &r->units[r->n_units++];
    *u = (struct unit){.item = i, .chosen = true};
    for (size_t c = 0; c < item->n_choices; c++) {
        u->ids[c] = find_choice(r, item->prompt, item->choices[c])->id;
        if (u->ids[c] < 0)
            return bf_fail(err, BF_MODEL,
                           "the choice '%s' is not one token of the server's model after the prompt, so its "
                           "probability cannot be compared",
                           item->choices[c]);
    }
    return BF_OK;
}

/* ---- a part ---- */

static enum bf_status make_units(struct scoring_run *r, struct bf_err *err)
{
    size_t n = 0;
    for (size_t i = r->first; i < r->first + r->n_part; i++)
        n += r->items[i].n_choices > 0 ? r->items[i].n_choices : 1;
    r->units = bf_array(n, sizeof *r->units);
    r->texts = bf_array(2 * r->n_part, sizeof *r->texts);
    enum bf_status status = find_texts(r, err);
    if (status == BF_OK && r->self->server.chosen_numbers)
        status = find_choices(r, err);
    for (size_t i = 0; i < r->n_part && status == BF_OK; i++) {
        const struct bf_continuation *item = &r->items[r->first + i];
        if (is_choice(item))
            status = add_choices(r, r->first + i, err);
        else if (!is_whole(item))
            status = add_text(r, i, err);
        else if (r->self->server.echo)
            r->units[r->n_units++] = (struct unit){.item = r->first + i, .text = bf_strdup(item->text)};
        else
            status = bf_fail(err, BF_MODEL, "'%s' does not echo texts with log-probabilities",
                             r->self->base.info.model_desc);
    }
    return status;
}

/* Fill in the choices of an item, from one answer or from one per choice. *at: the item's first unit; moved past its
 * last. */
static enum bf_status take_choices(const struct scoring_run *r, size_t i, size_t *at, float *choices,
                                   struct bf_err *err)
{
    const struct bf_continuation *item = &r->items[i];
    const struct unit *u = &r->units[*at];
    if (u->chosen) {
        memcpy(choices, u->choices, item->n_choices * sizeof *choices);
        ++*at;
        return BF_OK;
    }
    for (size_t c = 0; c < item->n_choices; c++, u++, ++*at) {
        if (u->scores.n < 1 || u->scores.n != r->units[*at - c].scores.n)
            return bf_fail(err, BF_MODEL,
                           "the choices '%s' and '%s' have different numbers of tokens in the server's model, so they "
                           "cannot be compared",
                           item->choices[c], item->choices[0]);
        choices[c] = u->scores.logp[u->scores.n - 1];
    }
    return BF_OK;
}

static enum bf_status deliver(const struct scoring_run *r, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    for (size_t at = 0; at < r->n_units && status == BF_OK;) {
        const struct unit *u = &r->units[at];
        float choices[BF_CHOICES_MAX];
        struct bf_continuation_score score = {.item = u->item};
        if (is_choice(&r->items[u->item])) {
            status = take_choices(r, u->item, &at, choices, err);
            score.choices = choices;
        } else {
            score.n_prompt_tokens = u->text ? 0 : u->first;
            score.n_tokens = u->scores.n;
            score.logp = u->scores.logp;
            score.greedy = u->scores.greedy;
            at++;
        }
        if (status == BF_OK)
            status = r->job->sink(r->job->user, &score, err);
    }
    return status;
}

static void release_part(struct scoring_run *r)
{
    for (size_t i = 0; i < r->n_units; i++) {
        free(r->units[i].text);
        bf_api_scores_release(&r->units[i].scores);
    }
    for (size_t i = 0; i < 2 * r->n_part; i++)
        free(r->texts[i].ids);
    free(r->units);
    free(r->texts);
    r->units = NULL;
    r->texts = NULL;
    r->n_units = 0;
}

static enum bf_status score_part(struct scoring_run *r, struct bf_err *err)
{
    enum bf_status status = make_units(r, err);
    const struct bf_api_list list = {.user = r,
                                     .n = r->n_units,
                                     .what = "log-probabilities of texts",
                                     .make = make_call,
                                     .read = read_scores,
                                     .name = name_of,
                                     .step = step};
    if (status == BF_OK)
        status = bf_api_run_list(r->self, &list, err);
    if (status == BF_OK)
        status = deliver(r, err);
    release_part(r);
    return status;
}

enum bf_status bf_api_score_continuations(struct bf_engine *engine, const struct bf_continuation *items, size_t n_items,
                                          const struct bf_continuation_job *job, struct bf_err *err)
{
    struct bf_api *self = bf_api_of(engine);
    struct scoring_run r = {.self = self, .items = items, .n_items = n_items, .job = job};
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < n_items && status == BF_OK; i++)
        status = check_item(self, &items[i], err);
    const size_t places = (size_t)engine->info.n_parallel * PARTS_A_PLACE;
    const size_t most = places > ITEMS_A_TIME ? places : ITEMS_A_TIME;
    while (r.first < n_items && status == BF_OK) {
        r.n_part = n_items - r.first < most ? n_items - r.first : most;
        status = score_part(&r, err);
        r.first += r.n_part;
        if (status == BF_OK && job->step && !job->step(job->user, r.first))
            status = BF_INTERRUPTED;
    }
    free(r.known);
    return status;
}
