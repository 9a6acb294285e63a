/* Any file as a template set, and any text as a prompt: no surprise is left for the middle of a run. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "request/template.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held)
        abort();
}

static void fill(const char *text)
{
    static const struct bf_fill marks = {.topic = "{point}",
                                         .point = "{n}",
                                         .n = "{known}",
                                         .known = "{topic}",
                                         .sentence = "{answer}",
                                         .question = "{sentence}",
                                         .answer = "{question}",
                                         .audience = "{audience}"};
    static const struct bf_fill none = {.topic = NULL};
    struct bf_buf out;
    size_t n_braces = 0, n_out = 0;

    bf_buf_init(&out, SIZE_MAX);
    bf_template_fill(&out, text, &marks);
    /* Each value holds one brace, as its placeholder did: a second pass would not change their number, but a value that
     * was lost or doubled does. */
    for (const char *c = text; *c != '\0'; c++)
        n_braces += *c == '{';
    for (const char *c = out.data; *c != '\0'; c++)
        n_out += *c == '{';
    require(n_braces == n_out);
    bf_buf_clear(&out);
    bf_template_fill(&out, text, &none);
    require(out.len <= strlen(text));
    bf_buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bf_template_set set;
    struct bf_err err = BF_ERR_INIT;
    char *text = malloc(size + 1);

    require(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    fill(text);
    if (bf_template_set_parse((const char *)data, size, "fuzz.json", &set, &err) == BF_OK) {
        require(set.n >= 1 && strlen(set.sha256) == 64 && set.name[0] != '\0');
        for (size_t i = 0; i < set.n; i++) {
            require(set.items[i].text[0] != '\0' && set.items[i].stage < BF_STAGE_TEXTBOOK);
            require(set.items[i].max_sentences >= 0);
            fill(set.items[i].text);
        }
    } else {
        require(err.status == BF_INPUT && err.text[0] != '\0' && bf_utf8_valid(err.text, strlen(err.text)));
        require(!set.items && !set.json && !set.name);
    }
    bf_template_set_release(&set);
    free(text);
    return 0;
}
