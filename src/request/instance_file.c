/* The reader of instances: options, how a record becomes an instance, what happens to bad records. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "request/instance_internal.h"

#include "base/banned.h"

#define TEXT_MAX_MAX ((size_t)1 << 30)
#define RAW_EXTRA ((size_t)64 << 10) /* for keys and fields that are not used */

const char bf_instance_format_choices[] = "auto|jsonl|json|csv|txt";

const char *bf_skip_bad_hint(enum bf_instance_hints hints)
{
    return hints == BF_HINTS_NONE ? "" : " (--skip-bad leaves such records out)";
}

const char *bf_key_hint(enum bf_instance_hints hints)
{
    return hints == BF_HINTS_OPTIONS   ? ", or give --text-key"
           : hints == BF_HINTS_REQUEST ? ", or give \"text_key\" in the request's line"
                                       : "";
}

static const char *format_hint(enum bf_instance_hints hints)
{
    return hints == BF_HINTS_OPTIONS   ? "give --format"
           : hints == BF_HINTS_REQUEST ? "give \"format\" in the request's line"
                                       : "give it one of these endings";
}

static const struct {
    const char *word;
    enum bf_instance_format format;
} formats[] = {
    {"auto", BF_INSTANCES_AUTO}, {"jsonl", BF_INSTANCES_JSONL}, {"json", BF_INSTANCES_JSON},
    {"csv", BF_INSTANCES_CSV},   {"txt", BF_INSTANCES_TXT},
};

bool bf_instance_format_of(const char *word, enum bf_instance_format *out)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (strcmp(formats[i].word, word) == 0) {
            *out = formats[i].format;
            return true;
        }
    }
    return false;
}

/* The format by the ending of a name; AUTO when the ending is unknown. */
static enum bf_instance_format format_of_name(const char *path)
{
    const char *dot = strrchr(path, '.');

    if (!dot || strchr(dot, '/'))
        return BF_INSTANCES_AUTO;
    if (strcasecmp(dot, ".ndjson") == 0)
        return BF_INSTANCES_JSONL;
    for (size_t i = 1; i < sizeof formats / sizeof *formats; i++) {
        if (strcasecmp(dot + 1, formats[i].word) == 0)
            return formats[i].format;
    }
    return BF_INSTANCES_AUTO;
}

/* Resolve the defaults of `given` into *out. */
static enum bf_status settle(const char *path, const struct bf_instance_options *given, struct bf_instance_options *out,
                             struct bf_err *err)
{
    *out = *given;
    if (out->format == BF_INSTANCES_AUTO) {
        if (strcmp(path, "-") == 0)
            return bf_fail(err, BF_USAGE, "standard input has no name that shows its format; %s",
                           out->hints == BF_HINTS_OPTIONS ? format_hint(out->hints) : "save it as a file");
        out->format = format_of_name(path);
    }
    if (out->format == BF_INSTANCES_AUTO)
        return bf_fail(err, BF_USAGE, "the name of '%s' does not show its format (.jsonl .ndjson .json .csv .txt); %s",
                       path, format_hint(out->hints));
    if (out->format == BF_INSTANCES_TXT && (out->text_key || out->question_key || out->answer_key))
        return bf_fail(err, BF_USAGE, "a .txt file has no keys; leave out %s",
                       out->hints == BF_HINTS_REQUEST ? "\"text_key\", \"question_key\" and \"answer_key\""
                                                      : "--text-key, --question-key and --answer-key");
    if (out->paragraphs && out->format != BF_INSTANCES_TXT)
        return bf_fail(err, BF_USAGE, "%s is for plain text; leave it out, or give %s",
                       out->hints == BF_HINTS_REQUEST ? "\"paragraphs\"" : "--paragraphs",
                       out->hints == BF_HINTS_REQUEST ? "\"format\": \"txt\"" : "--format txt");
    if (out->max_text == 0)
        out->max_text = BF_INSTANCE_TEXT_MAX;
    if (out->max_text > TEXT_MAX_MAX)
        return bf_fail(err, BF_USAGE, "the limit for a text cannot be %zu bytes; give at most %zu", out->max_text,
                       TEXT_MAX_MAX);
    return BF_OK;
}

