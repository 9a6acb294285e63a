/* MUSE's KnowMem and VerbMem (Shi et al., 2024, sections 3.1 and 3.2): ROUGE-L of greedy answers and continuations,
 * without stemmer. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "eval/eval.h"
#include "quality/rouge.h"
#include "base/banned.h"

static void free_texts(char **texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(texts[i]);
    free(texts);
}

/* ROUGE-L of each answer against its target, as "NAME" (recall) and "NAME_f1". */
static enum bf_status compare(const struct bf_eval *eval, const char *name, const struct bf_pair *pairs,
                              char *const *targets, char *const *answers, size_t n, json_t **out, struct bf_err *err)
{
    json_t *result = json_object();
    double *recall = bf_array(n, sizeof *recall), *f1 = bf_array(n, sizeof *f1);
    size_t n_all_scripts = 0;
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < n && status == BF_OK; i++) {
        struct bf_rouge rouge;
        bf_rouge_of(targets[i], answers[i], false, NULL, &rouge);
        recall[i] = rouge.recall;
        f1[i] = rouge.f1;
        n_all_scripts += rouge.all_scripts;
        json_t *line = json_pack("{s:s, s:I, s:f, s:f}", "benchmark", name, "index", (json_int_t)pairs[i].index,
                                 "rougeL_recall", recall[i], "rougeL_f1", f1[i]);
        bf_eval_put_text(line, "prompt", pairs[i].question);
        bf_eval_put_text(line, "target", targets[i]);
        bf_eval_put_text(line, "answer", answers[i]);
        status = bf_eval_line(eval, line, err);
    }
    struct bf_buf key;
    bf_buf_init(&key, 64);
    bf_buf_printf(&key, "%s_f1", name);
    bf_eval_put_text(result, "benchmark", name);
    if (status == BF_OK)
        status = bf_eval_put_mean(result, name, recall, n, &eval->bootstrap, err);
    if (status == BF_OK)
        status = bf_eval_put_mean(result, key.data, f1, n, &eval->bootstrap, err);
    bf_eval_put(result, "n", json_integer((json_int_t)n));
    bf_eval_put_all_scripts(result, n_all_scripts);
    bf_buf_release(&key);
    free(recall);
    free(f1);
    if (status != BF_OK) {
        json_decref(result);
        result = NULL;
    }
    *out = result;
    return status;
}

enum bf_status bf_eval_knowmem(const struct bf_eval *eval, const struct bf_pair *questions, size_t n,
                               const struct bf_pair *shots, size_t n_shots, bool trailing_space, int32_t max_tokens,
                               json_t **out, struct bf_err *err)
{
    static const char *const stops[] = {"\n\n", "\nQuestion", "Question:"};
    char **prompts = bf_array(n, sizeof *prompts), **answers = bf_array(n, sizeof *answers);
    char **targets = bf_array(n, sizeof *targets);
    struct bf_buf text;
    bf_buf_init(&text, SIZE_MAX);
    for (size_t s = 0; s < n_shots; s++)
        bf_buf_printf(&text, "Question: %s\nAnswer: %s\n\n", shots[s].question, shots[s].answer);
    for (size_t i = 0; i < n; i++) {
        struct bf_buf prompt;
        bf_buf_init(&prompt, SIZE_MAX);
        bf_buf_printf(&prompt, "%sQuestion: %s\nAnswer:%s", text.data, questions[i].question,
                      trailing_space ? " " : "");
        prompts[i] = bf_buf_take(&prompt);
        targets[i] = questions[i].answer;
    }
    bf_buf_release(&text);
    *out = NULL;
    enum bf_status status = bf_eval_answers(eval, "questions", prompts, n, max_tokens, stops, 3, answers, err);
    if (status == BF_OK)
        status = compare(eval, "knowmem", questions, targets, answers, n, out, err);
    free(targets);
    free_texts(answers, n);
    free_texts(prompts, n);
    return status;
}

/* The first max_tokens tokens of the text, counting a BOS, as MUSE cuts it; the whole text when an engine does not
 * report tokens. free(). */
static char *first_tokens(const struct bf_eval *eval, const char *text, int32_t max_tokens)
{
    const int32_t n = bf_engine_tokenize(eval->engine, text, NULL, 0);
    if (bf_engine_info(eval->engine)->adds_bos && max_tokens > 1)
        max_tokens--;
    if (n <= max_tokens)
        return bf_strdup(text);
    int32_t *ids = bf_array((size_t)max_tokens, sizeof *ids);
    struct bf_buf cut;
    struct bf_err ignored = BF_ERR_INIT;
    bf_buf_init(&cut, SIZE_MAX);
    (void)bf_engine_tokenize(eval->engine, text, ids, max_tokens);
    const struct bf_tokens tokens = {ids, max_tokens};
    if (bf_engine_detokenize(eval->engine, &tokens, &cut, &ignored) != BF_OK) {
        bf_buf_clear(&cut);
        bf_buf_puts(&cut, text);
    }
    free(ids);
    return bf_buf_take(&cut);
}

enum bf_status bf_eval_verbmem(const struct bf_eval *eval, const struct bf_pair *texts, size_t n, int32_t max_tokens,
                               json_t **out, struct bf_err *err)
{
    char **prompts = bf_array(n, sizeof *prompts), **answers = bf_array(n, sizeof *answers);
    char **targets = bf_array(n, sizeof *targets);
    for (size_t i = 0; i < n; i++) {
        prompts[i] = texts[i].question;
        targets[i] = first_tokens(eval, texts[i].answer, max_tokens);
    }
    *out = NULL;
    enum bf_status status = bf_eval_answers(eval, "texts", prompts, n, max_tokens, NULL, 0, answers, err);
    if (status == BF_OK)
        status = compare(eval, "verbmem", texts, targets, answers, n, out, err);
    free(prompts);
    free_texts(targets, n);
    free_texts(answers, n);
    return status;
}
