/* The promises of engine.h on a real llama-server with SmolLM2, plainly and through a proxy that breaks things: each
 * answer comes once, whatever happens on the way, and the key is told to nobody. */
#include "child_server.h"

#include <llama.h>

#include "base/buf.h"
#include "base/json.h"

static const char key[] = "sk-test-5ecret";
static struct child server;
static char prompts[N_PROMPTS][8192];
static struct job job, other;

static struct bf_api_options api_options(const char *endpoints)
{
    struct bf_api_options o = bf_api_default_options();

    o.endpoints = endpoints;
    o.n_parallel = 8;
    o.give_up_seconds = 60;
    return o;
}

static struct bf_engine *open_api(const struct bf_api_options *o)
{
    struct bf_engine *engine = NULL;
    struct bf_err err = BF_ERR_INIT;

    if (bf_engine_open_api(o, &engine, &err))
        fail_msg("%s", err.text);
    return engine;
}

static struct bf_engine *open_server(void)
{
    struct bf_api_options o = api_options(server.url);

    return open_api(&o);
}

static struct bf_engine *open_embedded(int32_t n_parallel)
{
    struct bf_engine_options o = bf_engine_default_options();
    struct bf_engine *engine = NULL;
    struct bf_err err = BF_ERR_INIT;

    o.model_path = environment("BIFORGET_TEST_MODEL");
    o.n_parallel = n_parallel;
    o.no_stability_check = true;
    if (bf_engine_open(&o, &engine, &err))
        fail_msg("%s", err.text);
    return engine;
}

static struct job new_job(int n_prompts, int32_t max_tokens)
{
    write_prompts(prompts);
    return (struct job){
        .prompts = prompts, .n_prompts = n_prompts, .max_tokens = max_tokens, .top_k = 50, .top_p = 0.95, .seed = 77};
}

static void assert_open_fails(const struct bf_api_options *o, enum bf_status status, const char *words)
{
    struct bf_engine *engine = (struct bf_engine *)(void *)1;
    struct bf_err err = BF_ERR_INIT;

    assert_int_equal(bf_engine_open_api(o, &engine, &err), status);
    assert_null(engine);
    assert_error(err, status, words);
    assert_null(strstr(err.text, key));
}

static void what_the_server_offers_is_found(void **state)
{
    struct bf_engine *engine = open_server();
    const struct bf_engine_info *info = bf_engine_info(engine);

    (void)state;
    assert_string_equal(info->model_desc, "smol");
    assert_contains(info->backend, "http llama-server b");
    assert_contains(info->quantisation, "Q4_0");
    assert_string_equal(info->chat, "server");
    assert_int_equal(info->stable, BF_STABLE_UNKNOWN);
    assert_int_equal(info->n_parallel, 8);
    assert_int_equal(info->n_ctx_seq, 512);
    assert_int_equal(info->n_vocab, 49152);
    assert_int_equal(info->n_embd, 576);
    assert_true(info->can_generate && info->can_embed && info->has_chat_template);
    assert_true(info->has_sampling_probs && !info->has_logprobs);
    assert_false(info->can_score); /* llama-server does not echo prompts */
    bf_engine_close(engine);
}

static void probabilities_are_asked_for_as_wanted(void **state)
{
    static const struct {
        enum bf_api_probs probs;
        bool logprobs, sampling;
    } kinds[] = {{BF_API_PROBS_NONE, false, false},
                 {BF_API_PROBS_SAMPLING, false, true},
                 {BF_API_PROBS_MODEL, true, false},
                 {BF_API_PROBS_BOTH, true, true}};

    (void)state;
    for (size_t k = 0; k < N_ELEMENTS(kinds); k++) {
        struct bf_api_options o = api_options(server.url);

        o.probs = kinds[k].probs;
        struct bf_engine *engine = open_api(&o);
        assert_int_equal(bf_engine_info(engine)->has_logprobs, kinds[k].logprobs);
        assert_int_equal(bf_engine_info(engine)->has_sampling_probs, kinds[k].sampling);
        job = new_job(3, 6);
        generate(engine, &job, NULL);
        for (int i = 0; i < 3; i++)
            for (int32_t t = 0; t < job.answers[i].n_tokens; t++) {
                assert_true(job.answers[i].p[t] >= 0 && job.answers[i].p[t] <= 1);
                assert_true(job.answers[i].logp[t] <= 0);
                assert_int_equal(job.answers[i].p[t] > 0, kinds[k].probs != BF_API_PROBS_NONE);
            }
        bf_engine_close(engine);
    }
}

