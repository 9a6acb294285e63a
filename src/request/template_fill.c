/* Placeholders: {topic}, {point} and so on, the words below. Any other brace is plain text, so that a prompt may show code or JSON;
 * the check of a set refuses {words} that look like a placeholder and are none. */
#include <string.h>

#include "base/buf.h"
#include "request/template.h"

#include "base/banned.h"

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
        if (which < 0) { /* not one of ours: the brace stands for itself */
            bf_buf_putc(out, '{');
            text++;
            continue;
        }
        if (values[which])
            bf_buf_puts(out, values[which]);
        text += length;
    }
}
