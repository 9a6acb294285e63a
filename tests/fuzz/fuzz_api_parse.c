/* A server's answer, any bytes: what is accepted is whole, finite, valid UTF-8 and no longer than was asked for. The
 * first byte chooses what was asked. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "engine/api_parse.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held)
        abort();
}

static void check_answer(const char *body, size_t n, uint8_t choice)
{
    struct bf_api_expected e = {.max_tokens = 1 + (choice >> 4),
                                .numbers = (enum bf_api_numbers)(choice % 5),
                                .counts_end = (choice & 8) != 0,
                                .temperature = 0.5,
                                .top_p = 0.9,
                                .top_k = 1 + (choice >> 6)};
    struct bf_api_answer a = {0};
    struct bf_err err = BF_ERR_INIT;
    if (bf_api_parse_answer(body, n, &e, &a, &err) == BF_OK) {
        require(a.n_tokens >= 0 && a.n_tokens <= e.max_tokens && a.n_cached <= a.n_prompt && a.n_cached >= 0);
        require(strlen(a.text.data) == a.text.len && bf_utf8_valid(a.text.data, a.text.len));
        for (int32_t i = 0; i < a.n_tokens; i++) {
            require(a.p_sampling[i] >= 0 && a.p_sampling[i] <= 1);
            require(a.logp_model[i] >= -FLT_MAX && a.logp_model[i] <= 0);
            require(!a.tokens || a.tokens[i] >= 0);
        }
    } else {
        require(err.status == BF_MODEL && err.text[0] != 0);
    }
    bf_api_answer_release(&a);
}

static void check_lists(const char *body, size_t n)
{
    struct bf_api_model models[4];
    static const int32_t ids[2] = {5, 7};
    const struct bf_tokens two = {.ids = ids, .n = 2};
    struct bf_api_scores scores;
    float out[8] = {0}, chosen[2];
    int32_t n_embd = 4, tokens[4], n_tokens = 0;
    size_t n_models = 0;
    char name[16];
    struct bf_buf text;
    if (bf_api_parse_echo(body, n, "a text", &scores, NULL) == BF_OK)
        for (int32_t i = 0; i < scores.n; i++)
            require(scores.logp[i] <= 0 && scores.logp[i] >= -FLT_MAX);
    bf_api_scores_release(&scores);
    if (bf_api_parse_prompt_numbers(body, n, &two, 1, &scores, NULL) == BF_OK)
        require(scores.n == 1 && scores.logp[0] <= 0);
    bf_api_scores_release(&scores);
    if (bf_api_parse_chosen(body, n, &two, chosen, NULL) == BF_OK)
        require(chosen[0] <= 0 && chosen[1] <= 0);
    if (bf_api_parse_embeddings(body, n, 2, &n_embd, out, NULL) == BF_OK)
        for (int i = 0; i < 8; i++)
            require(isfinite(out[i]));
    n_embd = 0;
    if (bf_api_parse_embeddings(body, n, 1, &n_embd, NULL, NULL) == BF_OK)
        require(n_embd > 0);
    if (bf_api_parse_tokens(body, n, tokens, 4, &n_tokens, NULL) == BF_OK)
        require(n_tokens >= 0);
    if (bf_api_parse_models(body, n, models, 4, &n_models, NULL) == BF_OK)
        for (size_t i = 0; i < n_models; i++)
            require(models[i].name[0] != 0 && models[i].n_ctx >= 0);
    bf_api_parse_fingerprint(body, n, name, sizeof name);
    require(strlen(name) < sizeof name);
    bf_api_parse_version(body, n, name, sizeof name);
    bf_buf_init(&text, 1000);
    bf_api_parse_error(body, n, "secret", &text);
    require(bf_utf8_valid(text.data, text.len) && !strstr(text.data, "secret") && !strchr(text.data, '\n'));
    bf_buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    check_answer((const char *)data + 1, size - 1, data[0]);
    check_lists((const char *)data + 1, size - 1);
    return 0;
}
