/* What an experiment leaves for people and other tools. */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "lab/lab_private.h"
#include "report/lab_page.h"
#include "report/lab_table.h"

#include "base/banned.h"

enum bf_status bf_lab_write_file(const char *dir, const char *name, const char *data, size_t n, struct bf_err *err)
{
    char *path = bf_path_join(dir, name);
    const enum bf_status status = bf_file_write_inside(path, data, n, err);
    free(path);
    return status;
}

static void put_results(const json_t *results, struct bf_buf *out)
{
    char *text = bf_json_dump(results);
    bf_buf_puts(out, text);
    free(text);
}

enum bf_status bf_lab_write(const char *dir, const json_t *results, struct bf_err *err)
{
    static const struct {
        const char *name;
        void (*put)(const json_t *results, struct bf_buf *out);
    } files[] = {{"results.json", put_results},
                 {"results.md", bf_lab_markdown},
                 {"results.csv", bf_lab_csv},
                 {"tradeoff.svg", bf_lab_svg},
                 {"report.html", bf_lab_page}};
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < sizeof files / sizeof *files && status == BF_OK; i++) {
        struct bf_buf text;
        bf_buf_init(&text, SIZE_MAX);
        files[i].put(results, &text);
        if (text.len > 0)
            status = bf_lab_write_file(dir, files[i].name, text.data, text.len, err);
        bf_buf_release(&text);
    }
    return status;
}