static void choose_keys(const struct bf_instance_options *options, struct bf_instance_keys *keys)
{
    bool pair_given = options->question_key || options->answer_key;

    *keys = (struct bf_instance_keys){.text = NULL};
    if (options->text_key)
        keys->text = options->text_key;
    else if (!pair_given)
        *keys = (struct bf_instance_keys){.text = "text", .text_other = "content"};
    if (pair_given || !options->text_key) {
        keys->question = options->question_key ? options->question_key : "question";
        keys->answer = options->answer_key ? options->answer_key : "answer";
    }
}

static enum bf_status (*reader_of(const struct bf_instance_options *options))(struct bf_instance_file *, enum bf_cut *,
                                                                              struct bf_err *)
{
    switch (options->format) {
    case BF_INSTANCES_JSON:
        return bf_read_json;
    case BF_INSTANCES_CSV:
        return bf_read_csv;
    case BF_INSTANCES_TXT:
        return options->paragraphs ? bf_read_paragraphs : bf_read_txt;
    case BF_INSTANCES_JSONL:
    case BF_INSTANCES_AUTO:
        break;
    }
    return bf_read_jsonl;
}

static struct bf_instance_file *new_file(const char *path, const struct bf_instance_options *options)
{
    struct bf_instance_file *file = bf_alloc(sizeof *file);
    size_t cap = 4 * options->max_text + RAW_EXTRA; /* \u0416 in JSON takes three times the bytes of its letter */

    file->path = bf_strdup(strcmp(path, "-") == 0 ? "standard input" : path);
    file->options = *options;
    file->read = reader_of(options);
    file->text_column = file->question_column = file->answer_column = -1;
    choose_keys(options, &file->keys);
    bf_buf_init(&file->record.raw, cap);
    bf_buf_init(&file->record.text, cap + 64); /* "Question: ", "Answer: " */
    bf_buf_init(&file->record.question, cap);
    bf_buf_init(&file->record.answer, cap);
    bf_buf_init(&file->record.point, cap);
    if (options->skip_duplicates)
        file->seen = bf_seen_new();
    return file;
}

enum bf_status bf_instance_file_from_fd(int fd, const char *path, size_t chunk_size,
                                        const struct bf_instance_options *options, struct bf_instance_file **out,
                                        struct bf_err *err)
{
    struct bf_instance_options settled;
    enum bf_status status;

    *out = NULL;
    status = settle(path, options, &settled, err);
    if (status != BF_OK)
        return status;
    *out = new_file(path, &settled);
    bf_source_from_fd(&(*out)->source, fd, (*out)->path, chunk_size);
    return BF_OK;
}

enum bf_status bf_instance_file_open(const char *path, const struct bf_instance_options *options,
                                     struct bf_instance_file **out, struct bf_err *err)
{
    struct bf_instance_options settled;
    struct bf_source source;
    enum bf_status status;

    *out = NULL;
    if (bf_source_open(&source, path, err) != BF_OK) /* first, so that a folder is not reported as an unknown format */
        return BF_INPUT;
    status = settle(path, options, &settled, err);
    if (status != BF_OK) {
        bf_source_release(&source);
        return status;
    }
    *out = new_file(path, &settled);
    (*out)->source = source;
    (*out)->source.name = (*out)->path;
    return BF_OK;
}

void bf_instance_file_close(struct bf_instance_file *file)
{
    if (!file)
        return;
    bf_source_release(&file->source);
    bf_buf_release(&file->record.raw);
    bf_buf_release(&file->record.text);
    bf_buf_release(&file->record.question);
    bf_buf_release(&file->record.answer);
    bf_buf_release(&file->record.point);
    bf_seen_free(file->seen);
    free(file->path);
    free(file);
}

const struct bf_instance_stats *bf_instance_file_stats(const struct bf_instance_file *file)
{
    return &file->stats;
}

/* Count a bad record and keep the first sentence. */
static void note_bad(struct bf_instance_file *file)
{
    const struct bf_record *record = &file->record;
    struct bf_err sentence = BF_ERR_INIT;

    if (file->stats.n_bad++ > 0)
        return;
    (void)bf_source_fail(&file->source, record->bad_line, record->bad_column, &sentence, "%s", record->reason);
    memcpy(file->stats.first_bad, sentence.text, sizeof file->stats.first_bad);
}