/* What the server says of its own sampling is what we compute from the model's distribution. One request at a time, so
 * that both see the same arithmetic. */
static void both_ways_to_a_sampling_probability_agree(void **state)
{
    struct bf_api_options o = api_options(server.url);
    int n_compared = 0;

    (void)state;
    o.n_parallel = 1;
    o.probs = BF_API_PROBS_SAMPLING;
    struct bf_engine *engine = open_api(&o);
    job = new_job(6, 16);
    generate(engine, &job, NULL);
    bf_engine_close(engine);
    o.probs = BF_API_PROBS_BOTH;
    engine = open_api(&o);
    other = new_job(6, 16);
    generate(engine, &other, NULL);
    bf_engine_close(engine);
    for (int i = 0; i < 6; i++) {
        const struct answer *a = &job.answers[i], *b = &other.answers[i];

        for (int32_t t = 0; t < a->n_tokens && t < b->n_tokens && a->tokens[t] == b->tokens[t]; t++) {
            n_compared++;
            if (fabs((double)a->p[t] - (double)b->p[t]) > 0.02)
                fail_msg("answer %d, token %d: %f and %f", i, t, (double)a->p[t], (double)b->p[t]);
        }
    }
    assert_true(n_compared > 48);
}

/* Always the likeliest token: the server gets the same prompt tokens and has the same model, so it says the same, but
 * for near ties that another order of summation turns. */
static void it_answers_as_the_embedded_engine(void **state)
{
    struct bf_engine *embedded = open_embedded(4);
    struct bf_api_options o = api_options(server.url);
    int n_same = 0, n_tokens = 0;
    double off = 0;

    (void)state;
    o.probs = BF_API_PROBS_MODEL;
    struct bf_engine *engine = open_api(&o);
    job = new_job(12, 12);
    job.top_k = 1;
    other = job;
    generate(embedded, &job, NULL);
    generate(engine, &other, NULL);
    for (int i = 0; i < 12; i++) {
        const struct answer *a = &job.answers[i], *b = &other.answers[i];
        bool same = a->n_tokens == b->n_tokens && strcmp(a->text, b->text) == 0;

        assert_int_equal(a->n_prompt, b->n_prompt);
        assert_int_equal(!same || a->finish == b->finish, true);
        n_same += same;
        for (int32_t t = 0; same && t < a->n_tokens; t++) {
            assert_int_equal(a->tokens[t], b->tokens[t]);
            off += fabs((double)a->logp[t] - (double)b->logp[t]);
            n_tokens++;
        }
    }
    /* Four places in one batch, in another order each time: the server's own noise is 0.01 to 0.2. */
    if (n_same < 8 || off / n_tokens > 0.1)
        fail_msg("%d of 12 answers are the same, log-probabilities off by %f", n_same, off / n_tokens);
    bf_engine_close(engine);
    bf_engine_close(embedded);
}

static void a_base_model_gets_the_bare_prompt(void **state)
{
    struct bf_api_options o = api_options(server.url);

    (void)state;
    o.mode = BF_API_MODE_COMPLETIONS;
    struct bf_engine *engine = open_api(&o);
    assert_string_equal(bf_engine_info(engine)->chat, "none");
    job = new_job(1, 4);
    (void)snprintf(prompts[0], sizeof prompts[0], "The planet Jupiter");
    generate(engine, &job, NULL);
    /* No template around it: its own tokens, perhaps with a start token. */
    int32_t n = bf_engine_tokenize(engine, prompts[0], NULL, 0);
    assert_in_range(n, 2, 5);
    assert_in_range(job.answers[0].n_prompt, n, n + 1);
    bf_engine_close(engine);
}

