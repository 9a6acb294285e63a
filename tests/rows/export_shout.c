/* An export format as somebody might add it: src/export/export_shout.c, and a row of BF_EXPORT_FORMATS. */
#include <ctype.h>

#include "export/export_format.h"

#include "base/banned.h"

static void put_line(struct bf_buf *out, const struct bf_row *row, const struct bf_export_options *options)
{
    (void)options;
    for (const char *p = row->sample.text; *p; p++)
        bf_buf_putc(out, (char)(*p == '\n' ? ' ' : toupper((unsigned char)*p)));
    bf_buf_puts(out, "!\n");
}

enum bf_status bf_export_shout(struct bf_export_job *job, struct bf_err *err)
{
    struct bf_line_counts counts;
    const enum bf_status status = bf_export_lines(job->store, job->options, job->path, put_line, &counts, err);
    job->n_written = counts.n_lines;
    return status;
}
