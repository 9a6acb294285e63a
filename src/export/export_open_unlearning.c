/* A folder to copy into a checkout of open-unlearning: data, the configurations of the two datasets, and an experiment.
 *
 * From the sources of its loaders: `handler` names a class, `args` are its arguments. Both classes give
 * `hf_args` to datasets.load_dataset, which resolves relative data_files against the working directory: hence
 * ${paths.root_dir}, which is "." unless the user sets it. QADataset adds a column "index", so the files must not
 * have one. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "export/export_card.h"
#include "export/export_text.h"
#include "export/export_trainer.h"

#include "base/banned.h"

/* The set of one role: its configuration's name, and how its loader reads it. */
struct set {
    const char *config; /* "BiForget_forget" */
    bool there;
    bool pairs; /* all samples are QA pairs: QADataset */
    int64_t n;
};

static enum bf_status put_data(struct bf_export_job *job, const char *slug, enum bf_role role, struct set *set,
                               struct bf_err *err)
{
    struct bf_line_counts counts;
    struct bf_buf name;
    int64_t n_pairs;
    enum bf_status status = bf_export_count(job, role, job->options->variant, &set->n, &n_pairs, err);

    set->config = role == BF_ROLE_FORGET ? "BiForget_forget" : "BiForget_retain";
    set->there = job->facts.has_role[role] && set->n > 0;
    set->pairs = n_pairs == set->n;
    if (status != BF_OK || !set->there)
        return status;
    bf_buf_init(&name, SIZE_MAX);
    bf_buf_printf(&name, "data/biforget/%s/%s.jsonl", slug, bf_role_word(role));
    status = bf_export_folder_lines(job, name.data, role, job->options->variant,
                                    set->pairs ? bf_line_pair : bf_line_text, &counts, err);
    bf_buf_release(&name);
    return status;
}

static void put_data_files(struct bf_buf *out, const char *slug, enum bf_role role)
{
    bf_buf_printf(out, "data_files: \"${paths.root_dir}/data/biforget/%s/%s.jsonl\"\n", slug, bf_role_word(role));
}

/* DPO also reads each question with an answer from idk.jsonl, which the checkout has. */
static const char *handler_of(const struct set *set, enum bf_role role, const struct bf_export_trainer *trainer)
{
    if (!set->pairs)
        return "PretrainingDataset";
    return role == BF_ROLE_FORGET && trainer->alternates ? "QAwithIdkDataset" : "QADataset";
}

static enum bf_status put_dataset(struct bf_export_job *job, const char *slug, enum bf_role role, const struct set *set,
                                  const struct bf_export_trainer *trainer, struct bf_err *err)
{
    struct bf_buf out, name;

    if (!set->there)
        return BF_OK;
    bf_buf_init(&out, SIZE_MAX);
    bf_buf_init(&name, SIZE_MAX);
    bf_buf_printf(&out, "%s:\n  handler: %s\n  args:\n    hf_args:\n      path: \"json\"\n      ", set->config,
                  handler_of(set, role, trainer));
    put_data_files(&out, slug, role);
    bf_buf_puts(&out, "      split: \"train\"\n");
    bf_buf_puts(&out, set->pairs ? "    question_key: \"question\"\n    answer_key: \"answer\"\n"
                                 : "    text_key: \"text\"\n");
    bf_buf_printf(&out, "    max_length: %" PRId64 "\n", trainer->max_length);
    if (role == BF_ROLE_FORGET && trainer->alternates && set->pairs)
        bf_buf_puts(&out, "    idk_path: \"${paths.root_dir}/data/idk.jsonl\"\n    return_original: true\n");
    bf_buf_printf(&name, "configs/data/datasets/%s.yaml", set->config);
    const enum bf_status status = bf_folder_put(&job->folder, name.data, &out, err);
    bf_buf_release(&name);
    bf_buf_release(&out);
    return status;
}

