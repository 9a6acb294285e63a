/* Any bytes: what comes out of cleaning, previewing and quoting is valid UTF-8 that no terminal obeys. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "request/request.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held)
        abort();
}

static void require_harmless(const char *s, size_t n, bool line)
{
    require(bf_utf8_valid(s, n));
    for (size_t i = 0; i < n;) {
        uint32_t cp = 0;
        i += bf_utf8_decode(s + i, n - i, &cp);
        require(!bf_utf8_is_control(cp) || (!line && (cp == '\n' || cp == '\t')));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *s = (const char *)data;
    struct bf_request request = {.topic = NULL};
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf once, twice;
    json_t *text, *back = NULL;
    char *dump, *string;

    bf_buf_init(&once, SIZE_MAX);
    bf_buf_init(&twice, SIZE_MAX);
    bf_utf8_clean(&once, s, size);
    require_harmless(once.data, once.len, false);
    bf_utf8_clean(&twice, once.data, once.len);
    require(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);

    for (size_t max_cp = 0; max_cp < 12; max_cp += 3) {
        bf_buf_clear(&once);
        bf_utf8_preview(&once, s, size, max_cp);
        require_harmless(once.data, once.len, true);
        require(bf_utf8_count(once.data, once.len) <= max_cp);
    }
    require(bf_utf8_count(s, size) <= size);

    text = bf_json_text(s, size);
    dump = bf_json_dump(text);
    require(bf_json_parse(dump, strlen(dump), "dump", &back, &err) == BF_OK && json_equal(text, back));

    string = malloc(size + 1);
    require(string != NULL);
    if (size > 0)
        memcpy(string, data, size);
    string[size] = '\0';
    (void)bf_fail(&err, BF_INPUT, "about '%s'", string);
    require_harmless(err.text, strlen(err.text), true);
    if (bf_request_set_topic(&request, string, &err) == BF_OK) {
        require_harmless(request.topic, strlen(request.topic), true);
        require(strlen(request.topic) >= 1 && strlen(request.topic) <= BF_TOPIC_MAX_BYTES);
    }
    bf_request_release(&request);
    free(string);
    free(dump);
    json_decref(text);
    json_decref(back);
    bf_buf_release(&once);
    bf_buf_release(&twice);
    return 0;
}