static enum bf_status no_instances(const struct bf_instance_file *file, struct bf_err *err)
{
    if (file->stats.n_bad > 0)
        return bf_fail(err, BF_INPUT, "no instances in '%s': all %lld records are bad; the first: %s", file->path,
                       (long long)file->stats.n_bad, file->stats.first_bad);
    return bf_fail(err, BF_INPUT, "no instances in '%s': it is empty%s; give a file with texts or pairs", file->path,
                   file->stats.n_bytes > 0 ? " apart from white space or names" : "");
}

enum bf_status bf_instance_file_next(struct bf_instance_file *file, struct bf_instance *instance, bool *more,
                                     struct bf_err *err)
{
    struct bf_record *record = &file->record;
    struct bf_instance_stats *stats = &file->stats;

    *instance = (struct bf_instance){.text = NULL};
    *more = false;
    while (!file->over) {
        enum bf_cut cut = BF_CUT_END;
        enum bf_status status = file->read(file, &cut, err);

        stats->n_bytes = file->source.n_bytes;
        file->over = status != BF_OK || cut == BF_CUT_END;
        if (status != BF_OK)
            return status;
        if (cut == BF_CUT_BLANK)
            stats->n_blank++;
        if (cut != BF_CUT_RECORD)
            continue;
        file->n_records++;
        bf_record_judge(record, file->options.max_text);
        if (record->bad) {
            note_bad(file);
            if (file->options.skip_bad)
                continue;
            file->over = true;
            return bf_fail(err, BF_INPUT, "%s%s", stats->first_bad, bf_skip_bad_hint(file->options.hints));
        }
        if (file->seen && !bf_seen_add(file->seen, record->text.data, record->text.len)) {
            stats->n_duplicate++;
            continue;
        }
        *instance = (struct bf_instance){
            .index = stats->n_good++, .record = file->n_records, .line = record->line, .text = record->text.data};
        instance->point = record->point.len > 0 ? record->point.data : NULL;
        if ((int64_t)record->text.len > stats->longest)
            stats->longest = (int64_t)record->text.len;
        if (record->has_question && record->has_answer) {
            instance->question = record->question.data;
            instance->answer = record->answer.data;
            stats->n_pairs++;
        }
        *more = true;
        return BF_OK;
    }
    return stats->n_good == 0 ? no_instances(file, err) : BF_OK;
}

/* Read everything, counting bad records. */
static enum bf_status read_all(struct bf_instance_file *file, struct bf_err *err)
{
    struct bf_instance instance;
    bool more = true;
    enum bf_status status = BF_OK;

    while (status == BF_OK && more)
        status = bf_instance_file_next(file, &instance, &more, err);
    return status;
}

enum bf_status bf_instance_file_check(const char *path, const struct bf_instance_options *options,
                                      struct bf_instance_stats *stats, struct bf_err *err)
{
    struct bf_instance_options counting = *options;
    struct bf_instance_file *file = NULL;
    enum bf_status status;
    struct stat info;

    if (stats)
        *stats = (struct bf_instance_stats){.n_good = 0};
    if (strcmp(path, "-") == 0 || (stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)))
        return bf_fail(err, BF_INPUT, "cannot check '%s' beforehand, since it can only be read once; save it as a file",
                       path);
    counting.skip_bad = true;
    status = bf_instance_file_open(path, &counting, &file, err);
    if (status != BF_OK)
        return status;
    status = read_all(file, err);
    if (stats)
        *stats = file->stats;
    if (file->stats.n_bad > 0 &&
        !options->skip_bad) { /* the first bad record is reported first, whatever comes later */
        if (file->stats.n_bad == 1)
            status = bf_fail(err, BF_INPUT, "%s%s", file->stats.first_bad, bf_skip_bad_hint(options->hints));
        else
            status = bf_fail(err, BF_INPUT, "%s (%lld records of %lld are bad%s)", file->stats.first_bad,
                             (long long)file->stats.n_bad, (long long)file->n_records,
                             options->hints == BF_HINTS_NONE ? "" : "; --skip-bad leaves them out");
    }
    bf_instance_file_close(file);
    return status;
}

char *bf_instance_name(const char *path)
{
    const char *name = strrchr(path, '/');
    name = name && name[1] ? name + 1 : path;
    const char *dot = strrchr(name, '.');
    if (strcmp(path, "-") == 0)
        return bf_strdup("stdin");
    return bf_strndup(name, dot && dot > name ? (size_t)(dot - name) : strlen(name));
}
