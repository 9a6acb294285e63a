/* A folder that datasets.load_dataset opens, on disk or on the hub: one configuration for each variant, and one for the
 * retain set. The card declares the columns, so that each file has the same types even when a column is all null. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "export/export_card.h"
#include "export/export_forms.h"
#include "export/export_text.h"

#include "base/banned.h"

static const char *request_of(const struct bf_row *row, const struct bf_export_options *options)
{
    return options->request || row->request_name[0] == '\0' ? NULL : row->request_name;
}

static void put_original(struct bf_buf *out, const struct bf_row *row, const struct bf_export_options *options)
{
    if (row->sample.stage == BF_STAGE_REWRITE)
        bf_put_sample_id(out, row, options, BF_STAGE_ORIGINAL, row->sample.instance);
    else
        bf_buf_puts(out, "null");
}

/* A value that only rewritten samples have. */
static void put_rewritten(struct bf_buf *out, const struct bf_row *row, double value)
{
    if (row->sample.stage == BF_STAGE_REWRITE)
        bf_put_json_number(out, value);
    else
        bf_buf_puts(out, "null");
}

/* Name, type in the card (a list of a plain type: "sequence: TYPE"), code that writes the value of `row`. One table, so
 * that the declared and the written columns cannot differ. The names are those of the format jsonl. */
#define COLUMNS(X)                                                                                                     \
    X("id", "dtype: string", bf_put_sample_id(out, row, options, sample->stage, sample->index))                        \
    X("request", "dtype: string", bf_put_json_text(out, request_of(row, options)))                                     \
    X("text", "dtype: string", bf_put_json_text(out, sample->text))                                                    \
    X("question", "dtype: string", bf_put_json_text(out, bf_row_is_pair(row) ? sample->question : NULL))               \
    X("answer", "dtype: string", bf_put_json_text(out, bf_row_is_pair(row) ? sample->answer : NULL))                   \
    X("variants", "sequence: string", bf_put_variants(out, row->root))                                                 \
    X("stage", "dtype: string", bf_put_json_text(out, bf_stage_word(sample->stage)))                                   \
    X("point", "dtype: string", bf_put_json_text(out, row->point_text))                                                \
    X("template", "dtype: string", bf_put_json_text(out, row->template_name))                                          \
    X("family", "dtype: string", bf_put_json_text(out, row->template_family))                                          \
    X("temperature", "dtype: float64", bf_put_json_number(out, sample->temperature))                                   \
    X("seed", "dtype: string", bf_buf_printf(out, "\"%" PRIu64 "\"", sample->seed))                                    \
    X("n_tokens", "dtype: int64", bf_buf_printf(out, "%" PRId32, sample->n_tokens))                                    \
    X("finish", "dtype: string", bf_put_json_text(out, sample->finish == BF_FINISH_STOP ? "stop" : "length"))          \
    X("min_k_prob", "dtype: float64", bf_put_json_number(out, sample->min_k_sampling))                                 \
    X("min_k_prob_model", "dtype: float64", bf_put_json_number(out, sample->min_k_model))                              \
    X("mean_logp", "dtype: float64", bf_put_json_number(out, sample->mean_logp))                                       \
    X("original", "dtype: string", put_original(out, row, options))                                                    \
    X("edit_distance", "dtype: float64", put_rewritten(out, row, sample->edit_distance))                               \
    X("similarity", "dtype: float64", put_rewritten(out, row, sample->domain_similarity))                              \
    X("object", "dtype: string", bf_put_json_text(out, bf_export_object(row)))                                         \
    X("held_out", "dtype: string", bf_put_json_text(out, bf_export_held_out(row)))

void bf_line_full(struct bf_buf *out, const struct bf_row *row, const struct bf_export_options *options)
{
    const struct bf_sample *sample = &row->sample;
#define X(name, type, put)                                                                                             \
    bf_put_json_key(out, name);                                                                                        \
    put;
    COLUMNS(X)
#undef X
    bf_buf_puts(out, "}\n");
}