static void common_promises_of_generate(void **state)
{
    struct bf_engine *engine = open_server();

    (void)state;
    check_unwanted_answers_are_dropped(engine, prompts, &job);
    check_a_step_may_interrupt(engine, prompts, &job, 1);
    check_a_prompt_that_does_not_fit(engine, prompts, &job, "context");
    bf_engine_close(engine);
}

static void want_no_more(struct job *j)
{
    j->only_even = true;
}

/* Under way when they stop being wanted: dropped, at once, and their places go to the others. */
static void what_is_no_longer_wanted_is_dropped_under_way(void **state)
{
    struct bf_engine *engine = open_server();
    struct bf_err err = BF_ERR_INIT;
    int n_odd = 0;

    (void)state;
    job = new_job(N_PROMPTS, 24);
    job.at_answer = want_no_more; /* at the first answer: 8 are in flight, the server works on 4 */
    if (run_job(engine, &job, NULL, &err))
        fail_msg("%s", err.text);
    for (int i = 0; i < N_PROMPTS; i++) {
        if (i % 2 == 0)
            assert_int_equal(job.answers[i].times, 1);
        else
            n_odd += job.answers[i].times;
    }
    assert_in_range(n_odd, 0, 2); /* those that came with the first */
    bf_engine_close(engine);
}

static void embeddings_are_those_of_the_embedded_engine(void **state)
{
    static float remote[N_EMBED_TEXTS * DIMS_MAX], local[N_EMBED_TEXTS * DIMS_MAX], cut[2 * DIMS_MAX];
    static char long_text[20000];
    const char *odd[2] = {"", long_text};
    struct bf_engine *engine = open_server(), *embedded = open_embedded(1);
    int32_t n = bf_engine_info(engine)->n_embd;
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    check_embeddings(engine, remote, 1e-6);
    if (bf_engine_embed(embedded, embed_texts(), N_EMBED_TEXTS, BF_POOL_MEAN, false, local, &err))
        fail_msg("%s", err.text);
    for (int32_t i = 0; i < N_EMBED_TEXTS; i++)
        assert_true(cosine(remote + i * n, local + i * n, n) > 0.999);
    /* Not scaled to length 1, a text of nothing is zero, one that is too long is cut. */
    assert_true(fabs(cosine(remote, remote, n) - 1) < 1e-9 && distance(remote, cut, n) > 0.5);
    for (size_t i = 0; i + 8 < sizeof long_text; i += 7)
        memcpy(long_text + i,
               "m\xC3\xB6"
               "ons ",
               7);
    if (bf_engine_embed(engine, odd, 2, BF_POOL_MODEL, true, cut, &err))
        fail_msg("%s", err.text);
    for (int32_t d = 0; d < n; d++)
        assert_true(cut[d] == 0);
    assert_true(cosine(cut + n, cut + n, n) > 0.999);
    assert_int_equal(bf_engine_embed(engine, odd, 1, BF_POOL_CLS, true, cut, &err), BF_USAGE);
    assert_error(err, BF_USAGE, "a server pools as it was started");
    bf_engine_close(engine);
    bf_engine_close(embedded);
}

static void tokens_are_those_of_the_embedded_engine(void **state)
{
    static const char *const texts[] = {"", "Zeus", "<|im_end|> is text",
                                        "m\xC3\xB6ons of J\xC3\xBCpiter \xF0\x9F\xAA\x90"};
    struct bf_engine *engine = open_server(), *embedded = open_embedded(1);

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
        int32_t a[64] = {0}, b[64] = {0};
        int32_t n = bf_engine_tokenize(engine, texts[i], a, 64);

        assert_int_equal(n, bf_engine_tokenize(embedded, texts[i], b, 64));
        assert_memory_equal(a, b, sizeof a);
    }
    bf_engine_close(engine);
    bf_engine_close(embedded);
}

/* ---- faults ---- */

/* What the proxy logged, once as many requests as wanted are answered: how many of each outcome, and none answered
 * twice. */
