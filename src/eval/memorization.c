/* Extraction strength and exact memorization on a model. */
#include <stdlib.h>

#include "base/mem.h"
#include "eval/eval.h"
#include "base/banned.h"

double bf_exact_memorization(const bool *greedy, size_t n)
{
    size_t hits = 0;
    for (size_t i = 0; i < n; i++)
        hits += greedy[i];
    return (double)hits / (double)n;
}

double bf_extraction_strength(const bool *greedy, size_t n)
{
    size_t k = n;
    while (k > 0 && greedy[k - 1])
        k--;
    k = k < n ? k : n - 1;
    return 1.0 - (double)k / (double)n;
}

static enum bf_status measure(const struct bf_eval *eval, const struct bf_pair *pairs, const struct bf_scored *scored,
                              size_t n, double *strength, double *exact, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < n && status == BF_OK; i++) {
        if (scored[i].n == 0)
            return bf_fail(err, BF_INPUT, "the answer of item %zu has no token with a probability; leave it out",
                           pairs[i].index + 1);
        if (!scored[i].greedy)
            return bf_fail(err, BF_MODEL,
                           "'%s' does not report which token is the likeliest; give the model as a file with -m",
                           bf_engine_info(eval->engine)->model_desc);
        strength[i] = bf_extraction_strength(scored[i].greedy, scored[i].n);
        exact[i] = bf_exact_memorization(scored[i].greedy, scored[i].n);
        status = bf_eval_line(eval,
                              json_pack("{s:s, s:I, s:I, s:f, s:f}", "benchmark", "memorization", "index",
                                        (json_int_t)pairs[i].index, "tokens", (json_int_t)scored[i].n,
                                        "extraction_strength", strength[i], "exact_memorization", exact[i]),
                              err);
    }
    return status;
}

enum bf_status bf_eval_memorization(const struct bf_eval *eval, const struct bf_pair *pairs, size_t n, json_t **out,
                                    struct bf_err *err)
{
    struct bf_continuation *items = bf_array(n, sizeof *items);
    struct bf_scored *scored = bf_array(n, sizeof *scored);
    double *strength = bf_array(n, sizeof *strength), *exact = bf_array(n, sizeof *exact);
    json_t *result = json_object();
    for (size_t i = 0; i < n; i++)
        items[i] = (struct bf_continuation){.prompt = pairs[i].question, .text = pairs[i].answer};
    enum bf_status status = bf_eval_scores(eval, "answers", items, n, scored, err);
    if (status == BF_OK)
        status = measure(eval, pairs, scored, n, strength, exact, err);
    bf_eval_put_text(result, "benchmark", "memorization");
    if (status == BF_OK)
        status = bf_eval_put_mean(result, "extraction_strength", strength, n, &eval->bootstrap, err);
    if (status == BF_OK)
        status = bf_eval_put_mean(result, "exact_memorization", exact, n, &eval->bootstrap, err);
    bf_eval_put(result, "n", json_integer((json_int_t)n));
    bf_scored_release(scored, n);
    free(scored);
    free(items);
    free(strength);
    free(exact);
    if (status != BF_OK) {
        json_decref(result);
        result = NULL;
    }
    *out = result;
    return status;
}
