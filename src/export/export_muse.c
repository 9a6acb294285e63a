/* The shape of MUSE's corpora, for each role: a JSON list of strings, one for each sample, and a text with one sample
 * per line, which MUSE's loader cuts into pieces of equal length. */
#include <stdlib.h>

#include "base/file.h"
#include "export/export_card.h"
#include "export/export_text.h"

#include "base/banned.h"

struct list {
    struct bf_atomic file;
    struct bf_buf text;
    int64_t n;
};

static enum bf_status put_item(void *user, const struct bf_row *row, struct bf_err *err)
{
    struct list *list = user;

    bf_buf_clear(&list->text);
    bf_buf_puts(&list->text, list->n > 0 ? ",\n" : "[\n");
    bf_put_json_text(&list->text, row->sample.text);
    if (list->text.overflow)
        return bf_fail(err, BF_STORE, "cannot write '%s': sample %lld is too long for a line", list->file.path,
                       (long long)row->id);
    fwrite(list->text.data, 1, list->text.len, list->file.stream); /* commit says what went wrong */
    list->n++;
    return BF_OK;
}

static enum bf_status put_list(struct bf_export_job *job, const char *name, enum bf_role role, struct bf_err *err)
{
    struct list list = {.n = 0};
    struct bf_export_options options = *job->options;
    char *path = NULL;

    options.role = role;
    bf_buf_init(&list.text, BF_EXPORT_LINE_MAX_BYTES);
    enum bf_status status = bf_folder_add(&job->folder, name, 0, &path, err);
    if (status == BF_OK)
        status = bf_atomic_open_inside(&list.file, path, err);
    if (status == BF_OK)
        status = bf_export_each(job->store, &options, &list, put_item, err);
    if (status == BF_OK) {
        fputs(list.n > 0 ? "\n]\n" : "[]\n", list.file.stream);
        status = bf_atomic_commit(&list.file, err);
    }
    if (status == BF_OK)
        job->folder.files[job->folder.n_files - 1].n_samples = list.n;
    bf_atomic_abort(&list.file);
    bf_buf_release(&list.text);
    free(path);
    return status;
}

static enum bf_status put_readme(struct bf_export_job *job, bool retain, struct bf_err *err)
{
    struct bf_buf out;

    bf_buf_init(&out, SIZE_MAX);
    bf_card_head(&out, &job->facts);
    bf_buf_puts(&out,
                "## How to use it\n\nWith MUSE's baselines, in its folder `baselines`, PATH being this folder:\n\n"
                "```bash\npython unlearn.py --algo npo_gdr --model_dir MODEL --tokenizer_dir MODEL \\\n"
                "    --data_file PATH/forget.txt --retain_data_file ");
    bf_buf_puts(&out, retain ? "PATH/retain.txt" : "../data/news/raw/retain1.txt");
    bf_buf_puts(
        &out, " \\\n    --out_dir ckpt/biforget --max_len 2048 --epochs 5 --lr 1e-5 --per_device_batch_size 4\n```\n\n"
              "`forget.json` works in place of `forget.txt`: then each sample is a separate training example, "
              "cut or padded to `--max_len`.\n\n");
    bf_card_body(&out, &job->facts);
    const enum bf_status status = bf_folder_put(&job->folder, "README.md", &out, err);
    bf_buf_release(&out);
    return status;
}

enum bf_status bf_export_muse(struct bf_export_job *job, struct bf_err *err)
{
    static const char *const names[BF_ROLE_TRAINED][2] = {{"forget.json", "forget.txt"}, {"retain.json", "retain.txt"}};
    const char *variant = job->options->variant;
    bool written[BF_ROLE_TRAINED] = {false, false};

    for (int role = 0; role < BF_ROLE_TRAINED; role++) {
        struct bf_line_counts counts;
        int64_t n, n_pairs;
        enum bf_status status = bf_export_count(job, (enum bf_role)role, variant, &n, &n_pairs, err);
        if (status == BF_OK && (n == 0 || !job->facts.has_role[role]))
            continue;
        if (status == BF_OK)
            status = put_list(job, names[role][0], (enum bf_role)role, err);
        if (status == BF_OK)
            status =
                bf_export_folder_lines(job, names[role][1], (enum bf_role)role, variant, bf_line_txt, &counts, err);
        if (status != BF_OK)
            return status;
        written[role] = true;
        if (role == BF_ROLE_FORGET)
            job->n_written = counts.n_lines;
    }
    return put_readme(job, written[BF_ROLE_RETAIN], err);
}