static void read_log(const char *path, int want_answered, int *n_failed)
{
    char hashes[256][41];
    int n_answered = 0;

    for (int tries = 0; tries < 100; tries++) {
        char step[32], outcome[16], hash[41];
        FILE *f = fopen(path, "r");

        n_answered = *n_failed = 0;
        while (f && fscanf(f, "%31s %15s %40s", step, outcome, hash) == 3) {
            if (strcmp(outcome, "answered") != 0) {
                ++*n_failed;
                continue;
            }
            for (int i = 0; i < n_answered; i++)
                if (strcmp(hashes[i], hash) == 0)
                    fail_msg("a request was asked again after its answer had come");
            assert_in_range(n_answered, 0, 255);
            memcpy(hashes[n_answered++], hash, sizeof hash);
        }
        if (f)
            (void)fclose(f);
        if (n_answered >= want_answered)
            break;
        pause_ms(20);
    }
    assert_int_equal(n_answered, want_answered);
}

/* Opening asks for two short answers, the first two lines of the log. */
static struct bf_engine *open_through(struct child *proxy, const char *plan, const char *log, struct bf_api_options o)
{
    char whole[1024];

    (void)snprintf(whole, sizeof whole, "ok,ok,%s",
                   plan); /* a chat answer, and an echo, which llama-server does not give */
    start_proxy(proxy, server.port, whole, log);
    o.endpoints = proxy->url;
    return open_api(&o);
}

static void every_fault_is_survived(void **state)
{
    static const char plan[] =
        "drop,ok,lost,cut,half,500,garbage,429:0,html,503,empty,longer,shorter,slow,ok,408,ok,425,502,cut,"
        "drop,slow,garbage";
    struct child proxy = {0};
    struct bf_engine *engine = open_through(&proxy, plan, "faults.log", api_options(NULL));
    struct bf_gen_stats stats;
    int n_failed = 0;

    (void)state;
    job = new_job(N_PROMPTS, 8);
    generate(engine, &job, &stats);
    assert_int_equal(stats.n_answers, N_PROMPTS);
    bf_engine_close(engine);
    read_log("faults.log", N_PROMPTS + 2, &n_failed);
    assert_int_equal(n_failed, 18);
    child_kill(&proxy);
}

/* Seconds, and as a date. */
static void a_server_may_ask_for_patience(void **state)
{
    static const char *const plans[] = {"429:1", "503:1", "429:date:2"};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(plans); i++) {
        struct child proxy = {0};
        struct bf_engine *engine = open_through(&proxy, plans[i], "patience.log", api_options(NULL));
        double start = seconds_now();

        job = new_job(1, 4);
        generate(engine, &job, NULL);
        assert_true(seconds_now() - start >= 0.9);
        bf_engine_close(engine);
        child_kill(&proxy);
    }
}

static void a_request_that_takes_too_long_is_asked_again(void **state)
{
    struct child proxy = {0};
    struct bf_api_options o = api_options(NULL);

    (void)state;
    o.timeout_seconds = 1;
    struct bf_engine *engine = open_through(&proxy, "stall:4", "stall.log", o);
    double start = seconds_now();
    job = new_job(1, 4);
    generate(engine, &job, NULL);
    assert_true(seconds_now() - start < 3.5);
    bf_engine_close(engine);
    child_kill(&proxy);
}

static void assert_job_fails(const char *plan, struct bf_api_options o, const char *words)
{
    struct child proxy = {0};
    struct bf_engine *engine = open_through(&proxy, plan, "fails.log", o);
    struct bf_err err = BF_ERR_INIT;

    job = new_job(1, 4);
    assert_int_equal(run_job(engine, &job, NULL, &err), BF_MODEL);
    assert_error(err, BF_MODEL, words);
    assert_null(strstr(err.text, key));
    assert_int_equal(job.n_answers, 0);
    bf_engine_close(engine);
    child_kill(&proxy);
}

