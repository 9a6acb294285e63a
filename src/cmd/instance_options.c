#include "cmd/instance_options.h"

#include <string.h>

#include "base/mem.h"
#include "base/banned.h"

void bf_instance_options(struct bf_instance_values *v, struct bf_opt *out)
{
    v->format = "auto";
    const struct bf_opt rows[BF_INSTANCE_OPTIONS] = {
        {.name = "format",
         .letter = 'f',
         .type = BF_OPT_CHOICE,
         .target = &v->format,
         .choices = bf_instance_format_choices,
         .fallback = "by the file's name",
         .help = "how the file is read"},
        {.name = "skip-bad",
         .type = BF_OPT_FLAG,
         .target = &v->skip_bad,
         .help = "leave out records that cannot be read"},
        {.name = "text-key",
         .type = BF_OPT_TEXT,
         .target = &v->text_key,
         .value = "KEY",
         .fallback = "text, content",
         .help = "key or column of the text",
         .rare = true},
        {.name = "question-key",
         .type = BF_OPT_TEXT,
         .target = &v->question_key,
         .value = "KEY",
         .fallback = "question",
         .help = "key or column of the question",
         .rare = true},
        {.name = "answer-key",
         .type = BF_OPT_TEXT,
         .target = &v->answer_key,
         .value = "KEY",
         .fallback = "answer",
         .help = "key or column of the answer",
         .rare = true},
        {.name = "paragraphs",
         .type = BF_OPT_FLAG,
         .target = &v->paragraphs,
         .help = "txt: a text is what stands between blank lines",
         .rare = true},
    };
    memcpy(out, rows, sizeof rows);
}

struct bf_instance_options bf_instance_file_options(const struct bf_instance_values *v, bool long_texts)
{
    struct bf_instance_options options = {
        .skip_bad = v->skip_bad,
        .paragraphs = v->paragraphs,
        .text_key = v->text_key,
        .question_key = v->question_key,
        .answer_key = v->answer_key,
        .max_text = long_texts ? BF_IMPORT_TEXT_MAX : BF_INSTANCE_TEXT_MAX,
    };
    (void)bf_instance_format_of(v->format, &options.format);
    return options;
}
