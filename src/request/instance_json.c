/* JSON instances: one value per line, or one list whose elements are cut out one at a time. */
#include <string.h>

#include "request/instance_internal.h"

#include "base/banned.h"

#define KEYS_SHOWN 6

json_t *bf_record_json(struct bf_record *record)
{
    json_error_t error;
    json_t *value = json_loadb(record->raw.data, record->raw.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    size_t at = error.position > 0 ? (size_t)error.position - 1 : 0; /* the last byte that the parser read */

    if (!value && record->raw.len == 0)
        bf_record_bad(record, 0, "no element before this comma; remove the comma");
    else if (!value && json_error_code(&error) == json_error_null_character)
        bf_record_bad(record, at, "a NUL character, \\u0000; remove it");
    else if (!value)
        bf_record_bad(record, at, "not valid JSON: %s; correct it%s", error.text,
                      strchr("{[\"", record->raw.data[strspn(record->raw.data, " \t")])
                          ? ""
                          : ", or give a file of plain text a name that ends in .txt");
    return value;
}

/* The sentence for an object without any of the wanted keys: it lists those that it has. */
static void no_key(struct bf_record *record, const json_t *object, const struct bf_instance_keys *keys,
                   enum bf_instance_hints hints)
{
    struct bf_buf has, wants;
    json_t *walked = (json_t *)(uintptr_t)object; /* jansson's iterator takes no const, but changes nothing */
    size_t n = 0;

    bf_buf_init(&has, BF_ERR_TEXT_MAX);
    bf_buf_init(&wants, BF_ERR_TEXT_MAX);
    for (void *at = json_object_iter(walked); at && n < KEYS_SHOWN; at = json_object_iter_next(walked, at), n++)
        bf_buf_printf(&has, "%s\"%.40s\"", n > 0 ? ", " : "", json_object_iter_key(at));
    if (keys->text)
        bf_buf_printf(&wants, "\"%s\"", keys->text);
    if (keys->question)
        bf_buf_printf(&wants, "%s\"%s\" and \"%s\"", keys->text ? ", nor " : "", keys->question, keys->answer);
    bf_record_bad(record, 0, "the object has no %s (it has %s%s); rename its keys%s", wants.data,
                  n > 0 ? has.data : "nothing", json_object_size(object) > n ? ", ..." : "", bf_key_hint(hints));
    bf_buf_release(&has);
    bf_buf_release(&wants);
}

/* Append the string of a key to `out`; false when the key is missing or null. Marks the record bad when the value is
 * not a string. */
static bool take_string(struct bf_record *record, const json_t *object, const char *key, struct bf_buf *out)
{
    const json_t *value = key ? json_object_get(object, key) : NULL;

    if (!value || json_is_null(value))
        return false;
    if (json_is_string(value))
        bf_buf_put(out, json_string_value(value), json_string_length(value));
    else
        bf_record_bad(record, 0, "\"%s\" is not a string; put its text between quotation marks", key);
    return true;
}

/* A wanted key whose value is null, as programs write it when they could not make a text. */
static const char *null_key(const json_t *object, const struct bf_instance_keys *keys)
{
    const char *const looked_for[] = {keys->text, keys->text_other, keys->question, keys->answer};

    for (size_t i = 0; i < sizeof looked_for / sizeof *looked_for; i++) {
        if (looked_for[i] && json_is_null(json_object_get(object, looked_for[i])))
            return looked_for[i];
    }
    return NULL;
}

void bf_record_from_json(struct bf_record *record, const struct bf_instance_keys *keys, enum bf_instance_hints hints)
{
    json_t *value = bf_record_json(record);

    if (!value)
        return;
    if (json_is_string(value)) {
        record->has_text = true;
        bf_buf_put(&record->text, json_string_value(value), json_string_length(value));
    } else if (json_is_object(value)) {
        record->has_text = take_string(record, value, keys->text, &record->text) ||
                           take_string(record, value, keys->text_other, &record->text);
        /* When there is a text, an empty question or answer counts as missing. */
        record->has_question = take_string(record, value, keys->question, &record->question) &&
                               (!record->has_text || record->question.len > 0);
        record->has_answer =
            take_string(record, value, keys->answer, &record->answer) && (!record->has_text || record->answer.len > 0);
        const json_t *point = json_object_get(value, "point");
        if (json_is_string(point)) /* anything else is another program's key */
            bf_buf_put(&record->point, json_string_value(point), json_string_length(point));
        const char *null = null_key(value, keys);
        const bool whole = record->has_text || (record->has_question && record->has_answer);

        if (!whole && null)
            bf_record_bad(record, 0, "\"%s\" is null; write its text, or remove the record", null);
        else if (!record->has_text && !record->has_question && !record->has_answer)
            no_key(record, value, keys, hints);
    } else if (json_is_array(value)) {
        bf_record_bad(record, 0, "a list, not an object or a string; a file that is one list is of the format json");
    } else {
        bf_record_bad(record, 0, "a number or a word, not an object or a string; write {\"text\": \"...\"}");
    }
    json_decref(value);
}

enum bf_status bf_read_jsonl(struct bf_instance_file *file, enum bf_cut *cut, struct bf_err *err)
{
    struct bf_record *record = &file->record;
    bool ended = false;

    bf_record_start(record, &file->source);
    if (bf_source_line(&file->source, &record->raw, &ended, err) != BF_OK)
        return BF_INPUT;
    *cut = ended ? BF_CUT_END : BF_CUT_RECORD;
    if (ended)
        return BF_OK;
    if (!record->raw.overflow && bf_text_is_blank(record->raw.data, record->raw.len)) {
        *cut = BF_CUT_BLANK;
        return BF_OK;
    }
    if (bf_record_readable(record, file->options.max_text))
        bf_record_from_json(record, &file->keys, file->options.hints);
    return BF_OK;
}

/* Skip white space; *c is the next byte, -1 at the end. */
static enum bf_status skip_space(struct bf_source *source, int *c, struct bf_err *err)
{
    for (;;) {
        const char *data;
        size_t n, i = 0;

        if (bf_source_peek(source, &data, &n, err) != BF_OK)
            return BF_INPUT;
        while (i < n && (data[i] == ' ' || data[i] == '\t' || data[i] == '\r' || data[i] == '\n'))
            i++;
        *c = i < n ? (unsigned char)data[i] : -1;
        bf_source_take(source, i);
        if (i < n || n == 0)
            return BF_OK;
    }
}

/* Where a cut is inside an element. */
struct element {
    int64_t depth;
    bool in_string, escaped;
};

/* Look at one byte; true when it is the first after the element. */
static bool ends_element(struct element *e, char c)
{
    if (e->in_string) {
        /* A string has no line breaks: a missing closing mark must not swallow the rest of the list. */
        if (c == '\n' || (c == '"' && !e->escaped))
            e->in_string = false;
        e->escaped = c == '\\' && !e->escaped;
        return false;
    }
    if (e->depth == 0 && (c == ',' || c == ']'))
        return true;
    if (c == '"')
        e->in_string = true;
    else if (c == '{' || c == '[')
        e->depth++;
    else if ((c == '}' || c == ']') && e->depth > 0)
        e->depth--;
    e->escaped = false;
    return false;
}

static enum bf_status cut_element(struct bf_source *source, struct bf_record *record, struct bf_err *err)
{
    struct element e = {.depth = 0};

    for (;;) {
        const char *data;
        size_t n, i = 0;

        if (bf_source_peek(source, &data, &n, err) != BF_OK)
            return BF_INPUT;
        if (n == 0)
            return bf_source_fail(source, record->line, record->column, err,
                                  "the list is not closed: the file ends in or after the element that begins here; is "
                                  "the file cut off?");
        while (i < n && !ends_element(&e, data[i]))
            i++;
        bf_buf_put(&record->raw, data, i);
        bf_source_take(source, i);
        if (i < n)
            return BF_OK;
    }
}

/* There must be nothing after the list. */
static enum bf_status expect_end(struct bf_source *source, struct bf_err *err)
{
    int c = -1;

    if (skip_space(source, &c, err) != BF_OK)
        return BF_INPUT;
    if (c >= 0)
        return bf_source_fail(source, source->line, source->column, err,
                              "text after the end of the list; a file has one list");
    return BF_OK;
}

static enum bf_status open_list(struct bf_instance_file *file, int c, struct bf_err *err)
{
    struct bf_source *source = &file->source;

    if (c != '[')
        return bf_source_fail(source, source->line, source->column, err,
                              "neither a JSON list nor one JSON object per line; check the format");
    bf_source_take(source, 1);
    file->list_open = true;
    return BF_OK;
}

enum bf_status bf_read_json(struct bf_instance_file *file, enum bf_cut *cut, struct bf_err *err)
{
    struct bf_source *source = &file->source;
    struct bf_record *record = &file->record;
    int c = -1;

    *cut = BF_CUT_END;
    if (skip_space(source, &c, err) != BF_OK)
        return BF_INPUT;
    if (!file->list_open) {
        if (c < 0)
            return BF_OK;
        if (c == '{' || c == '"') { /* JSON lines in a file named .json */
            file->read = bf_read_jsonl;
            return bf_read_jsonl(file, cut, err);
        }
        if (open_list(file, c, err) != BF_OK || skip_space(source, &c, err) != BF_OK)
            return BF_INPUT;
    } else if (c == ',') {
        bf_source_take(source, 1);
        if (skip_space(source, &c, err) != BF_OK)
            return BF_INPUT;
        if (c == ']')
            return bf_source_fail(source, source->line, source->column, err,
                                  "no element after the last comma of the list; remove the comma");
    }
    if (c == ']') {
        bf_source_take(source, 1);
        return expect_end(source, err);
    }
    if (c < 0)
        return bf_source_fail(source, source->line, source->column, err,
                              "the list is not closed: the file ends here; is the file cut off?");
    bf_record_start(record, source);
    if (cut_element(source, record, err) != BF_OK)
        return BF_INPUT;
    *cut = BF_CUT_RECORD;
    if (bf_record_readable(record, file->options.max_text))
        bf_record_from_json(record, &file->keys, file->options.hints);
    return BF_OK;
}