/* The proxy repeats the key in its errors, as some servers do. */
static void failures_that_do_not_pass(void **state)
{
    struct bf_api_options o = api_options(NULL);

    (void)state;
    o.api_key = key;
    assert_job_fails("400", o, "refuses request 0: HTTP status 400, scripted failure 400 for Bearer [key]");
    assert_job_fails("401", o, "it does not accept the key in BIFORGET_API_KEY");
    assert_job_fails("403", o, "BIFORGET_API_KEY");
    assert_job_fails("redirect", o, "a redirect (HTTP status 307)");
    o.max_attempts = 2;
    assert_job_fails("500,500", o, "failed request 0 2 times, most recently with: HTTP status 500, scripted failure");
    assert_job_fails("garbage,garbage", o,
                     "2 times, most recently with: the server's answer is unusable: it is not valid JSON");
    assert_job_fails("cut,cut", o, "2 times");
}

static void no_secret_in_errors_of_the_door(void **state)
{
    struct child locked = {0};
    struct bf_api_options o;

    (void)state;
    start_llama_server(&locked, key, true);
    o = api_options(locked.url);
    assert_open_fails(&o, BF_MODEL, "put it into the environment variable BIFORGET_API_KEY");
    o.api_key = "sk-wrong";
    assert_open_fails(&o, BF_MODEL, "does not accept the key in BIFORGET_API_KEY");
    o.api_key = key;
    struct bf_engine *engine = open_api(&o);
    job = new_job(2, 4);
    generate(engine, &job, NULL);
    bf_engine_close(engine);
    child_kill(&locked);
}

static void names_that_nobody_offers(void **state)
{
    struct bf_api_options o = api_options(server.url);

    (void)state;
    o.model = "olympus-70b";
    assert_open_fails(&o, BF_MODEL, "no server offers the model 'olympus-70b': --api-model may be one of: smol");
    o.model = NULL;
    o.embed_model = "olympus-embed";
    assert_open_fails(&o, BF_MODEL, "no server offers the model 'olympus-embed'");
}

/* ---- a server that dies ---- */

static struct child mortal;

static void kill_and_restart(struct job *j)
{
    if (j->n_answers == 4) {
        child_kill(&mortal);
        start_llama_server(&mortal, NULL, false); /* on the same port, some time from now */
    }
}

static void a_server_killed_and_restarted(void **state)
{
    struct bf_gen_stats stats;

    (void)state;
    start_llama_server(&mortal, NULL, true);
    struct bf_api_options o = api_options(mortal.url);
    struct bf_engine *engine = open_api(&o);
    job = new_job(16, 12);
    job.at_answer = kill_and_restart;
    generate(engine, &job, &stats);
    assert_int_equal(stats.n_answers, 16);
    bf_engine_close(engine);
}

static void kill_for_good(struct job *j)
{
    if (j->n_answers == 4)
        child_kill(&mortal);
}

/* One of two goes: the other does the rest. Both have gone: the sentence says who, and what to do. */
static void a_server_killed_for_good(void **state)
{
    char both[160];
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    (void)snprintf(both, sizeof both, "%s,%s", mortal.url, server.url);
    struct bf_api_options o = api_options(both);
    struct bf_engine *engine = open_api(&o);
    job = new_job(16, 8);
    job.at_answer = kill_for_good;
    generate(engine, &job, NULL);
    bf_engine_close(engine);

    /* At the start it may be away, too. */
    engine = open_api(&o);
    job = new_job(8, 4);
    generate(engine, &job, NULL);
    bf_engine_close(engine);

    start_llama_server(&mortal, NULL, true);
    o = api_options(mortal.url);
    o.give_up_seconds = 1.5;
    engine = open_api(&o);
    job = new_job(16, 8);
    job.at_answer = kill_for_good;
    double start = seconds_now();
    assert_int_equal(run_job(engine, &job, NULL, &err), BF_MODEL);
    assert_true(seconds_now() - start < 20);
    assert_error(err, BF_MODEL, "no server has answered for");
    assert_contains(err.text, mortal.url);
    assert_contains(err.text, "what is committed is saved");
    bf_engine_close(engine);
}

/* ---- its chat template ---- */

