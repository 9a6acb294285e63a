/* lab_page_file RESULTS.json PAGE.html PICTURE.svg: an experiment's page out of its results, for the test in a browser:
 * the cells of a real experiment take hours. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/file.h"
#include "report/lab_compare.h"
#include "report/lab_page.h"
#include "base/banned.h"

static int put_file(const char *path, const struct bf_buf *text)
{
    FILE *file = fopen(path, "wb");
    if (!file)
        return 1;
    const bool whole = fwrite(text->data, 1, text->len, file) == text->len;
    return fclose(file) == 0 && whole ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf text, page, picture;
    json_t *results = NULL;
    bf_buf_init(&text, SIZE_MAX);
    bf_buf_init(&page, SIZE_MAX);
    bf_buf_init(&picture, SIZE_MAX);
    int failed = 1;
    if (argc != 4)
        fprintf(stderr, "lab_page_file RESULTS.json PAGE.html PICTURE.svg\n");
    else if (bf_file_read(argv[1], &text, &err) || bf_json_parse(text.data, text.len, argv[1], &results, &err))
        fprintf(stderr, "%s\n", err.text);
    else {
        json_object_set_new(results, "comparison", bf_lab_compare(results));
        bf_lab_page(results, &page);
        bf_lab_svg(results, &picture);
        failed = put_file(argv[2], &page) | put_file(argv[3], &picture);
    }
    json_decref(results);
    bf_buf_release(&text);
    bf_buf_release(&page);
    bf_buf_release(&picture);
    return failed;
}