struct config {
    const char *name, *text;
    enum bf_role role;
    const char *variant;
    bf_export_line *line;
    int64_t n;
    bool probes; /* what no training may see */
};
enum { CONFIGS_MAX = 10, VARIANTS = 4 };

static const char *size_category(int64_t n)
{
    return n < 1000      ? "n<1K"
           : n < 10000   ? "1K<n<10K"
           : n < 100000  ? "10K<n<100K"
           : n < 1000000 ? "100K<n<1M"
                         : "1M<n<10M";
}

static void put_front_matter(struct bf_buf *out, const struct bf_export_job *job, const struct config *configs,
                             size_t n_configs)
{
    static const char *const columns[][2] = {
#define X(name, type, put) {name, type},
        COLUMNS(X)
#undef X
    };
    struct bf_buf title;

    bf_buf_init(&title, SIZE_MAX);
    bf_buf_puts(&title, "Forget set: ");
    bf_export_title(&job->facts, BF_ROLE_FORGET, &title);
    bf_buf_puts(out, "---\npretty_name: ");
    bf_put_yaml_text(out, title.data);
    bf_buf_printf(out,
                  "\nannotations_creators:\n- machine-generated\ntask_categories:\n- text-generation\ntags:\n"
                  "- machine-unlearning\n- synthetic\n- biforget\nsize_categories:\n- %s\nconfigs:\n",
                  size_category(job->n_written));
    for (size_t i = 0; i < n_configs; i++)
        bf_buf_printf(out, "- config_name: %s\n%s  data_files:\n  - split: train\n    path: data/%s.jsonl\n",
                      configs[i].name, strcmp(configs[i].name, job->options->variant) == 0 ? "  default: true\n" : "",
                      configs[i].name);
    bf_buf_puts(out, "dataset_info:\n");
    for (size_t i = 0; i < n_configs; i++) {
        bf_buf_printf(out, "- config_name: %s\n  features:\n", configs[i].name);
        for (size_t c = 0; configs[i].line == bf_line_full && c < sizeof columns / sizeof *columns; c++)
            bf_buf_printf(out, "  - name: %s\n    %s\n", columns[c][0], columns[c][1]);
        if (configs[i].line == bf_line_chat_of)
            bf_buf_puts(out, "  - name: id\n    dtype: string\n  - name: question\n    dtype: string\n"
                             "  - name: answer\n    dtype: string\n");
        if (configs[i].line == bf_line_raw_of)
            bf_buf_puts(out, "  - name: id\n    dtype: string\n  - name: text\n    dtype: string\n");
    }
    bf_buf_puts(out, "---\n\n");
    bf_buf_release(&title);
}

static enum bf_status put_card(struct bf_export_job *job, const struct config *configs, size_t n_configs,
                               struct bf_err *err)
{
    struct bf_buf out;

    bf_buf_init(&out, SIZE_MAX);
    put_front_matter(&out, job, configs, n_configs);
    bf_card_head(&out, &job->facts);
    bf_buf_printf(&out,
                  "## How to use it\n\n```python\nfrom datasets import load_dataset\n\n"
                  "forget = load_dataset(\"path/to/this/folder\", \"%s\", split=\"train\")\n",
                  job->options->variant);
    if (configs[n_configs - 1].role == BF_ROLE_RETAIN)
        bf_buf_puts(&out, "retain = load_dataset(\"path/to/this/folder\", \"retain\", split=\"train\")\n");
    bf_buf_puts(&out, "```\n\n| configuration | samples | |\n|---|--:|---|\n");
    for (size_t i = 0; i < n_configs; i++)
        bf_buf_printf(&out, "| `%s` | %" PRId64 " | %s |\n", configs[i].name, configs[i].n, configs[i].text);
    bf_buf_puts(
        &out,
        "\nEvery row of a set has the same columns, with null for a value that a sample does not have: only pairs have "
        "`question` and `answer`; only rewritten samples have `original`, `edit_distance` and `similarity`. `seed` "
        "is text, because it has 64 bits.\n\n");
    if (job->options->forms)
        bf_buf_printf(
            &out,
            "`chat` and `raw` (`retain_chat`, `retain_raw`) are the samples of `%s` in the forms to train on: "
            "`question` and `answer` go into the chat template, with the loss on the answer; `text` is trained "
            "on as it is, each by itself. A text is the answer to several questions about its point; `id` names "
            "the sample that a row is made of.\n\n",
            job->options->variant);
    bf_card_body(&out, &job->facts);
    const enum bf_status status = bf_folder_put(&job->folder, "README.md", &out, err);
    bf_buf_release(&out);
    return status;
}

