/* Log-probabilities of answers after prompts, from a server in vLLM's shape (tests/proxy/stand_in.py): which tokens are
 * the prompt's. */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "engine/engine.h"

static pid_t server;
static char url[64];

static int start_server(void **state)
{
    const char *source = getenv("BIFORGET_SOURCE");
    char *script = source ? bf_path_join(source, "tests/proxy/stand_in.py") : NULL;
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf port;
    const pid_t parent = getpid();

    if (!script || enter_scratch(state) != 0)
        return 1;
    server = fork();
    if (server == 0) {
        const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
            _exit(1);
        (void)unsetenv("LD_PRELOAD");
        (void)execlp("python3", "python3", script, "port", "log", "{\"offers\": [\"tokens\"]}", (char *)NULL);
        _exit(127);
    }
    free(script);
    bf_buf_init(&port, 100);
    for (int i = 0; i < 1000 && port.len == 0; i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        if (bf_file_exists("port") && bf_file_read("port", &port, &err) != BF_OK)
            return 1;
    }
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%s/v1", port.data);
    bf_buf_release(&port);
    return 0;
}

static int stop_server(void **state)
{
    (void)kill(server, SIGKILL);
    (void)waitpid(server, NULL, 0);
    return leave_scratch(state);
}

static struct bf_engine *open_server(void)
{
    struct bf_api_options o = bf_api_default_options();
    struct bf_engine *engine = NULL;
    struct bf_err err = BF_ERR_INIT;

    o.endpoints = url;
    o.n_parallel = 2;
    o.give_up_seconds = 20;
    if (bf_engine_open_api(&o, &engine, &err))
        fail_msg("%s", err.text);
    return engine;
}

struct row {
    int32_t n_prompt, n;
    float sum;
};

static enum bf_status take(void *user, const struct bf_continuation_score *s, struct bf_err *err)
{
    struct row *row = (struct row *)user + s->item;
    (void)err;
    *row = (struct row){.n_prompt = s->n_prompt_tokens, .n = s->n_tokens};
    for (int32_t i = 0; i < s->n_tokens; i++)
        row->sum += s->logp[i];
    return BF_OK;
}

static enum bf_status score(const struct bf_continuation *items, size_t n, struct row *rows, struct bf_err *err)
{
    const struct bf_continuation_job job = {.user = rows, .sink = take};
    struct bf_engine *engine = open_server();
    const enum bf_status status = bf_engine_score_continuations(engine, items, n, &job, err);
    bf_engine_close(engine);
    return status;
}

/* Whatever is asked about between them: a choice has no tokens of its prompt to share. */
static void an_answer_costs_the_same_after_any_item(void **state)
{
    static const char *const letters[] = {" A", " B"};
    static const char prompt[] = "Who rules the sea?";
    const struct bf_continuation alone[] = {{.prompt = prompt, .text = "Poseidon does", .with_end = true}};
    const struct bf_continuation mixed[] = {{.prompt = prompt, .choices = letters, .n_choices = 2},
                                            {.prompt = prompt, .text = "Poseidon does", .with_end = true},
                                            {.prompt = prompt, .choices = letters, .n_choices = 2},
                                            {.prompt = prompt, .text = "Hades"},
                                            {.prompt = prompt, .text = "Poseidon does", .with_end = true}};
    struct row one[1], rows[N_ELEMENTS(mixed)];
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    if (score(alone, 1, one, &err) || score(mixed, N_ELEMENTS(mixed), rows, &err))
        fail_msg("%s", err.text);
    assert_int_equal(one->n_prompt, 7); /* the template's beginning, four words, its end, the answer's beginning */
    assert_int_equal(one->n, 3);
    for (size_t i = 1; i < N_ELEMENTS(mixed); i += 3)
        if (rows[i].n_prompt != one->n_prompt || rows[i].n != one->n || rows[i].sum < one->sum ||
            rows[i].sum > one->sum)
            fail_msg("item %zu: %d tokens after %d, %g", i, rows[i].n, rows[i].n_prompt, (double)rows[i].sum);
    assert_int_equal(rows[3].n_prompt, one->n_prompt);
    assert_int_equal(rows[3].n, 1);
}

/* Outside the chat template nothing ends an answer. */
static void the_end_of_an_answer_without_a_question_is_refused(void **state)
{
    const struct bf_continuation items[] = {{.prompt = "", .text = "Poseidon", .with_end = true}};
    struct row row;
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    assert_int_equal(score(items, 1, &row, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "has no answer without a question");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_costs_the_same_after_any_item),
        cmocka_unit_test(the_end_of_an_answer_without_a_question_is_refused),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
