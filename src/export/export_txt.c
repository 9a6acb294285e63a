/* One sample per line. A line break inside a sample becomes a space: also those that only some readers break at
 * (U+0085, U+2028, U+2029, vertical tab, form feed), or the file would have more lines than samples. */
#include "export/export_format.h"
#include "export/export_text.h"

#include "base/banned.h"

void bf_line_txt(struct bf_buf *out, const struct bf_row *row, const struct bf_export_options *options)
{
    (void)options;
    bf_put_one_line(out, row->sample.text);
    bf_buf_putc(out, '\n');
}

enum bf_status bf_export_txt(struct bf_export_job *job, struct bf_err *err)
{
    struct bf_line_counts counts;
    const enum bf_status status = bf_export_lines(job->store, job->options, job->path, bf_line_txt, &counts, err);

    job->n_written = counts.n_lines;
    return status;
}