static void pin_data(struct bf_buf *out, const char *slug, enum bf_role role, const struct set *set)
{
    if (!set->there)
        return;
    bf_buf_printf(out, "  %s:\n    %s:\n      args:\n        hf_args:\n          ", bf_role_word(role), set->config);
    put_data_files(out, slug, role);
}

static enum bf_status put_experiment(struct bf_export_job *job, const char *slug,
                                     const struct set sets[BF_ROLE_TRAINED], const struct bf_export_trainer *trainer,
                                     struct bf_err *err)
{
    struct bf_buf out, name;

    bf_buf_init(&out, SIZE_MAX);
    bf_buf_init(&name, SIZE_MAX);
    bf_buf_puts(&out, "# @package _global_\n\n");
    bf_buf_puts(&out, "# Name the model: the configuration (configs/model) of the model that wrote this set, such as\n"
                      "#   model=Llama-3.2-1B-Instruct\n");
    if (!sets[BF_ROLE_RETAIN].there)
        bf_buf_puts(
            &out,
            "# The run has no retain set, and the trainers need one. Name a configuration of configs/data/datasets\n"
            "# that is close to what the model is to keep, such as\n"
            "#   data/datasets@data.retain=MUSE_retain\n"
            "# or let biforget write one: biforget domain ... --retain-set \"a neighbouring domain\"\n");
    bf_buf_printf(&out,
                  "defaults:\n  - override /model: ???\n  - override /trainer: %s\n  - override /data: unlearn\n"
                  "  - override /data/datasets@data.forget: %s\n  - override /data/datasets@data.retain: %s\n"
                  "  - override /eval: null\n\n",
                  trainer->handler, sets[BF_ROLE_FORGET].config,
                  sets[BF_ROLE_RETAIN].there ? sets[BF_ROLE_RETAIN].config : "???");
    bf_buf_puts(&out, "# The data of this experiment, whichever set configs/data/datasets names by now.\ndata:\n"
                      "  anchor: forget\n");
    pin_data(&out, slug, BF_ROLE_FORGET, &sets[BF_ROLE_FORGET]);
    pin_data(&out, slug, BF_ROLE_RETAIN, &sets[BF_ROLE_RETAIN]);
    bf_export_trainer_yaml(trainer, &out);
    bf_buf_printf(&out, "task_name: biforget_%s\n", slug);
    bf_buf_printf(&name, "configs/experiment/unlearn/biforget/%s.yaml", slug);
    const enum bf_status status = bf_folder_put(&job->folder, name.data, &out, err);
    bf_buf_release(&name);
    bf_buf_release(&out);
    return status;
}

static void put_command(struct bf_buf *out, const char *launcher, const char *slug, const char *handler, bool retain)
{
    bf_buf_printf(out,
                  "%s \\\n    src/train.py --config-name=unlearn.yaml experiment=unlearn/biforget/%s \\\n"
                  "    model=MODEL%s \\\n    trainer=%s task_name=biforget_%s_%s",
                  launcher, slug, retain ? "" : " data/datasets@data.retain=RETAIN", handler, slug, handler);
}

