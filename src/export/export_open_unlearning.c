/* A folder to copy into a checkout of open-unlearning: data, the configurations of the two datasets, an experiment, and
 * a loader where a set has two forms.
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
#include "export/export_forms.h"
#include "export/export_text.h"
#include "export/export_trainer.h"

#include "base/banned.h"

/* The files of a set: `samples` has each sample once, and is what `biforget` reads of the folder. */
enum part { SAMPLES, CHAT, RAW, PARTS };

/* The set of one role: its configuration's name, and how its loader reads it. */
struct set {
    const char *config; /* "BiForget_forget" */
    enum bf_role role;
    bool there;
    bool joined;           /* plain text: joined and cut, as MUSE has it */
    int64_t n;             /* samples */
    int64_t n_chat, n_raw; /* examples that are trained on; joined, the samples */
    bool once;             /* the samples are these examples: no other file */
};

static void put_file_name(struct bf_buf *out, const char *slug, const struct set *set, enum part part)
{
    static const char *const ends[PARTS] = {"", "_chat", "_raw"};
    bf_buf_printf(out, "data/biforget/%s/%s%s.jsonl", slug, bf_role_word(set->role), ends[set->once ? SAMPLES : part]);
}

static enum bf_status put_part(struct bf_export_job *job, const char *slug, const struct set *set, enum part part,
                               bf_export_line *line, struct bf_err *err)
{
    struct bf_line_counts counts;
    struct bf_buf name;
    bf_buf_init(&name, SIZE_MAX);
    put_file_name(&name, slug, set, part);
    const enum bf_status status =
        bf_export_folder_lines(job, name.data, set->role, job->options->variant, line, &counts, err);
    bf_buf_release(&name);
    return status;
}

static enum bf_status count_set(struct bf_export_job *job, const struct bf_export_trainer *trainer, struct set *set,
                                struct bf_err *err)
{
    struct bf_form_counts made;
    int64_t n_pairs;
    enum bf_status status = bf_export_count(job, set->role, job->options->variant, &set->n, &n_pairs, err);
    set->there = job->facts.has_role[set->role] && set->n > 0;
    set->once = true;
    if (n_pairs == set->n)
        set->n_chat = set->n;
    else
        set->n_raw = set->n;
    set->joined = !job->options->forms && set->n_raw > 0;
    if (status != BF_OK || !job->options->forms || n_pairs == set->n)
        return status;
    status = bf_export_count_forms(job, set->role, job->options->variant, &made, err);
    set->n_chat = made.n_chat;
    set->n_raw = set->role == BF_ROLE_FORGET && trainer->alternates && made.n_chat > 0 ? 0 : made.n_raw;
    set->once = false;
    return status;
}

static enum bf_status put_data(struct bf_export_job *job, const char *slug, enum bf_role role,
                               const struct bf_export_trainer *trainer, struct set *set, struct bf_err *err)
{
    set->config = role == BF_ROLE_FORGET ? "BiForget_forget" : "BiForget_retain";
    set->role = role;
    enum bf_status status = count_set(job, trainer, set, err);
    if (status != BF_OK || !set->there)
        return status;
    status = put_part(job, slug, set, SAMPLES, set->joined ? bf_line_text : bf_line_sample, err);
    if (status == BF_OK && !set->once && set->n_chat > 0)
        status = put_part(job, slug, set, CHAT, bf_line_chat, err);
    if (status == BF_OK && !set->once && set->n_raw > 0)
        status = put_part(job, slug, set, RAW, bf_line_raw, err);
    return status;
}

static void put_indent(struct bf_buf *out, int depth)
{
    bf_buf_printf(out, "%*s", depth, "");
}

static void put_data_files(struct bf_buf *out, const char *slug, const struct set *set, enum part part)
{
    bf_buf_puts(out, "data_files: \"${paths.root_dir}/");
    put_file_name(out, slug, set, part);
    bf_buf_puts(out, "\"\n");
}

/* DPO also reads each question with an answer from idk.jsonl, which the checkout has. */
static bool has_alternates(const struct set *set, const struct bf_export_trainer *trainer)
{
    return set->role == BF_ROLE_FORGET && trainer->alternates;
}