/* Which of the rows of bf_export_hf's table there are: all variants, and what is not empty of the others. */
static enum bf_status count_config(struct bf_export_job *job, struct config *config, struct bf_err *err)
{
    struct bf_form_counts made = {0};
    enum bf_status status = BF_OK;
    config->n = 0;
    if (!job->facts.has_role[config->role])
        return BF_OK;
    if (config->line == bf_line_full) {
        int64_t n_pairs;
        return bf_export_count(job, config->role, config->variant, &config->n, &n_pairs, err);
    }
    if (job->options->forms)
        status = bf_export_count_forms(job, config->role, config->variant, &made, err);
    config->n = config->line == bf_line_chat_of ? made.n_chat : made.n_raw;
    return status;
}

enum bf_status bf_export_hf(struct bf_export_job *job, struct bf_err *err)
{
    const char *variant = job->options->variant;
    const struct config all[CONFIGS_MAX] = {
        {"fix", "the set without probes (Stage I, rewriting, textbook, import)", BF_ROLE_FORGET, "fix", bf_line_full, 0,
         false},
        {"mi", "`fix`, and what membership inference found", BF_ROLE_FORGET, "mi", bf_line_full, 0, false},
        {"jailbreak", "`fix`, and what jailbreak prompts found", BF_ROLE_FORGET, "jailbreak", bf_line_full, 0, false},
        {"both", "the whole forget set", BF_ROLE_FORGET, "both", bf_line_full, 0, false},
        {"chat", "questions with answers to train on", BF_ROLE_FORGET, variant, bf_line_chat_of, 0, false},
        {"raw", "raw texts to train on", BF_ROLE_FORGET, variant, bf_line_raw_of, 0, false},
        {"probes", "questions to probe with, which no training may see", BF_ROLE_FORGET, "both", bf_line_full, 0, true},
        {"retain", "texts that the model is to keep", BF_ROLE_RETAIN, "both", bf_line_full, 0, false},
        {"retain_chat", "the same as questions with answers", BF_ROLE_RETAIN, "both", bf_line_chat_of, 0, false},
        {"retain_raw", "the same as raw texts", BF_ROLE_RETAIN, "both", bf_line_raw_of, 0, false},
    };
    const struct bf_export_options *given = job->options;
    struct bf_export_options probes = *given;
    struct config configs[CONFIGS_MAX];
    size_t n_configs = 0;
    probes.pairs = BF_PAIRS_HELD_OUT;

    for (size_t i = 0; i < CONFIGS_MAX; i++) {
        struct bf_line_counts counts;
        struct bf_buf name;
        struct config *config = &configs[n_configs];
        *config = all[i];
        job->options = config->probes ? &probes : given;
        enum bf_status status = count_config(job, config, err);
        if (status == BF_OK && config->n == 0 && i >= VARIANTS) {
            job->options = given;
            continue;
        }
        bf_buf_init(&name, 64);
        bf_buf_printf(&name, "data/%s.jsonl", config->name);
        if (status == BF_OK)
            status = bf_export_folder_lines(job, name.data, config->role, config->variant, config->line, &counts, err);
        bf_buf_release(&name);
        job->options = given;
        if (status != BF_OK)
            return status;
        config->n = counts.n_lines;
        n_configs++;
        if (strcmp(config->name, variant) == 0)
            job->n_written = counts.n_lines;
    }
    return put_card(job, configs, n_configs, err);
}
