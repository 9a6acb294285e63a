/* Any answer: the parts of a pair are valid UTF-8, not empty and not blank at their ends; without a pair
 * there is a reason and nothing is appended. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "synth/qa_pair.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 20000 };

static void require(bool held)
{
    if (!held)
        abort();
}

static void require_part(const struct bf_buf *part)
{
    require(part->len > 0 && !part->overflow && strlen(part->data) == part->len);
    require(bf_utf8_valid(part->data, part->len));
    require(!isspace((unsigned char)part->data[0]) && !isspace((unsigned char)part->data[part->len - 1]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bf_buf text, question, answer;
    const char *why = "";

    bf_buf_init(&text, SIZE_MAX);
    bf_buf_init(&question, SIZE_MAX);
    bf_buf_init(&answer, SIZE_MAX);
    bf_buf_put(&text, data, size < TEXT_MAX ? size : TEXT_MAX);
    if (bf_parse_qa_pair(text.data, &question, &answer, &why)) {
        require(why == NULL);
        require_part(&question);
        require_part(&answer);
    } else {
        require(why && *why);
        require(question.len == 0 && answer.len == 0);
    }
    bf_buf_release(&text);
    bf_buf_release(&question);
    bf_buf_release(&answer);
    return 0;
}