static enum bf_status put_readme(struct bf_export_job *job, const char *slug, const struct set sets[BF_ROLE_TRAINED],
                                 const struct bf_export_trainer *trainer, struct bf_err *err)
{
    const struct bf_export_facts *facts = &job->facts;
    const bool retain = sets[BF_ROLE_RETAIN].there;
    struct bf_buf out;

    bf_buf_init(&out, SIZE_MAX);
    bf_card_head(&out, facts);
    bf_buf_puts(&out, "## How to use it\n\nCopy it into a checkout of [open-unlearning]"
                      "(https://github.com/locuslab/open-unlearning), and start it from there:\n\n"
                      "```bash\ncp -r configs data PATH/TO/open-unlearning/\ncd PATH/TO/open-unlearning\n\n"
                      "# one GPU\n");
    put_command(&out, "CUDA_VISIBLE_DEVICES=0 python", slug, trainer->handler, retain);
    bf_buf_puts(&out, "\n\n# several, with accelerate and DeepSpeed ZeRO-3\n");
    put_command(&out, "CUDA_VISIBLE_DEVICES=0,1 accelerate launch --config_file configs/accelerate/default_config.yaml",
                slug, trainer->handler, retain);
    bf_buf_puts(
        &out,
        " \\\n    trainer.args.gradient_checkpointing=true\n```\n\n"
        "- `MODEL` is a file of `configs/model` without `.yaml`. It has to be the model that wrote the set, here ");
    bf_put_markdown(&out,
                    facts->model_title          ? facts->model_title
                    : facts->run->model_desc[0] ? facts->run->model_desc
                                                : "not known",
                    80);
    bf_buf_puts(&out, "; if there is no such file, copy that of a model of the same family and change its two names"
                      " (`pretrained_model_name_or_path`), or set them with"
                      " `model.model_args.pretrained_model_name_or_path=` and"
                      " `model.tokenizer_args.pretrained_model_name_or_path=`.\n");
    if (!retain)
        bf_buf_puts(
            &out,
            "- `RETAIN` is a file of `configs/data/datasets` without `.yaml`: the run had no retain set, and the"
            " trainers need one. There are `MUSE_retain` (news) and `WMDP_retain`; the closer it is to"
            " what the model has to keep, the better. `TOFU_QA_retain` is about invented authors and suits only models"
            " that were trained on them. `biforget domain ... --retain-set \"a neighbouring domain\"` writes"
            " one.\n");
    bf_export_trainer_words(trainer, &out);
    bf_buf_puts(
        &out,
        "- The data is read from below `paths.root_dir`, the working directory unless you set it: from another"
        " directory add `paths.root_dir=PATH/TO/open-unlearning`.\n"
        "- Any `trainer=` works: `GradDiff`, `NPO`, `SimNPO`, `RMU`, ... The model is saved below `saves/unlearn/`."
        " Evaluation while training is off, because it needs a single process: use `src/eval.py`.\n"
        "- The dataset configurations of a second set have the same names and replace these. Each experiment"
        " names its own data and still works, as long as both sets are pairs or both are text.\n\n");
    bf_buf_puts(&out, "| set | samples | handler |\n|---|--:|---|\n");
    for (int role = 0; role < BF_ROLE_TRAINED; role++)
        if (sets[role].there)
            bf_buf_printf(&out, "| `%s` | %" PRId64 " | %s |\n", sets[role].config, sets[role].n,
                          sets[role].pairs ? "`QADataset`: every sample is a question with its answer"
                                           : "`PretrainingDataset`: texts, joined and cut into pieces of 512 tokens");
    bf_buf_putc(&out, '\n');
    bf_card_body(&out, facts);
    const enum bf_status status = bf_folder_put(&job->folder, "README.md", &out, err);
    bf_buf_release(&out);
    return status;
}

enum bf_status bf_export_open_unlearning(struct bf_export_job *job, struct bf_err *err)
{
    struct set sets[BF_ROLE_TRAINED] = {{NULL, false, false, 0}, {NULL, false, false, 0}};
    struct bf_export_trainer trainer;
    struct bf_buf slug;

    bf_buf_init(&slug, SIZE_MAX);
    enum bf_status status = bf_export_trainer_read(job->store, &trainer, err);
    bf_export_slug(&job->facts, &slug);
    for (int role = 0; role < BF_ROLE_TRAINED && status == BF_OK; role++)
        status = put_data(job, slug.data, (enum bf_role)role, &sets[role], err);
    for (int role = 0; role < BF_ROLE_TRAINED && status == BF_OK; role++)
        status = put_dataset(job, slug.data, (enum bf_role)role, &sets[role], &trainer, err);
    if (status == BF_OK)
        status = put_experiment(job, slug.data, sets, &trainer, err);
    if (status == BF_OK)
        status = put_readme(job, slug.data, sets, &trainer, err);
    job->n_written = sets[BF_ROLE_FORGET].n;
    bf_export_trainer_release(&trainer);
    bf_buf_release(&slug);
    return status;
}
