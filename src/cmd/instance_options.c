#include "cmd/instance_options.h"

#include "base/banned.h"

struct bf_opt *bf_instance_options(struct bf_instance_values *v, struct bf_opt *table)
{
    v->format = "auto";
    return BF_OPT_APPEND(
        table,
        BF_CHOICE("format", &v->format, bf_instance_format_choices, "how the file is read", .letter = 'f',
                  .fallback = "by the file's name"),
        BF_FLAG("skip-bad", &v->skip_bad, "leave out records that cannot be read"),
        BF_TEXT("text-key", &v->text_key, "KEY", "key or column of the text", .fallback = "text, content",
                .rare = true),
        BF_TEXT("question-key", &v->question_key, "KEY", "key or column of the question", .fallback = "question",
                .rare = true),
        BF_TEXT("answer-key", &v->answer_key, "KEY", "key or column of the answer", .fallback = "answer", .rare = true),
        BF_FLAG("paragraphs", &v->paragraphs, "txt: a text is what stands between blank lines", .rare = true));
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
