/* {"question": ..., "answer": ...} lines, the shape of TOFU's splits: the samples that are QA pairs, and no others. */
#include "export/export_format.h"
#include "export/export_text.h"

#include "base/banned.h"

bool bf_row_is_pair(const struct bf_row *row)
{
    const struct bf_sample *sample = &row->sample;

    return sample->question && sample->answer && sample->question[0] != '\0' && sample->answer[0] != '\0';
}

void bf_line_pair(struct bf_buf *out, const struct bf_row *row, const struct bf_export_options *options)
{
    (void)options;
    if (!bf_row_is_pair(row))
        return;
    bf_put_json_key(out, "question");
    bf_put_json_text(out, row->sample.question);
    bf_put_json_key(out, "answer");
    bf_put_json_text(out, row->sample.answer);
    bf_buf_puts(out, "}\n");
}

enum bf_status bf_export_tofu(struct bf_export_job *job, struct bf_err *err)
{
    struct bf_line_counts counts;
    int64_t n, n_pairs;
    /* Asked first, so that no file is replaced by an empty one. */
    enum bf_status status = bf_export_count(job, job->options->role, job->options->variant, &n, &n_pairs, err);

    if (status != BF_OK)
        return status;
    if (n_pairs == 0)
        return bf_fail(
            err, BF_USAGE,
            "none of the %lld samples in '%s' is a question with an answer, which is all that the format tofu "
            "holds; export them with --format wmdp or open-unlearning, or rewrite QA pairs with 'biforget "
            "instance PAIRS.jsonl'",
            (long long)n, bf_store_dir(job->store));
    status = bf_export_lines(job->store, job->options, job->path, bf_line_pair, &counts, err);
    job->n_written = counts.n_lines;
    job->n_left_out = counts.n_without;
    return status;
}