/* "handler:" and "args:" of one of their loaders. CompletionDataset without a prompt is a text by itself. */
static void put_loader(struct bf_buf *out, int depth, const char *slug, const struct set *set, enum part part,
                       const struct bf_export_trainer *trainer)
{
    const bool chat = part == CHAT, idk = chat && has_alternates(set, trainer);
    put_indent(out, depth);
    bf_buf_printf(out, "handler: %s\n",
                  idk           ? "QAwithIdkDataset"
                  : chat        ? "QADataset"
                  : set->joined ? "PretrainingDataset"
                                : "CompletionDataset");
    put_indent(out, depth);
    bf_buf_puts(out, "args:\n");
    put_indent(out, depth + 2);
    bf_buf_puts(out, "hf_args:\n");
    put_indent(out, depth + 4);
    bf_buf_puts(out, "path: \"json\"\n");
    put_indent(out, depth + 4);
    put_data_files(out, slug, set, part);
    put_indent(out, depth + 4);
    bf_buf_puts(out, "split: \"train\"\n");
    put_indent(out, depth + 2);
    if (chat) {
        bf_buf_puts(out, "question_key: \"question\"\n");
        put_indent(out, depth + 2);
        bf_buf_puts(out, "answer_key: \"answer\"\n");
    } else {
        bf_buf_puts(out, "text_key: \"text\"\n");
    }
    put_indent(out, depth + 2);
    bf_buf_printf(out, "max_length: %" PRId64 "\n", trainer->max_length);
    if (idk)
        bf_buf_puts(out, "    idk_path: \"${paths.root_dir}/data/idk.jsonl\"\n    return_original: true\n");
}

static bool has_both(const struct set *set)
{
    return set->there && set->n_chat > 0 && set->n_raw > 0;
}

static enum bf_status put_dataset(struct bf_export_job *job, const char *slug, const struct set *set,
                                  const struct bf_export_trainer *trainer, struct bf_err *err)
{
    struct bf_buf out, name;

    if (!set->there)
        return BF_OK;
    bf_buf_init(&out, SIZE_MAX);
    bf_buf_init(&name, SIZE_MAX);
    bf_buf_printf(&out, "%s:\n", set->config);
    if (has_both(set)) {
        bf_buf_puts(&out, "  handler: BiForgetForms\n  args:\n    datasets:\n      chat:\n");
        put_loader(&out, 8, slug, set, CHAT, trainer);
        bf_buf_puts(&out, "      raw:\n");
        put_loader(&out, 8, slug, set, RAW, trainer);
    } else {
        put_loader(&out, 2, slug, set, set->n_chat > 0 ? CHAT : RAW, trainer);
    }
    bf_buf_printf(&name, "configs/data/datasets/%s.yaml", set->config);
    const enum bf_status status = bf_folder_put(&job->folder, name.data, &out, err);
    bf_buf_release(&name);
    bf_buf_release(&out);
    return status;
}

/* Their ForgetRetainDataset takes one forget set and one retain set, and each loader reads one form. This class makes
 * one of several; it registers itself when Hydra imports it, as the experiment tells it to. */
static const char loader[] =
    "\"\"\"A set in several forms, for experiments that biforget exports: their key hydra.callbacks imports "
    "this file.\"\"\"\n"
    "import data\n"
    "from hydra.experimental.callback import Callback\n"
    "\n"
    "\n"
    "class BiForgetForms:\n"
    "    \"\"\"Several datasets, one after the other. datasets: a name to `handler` and `args`, as in "
    "configs/data/datasets.\"\"\"\n"
    "\n"
    "    def __init__(self, datasets, **kwargs):\n"
    "        self.parts = [data.DATASET_REGISTRY[c.handler](**c.args, **kwargs) for c in datasets.values()]\n"
    "\n"
    "    def __len__(self):\n"
    "        return sum(len(part) for part in self.parts)\n"
    "\n"
    "    def __getitem__(self, i):\n"
    "        for part in self.parts:\n"
    "            if i < len(part):\n"
    "                return part[i]\n"
    "            i -= len(part)\n"
    "        raise IndexError(i)\n"
    "\n"
    "\n"
    "data.DATASET_REGISTRY[BiForgetForms.__name__] = BiForgetForms\n"
    "\n"
    "\n"
    "class Register(Callback):\n"
    "    \"\"\"Does nothing: to import it is enough.\"\"\"\n";

static bool needs_loader(const struct set sets[BF_ROLE_TRAINED])
{
    return has_both(&sets[BF_ROLE_FORGET]) || has_both(&sets[BF_ROLE_RETAIN]);
}

static enum bf_status put_python(struct bf_export_job *job, const struct set sets[BF_ROLE_TRAINED], struct bf_err *err)
{
    struct bf_buf out;
    if (!needs_loader(sets))
        return BF_OK;
    bf_buf_init(&out, SIZE_MAX);
    bf_buf_puts(&out, loader);
    const enum bf_status status = bf_folder_put(&job->folder, "src/data/biforget.py", &out, err);
    bf_buf_release(&out);
    return status;
}

