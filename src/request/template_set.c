/* Where template sets come from: the binary or a file. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/embedded.h"
#include "base/file.h"
#include "request/template.h"
#include "base/banned.h"

#define FILE_MAX (4U << 20) /* bytes */

static const char folder[] = "templates/";
static const char extension[] = ".json";

static bool ends_in(const char *s, const char *end)
{
    size_t n = strlen(s), n_end = strlen(end);

    return n >= n_end && strcmp(s + n - n_end, end) == 0;
}

/* The NAME in "templates/NAME.json", or NULL for a file of another kind. */
static const char *set_name(const struct bf_embedded_file *file, size_t *n)
{
    if (strncmp(file->name, folder, sizeof folder - 1) != 0 || !ends_in(file->name, extension))
        return NULL;
    *n = strlen(file->name) - (sizeof folder - 1) - (sizeof extension - 1);
    return file->name + sizeof folder - 1;
}

static enum bf_status unknown_set(const char *name, struct bf_err *err)
{
    enum bf_status status;
    struct bf_buf names;

    bf_buf_init(&names, BF_ERR_TEXT_MAX);
    for (size_t i = 0; i < bf_embedded_count; i++) {
        size_t n = 0;
        const char *known = set_name(&bf_embedded_files[i], &n);
        if (!known)
            continue;
        bf_buf_puts(&names, names.len > 0 ? ", " : "");
        bf_buf_put(&names, known, n);
    }
    status =
        bf_fail(err, BF_INPUT, "unknown template set '%s'; built in: %s; a file's name has a slash or ends in .json",
                name, names.data);
    bf_buf_release(&names);
    return status;
}

enum bf_status bf_template_set_load(const char *name, struct bf_template_set *out, struct bf_err *err)
{
    enum bf_status status;
    struct bf_buf data, what;

    *out = (struct bf_template_set){.name = NULL};
    bf_buf_init(&data, FILE_MAX);
    bf_buf_init(&what, SIZE_MAX);
    bf_buf_printf(&what, "template set '%s'", name);
    if (strchr(name, '/') || ends_in(name, extension)) {
        status = bf_file_read(name, &data, err);
        if (status == BF_OK)
            status = bf_template_set_parse(data.data, data.len, what.data, out, err);
        goto out;
    }
    for (size_t i = 0; i < bf_embedded_count; i++) {
        const struct bf_embedded_file *file = &bf_embedded_files[i];
        size_t n = 0;
        const char *known = set_name(file, &n);
        if (known && strlen(name) == n && memcmp(known, name, n) == 0) {
            status = bf_template_set_parse(file->data, file->n, what.data, out, err);
            goto out;
        }
    }
    status = unknown_set(name, err);
out:
    bf_buf_release(&what);
    bf_buf_release(&data);
    return status;
}

void bf_template_set_release(struct bf_template_set *set)
{
    free(set->name);
    free(set->items);
    json_decref(set->json);
    *set = (struct bf_template_set){.name = NULL};
}

/* ---- placeholders ----
 *
 * {topic}, {point} and so on; the words are below. Any other brace is plain text, so that a prompt may show code or
 * JSON; the check of a set refuses {words} that look like a placeholder but are not one. */

static const char *const words[BF_PLACEHOLDER_COUNT] = {"topic",    "point",    "n",      "known",
                                                        "sentence", "question", "answer", "audience"};

size_t bf_placeholder_at(const char *text, int *which)
{
    size_t n;

    *which = BF_PLACEHOLDER_NONE;
    if (text[0] != '{')
        return 0;
    n = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz_");
    if (n == 0 || text[n + 1] != '}')
        return 0;
    *which = BF_PLACEHOLDER_UNKNOWN;
    for (int i = 0; i < BF_PLACEHOLDER_COUNT; i++) {
        if (strlen(words[i]) == n && memcmp(words[i], text + 1, n) == 0)
            *which = i;
    }
    return n + 2;
}

void bf_template_fill(struct bf_buf *out, const char *text, const struct bf_fill *fill)
{
    const char *const values[BF_PLACEHOLDER_COUNT] = {fill->topic,    fill->point,    fill->n,      fill->known,
                                                      fill->sentence, fill->question, fill->answer, fill->audience};

    while (*text != '\0') {
        size_t plain = strcspn(text, "{");
        size_t length;
        int which;

        bf_buf_put(out, text, plain);
        text += plain;
        if (*text == '\0')
            break;
        length = bf_placeholder_at(text, &which);
        if (which < 0) { /* not one of ours, so the brace is plain text */
            bf_buf_putc(out, '{');
            text++;
            continue;
        }
        if (values[which])
            bf_buf_puts(out, values[which]);
        text += length;
    }
}