/* One POST on a connection of its own; the answer's body, parsed. */
static json_t *post(const char *path, json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT);
    struct bf_buf request, answer;
    struct bf_err err = BF_ERR_INIT;
    const struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)server.port)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char piece[4096];
    json_t *out = NULL;

    bf_buf_init(&request, 1 << 20);
    bf_buf_init(&answer, 1 << 20);
    bf_buf_printf(&request, "POST %s HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", path,
                  strlen(text), text);
    assert_int_equal(connect(fd, (const struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(write(fd, request.data, request.len), (ssize_t)request.len);
    for (ssize_t n; (n = read(fd, piece, sizeof piece)) > 0;)
        bf_buf_put(&answer, piece, (size_t)n);
    (void)close(fd);
    const char *start = strstr(answer.data, "\r\n\r\n");
    assert_non_null(start);
    if (bf_json_parse(start + 4, strlen(start + 4), path, &out, &err) != BF_OK)
        fail_msg("%s", err.text);
    bf_buf_release(&request);
    bf_buf_release(&answer);
    json_decref(body);
    free(text);
    return out;
}

/* The embedded engine's prompts are the server's: its /apply-template and its /tokenize, which adds a BOS where the
 * tokenizer asks for one. */
static void prompts_are_the_servers(void **state)
{
    static const char *const questions[] = {
        "Who built the mill of Ostby?",
        "  Which gods rule the sea?\n",
        "1.\n2.\n\n3.",
        "O\xC3\xB9 est n\xC3\xA9 Zo\xC3\xAB? \xE4\xBD\xA0\xE5\xA5\xBD",
        "Explain 12 + 345.",
    };
    struct llama_model_params params = llama_model_default_params();
    struct bf_chat *chat = NULL;
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    params.vocab_only = true;
    struct llama_model *model = llama_model_load_from_file(environment("BIFORGET_TEST_MODEL"), params);
    assert_non_null(model);
    if (bf_chat_open(model, "auto", "the model", &chat, &err) != BF_OK)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < N_ELEMENTS(questions); i++) {
        struct bf_token_list list = {0};
        json_t *rendered =
            post("/apply-template", json_pack("{s[{ssss}]}", "messages", "role", "user", "content", questions[i]));
        json_t *ids = post("/tokenize", json_pack("{sOsbsb}", "content", json_object_get(rendered, "prompt"),
                                                  "add_special", 1, "parse_special", 1));
        const json_t *tokens = json_object_get(ids, "tokens");
        if (bf_chat_prompt(chat, questions[i], &list, &err) != BF_OK)
            fail_msg("%s", err.text);
        assert_int_equal(list.n, json_array_size(tokens));
        for (size_t k = 0; k < list.n; k++)
            assert_int_equal(list.items[k], json_integer_value(json_array_get(tokens, k)));
        json_decref(rendered);
        json_decref(ids);
        free(list.items);
    }
    bf_chat_close(chat);
    llama_model_free(model);
}

static int enter(void **state)
{
    if (enter_scratch(state) != 0)
        return -1;
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    unsetenv("ALL_PROXY");
    start_llama_server(&server, NULL, true);
    return 0;
}

static int leave(void **state)
{
    child_kill(&server);
    child_kill(&mortal);
    return leave_scratch(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_server_offers_is_found),
        cmocka_unit_test(probabilities_are_asked_for_as_wanted),
        cmocka_unit_test(both_ways_to_a_sampling_probability_agree),
        cmocka_unit_test(it_answers_as_the_embedded_engine),
        cmocka_unit_test(a_base_model_gets_the_bare_prompt),
        cmocka_unit_test(common_promises_of_generate),
        cmocka_unit_test(what_is_no_longer_wanted_is_dropped_under_way),
        cmocka_unit_test(embeddings_are_those_of_the_embedded_engine),
        cmocka_unit_test(tokens_are_those_of_the_embedded_engine),
        cmocka_unit_test(prompts_are_the_servers),
        cmocka_unit_test(every_fault_is_survived),
        cmocka_unit_test(a_server_may_ask_for_patience),
        cmocka_unit_test(a_request_that_takes_too_long_is_asked_again),
        cmocka_unit_test(failures_that_do_not_pass),
        cmocka_unit_test(no_secret_in_errors_of_the_door),
        cmocka_unit_test(names_that_nobody_offers),
        cmocka_unit_test(a_server_killed_and_restarted),
        cmocka_unit_test(a_server_killed_for_good),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