static void pin_part(struct bf_buf *out, int depth, const char *slug, const struct set *set, enum part part)
{
    put_indent(out, depth);
    bf_buf_puts(out, "args:\n");
    put_indent(out, depth + 2);
    bf_buf_puts(out, "hf_args:\n");
    put_indent(out, depth + 4);
    put_data_files(out, slug, set, part);
}

static void pin_data(struct bf_buf *out, const char *slug, const struct set *set)
{
    if (!set->there)
        return;
    bf_buf_printf(out, "  %s:\n    %s:\n", bf_role_word(set->role), set->config);
    if (!has_both(set)) {
        pin_part(out, 6, slug, set, set->n_chat > 0 ? CHAT : RAW);
        return;
    }
    bf_buf_puts(out, "      args:\n        datasets:\n          chat:\n");
    pin_part(out, 12, slug, set, CHAT);
    bf_buf_puts(out, "          raw:\n");
    pin_part(out, 12, slug, set, RAW);
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
    pin_data(&out, slug, &sets[BF_ROLE_FORGET]);
    pin_data(&out, slug, &sets[BF_ROLE_RETAIN]);
    if (needs_loader(sets))
        bf_buf_puts(&out, "\n# Their loaders read one form each: src/data/biforget.py puts two together.\nhydra:\n"
                          "  callbacks:\n    biforget:\n      _target_: data.biforget.Register\n");
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

static void put_row(struct bf_buf *out, const struct set *set)
{
    if (!set->there)
        return;
    bf_buf_printf(out, "| `%s` | %" PRId64 " | ", set->config, set->n);
    if (set->n_chat > 0)
        bf_buf_printf(out, "%" PRId64 " questions with answers%s", set->n_chat, set->n_raw > 0 ? ", " : "");
    if (set->n_raw > 0)
        bf_buf_printf(out, "%" PRId64 " raw texts%s", set->n_raw,
                      set->joined ? ", joined and cut into pieces" : ", each by itself");
    bf_buf_printf(out, " | %s |\n",
                  has_both(set)     ? "`BiForgetForms` of `QADataset` and `CompletionDataset`"
                  : set->n_chat > 0 ? "`QADataset`"
                  : set->joined     ? "`PretrainingDataset`"
                                    : "`CompletionDataset`");
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
                      "```bash\n");
    bf_buf_printf(&out, "cp -r configs data %sPATH/TO/open-unlearning/\ncd PATH/TO/open-unlearning\n\n# one GPU\n",
                  needs_loader(sets) ? "src " : "");
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
        " names its own data and still works, as long as both sets have the same handler.\n");
    if (needs_loader(sets))
        bf_buf_puts(
            &out, "- Each loader of that project reads one form. `src/data/biforget.py` is a loader of two, which the "
                  "experiment has Hydra import; no file of the checkout is changed.\n");
    if (job->options->forms)
        bf_buf_puts(&out, "- A base model without a chat template: export with `--forms raw=1`.\n");
    bf_buf_puts(&out, "\n| set | samples | trained on | handler |\n|---|--:|---|---|\n");
    for (int role = 0; role < BF_ROLE_TRAINED; role++)
        put_row(&out, &sets[role]);
    bf_buf_putc(&out, '\n');
    bf_card_body(&out, facts);
    const enum bf_status status = bf_folder_put(&job->folder, "README.md", &out, err);
    bf_buf_release(&out);
    return status;
}

enum bf_status bf_export_open_unlearning(struct bf_export_job *job, struct bf_err *err)
{
    struct set sets[BF_ROLE_TRAINED] = {{.config = NULL}, {.config = NULL}};
    struct bf_export_trainer trainer;
    struct bf_buf slug;

    bf_buf_init(&slug, SIZE_MAX);
    enum bf_status status = bf_export_trainer_read(job->store, &trainer, err);
    bf_export_slug(&job->facts, &slug);
    for (int role = 0; role < BF_ROLE_TRAINED && status == BF_OK; role++)
        status = put_data(job, slug.data, (enum bf_role)role, &trainer, &sets[role], err);
    for (int role = 0; role < BF_ROLE_TRAINED && status == BF_OK; role++)
        status = put_dataset(job, slug.data, &sets[role], &trainer, err);
    if (status == BF_OK)
        status = put_python(job, sets, err);
    if (status == BF_OK)
        status = put_experiment(job, slug.data, sets, &trainer, err);
    if (status == BF_OK)
        status = put_readme(job, slug.data, sets, &trainer, err);
    job->n_written = sets[BF_ROLE_FORGET].n;
    bf_export_trainer_release(&trainer);
    bf_buf_release(&slug);
    return status;
}
