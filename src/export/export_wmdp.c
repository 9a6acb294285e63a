/* {"text": ...} lines, the shape of the corpora of WMDP, which RMU and its successors read. */
#include "export/export_format.h"
#include "export/export_text.h"

#include "base/banned.h"

void bf_line_text(struct bf_buf *out, const struct bf_row *row, const struct bf_export_options *options)
{
    (void)options;
    bf_put_json_key(out, "text");
    bf_put_json_text(out, row->sample.text);
    bf_buf_puts(out, "}\n");
}

enum bf_status bf_export_wmdp(struct bf_export_job *job, struct bf_err *err)
{
    struct bf_line_counts counts;
    const enum bf_status status = bf_export_lines(job->store, job->options, job->path, bf_line_text, &counts, err);

    job->n_written = counts.n_lines;
    return status;
}
