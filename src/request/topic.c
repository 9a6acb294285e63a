/* The domain's name: it comes from the shell or a file, goes into every prompt, and stands on screens and in reports. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "request/request.h"

#include "base/banned.h"

#define EXAMPLE "for example \"Greek mythology\""

enum bf_status bf_request_set_topic(struct bf_request *request, const char *topic, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    size_t n = topic ? strlen(topic) : 0;
    struct bf_buf folded;
    bool gap = false; /* white space waits for a character after it */

    bf_buf_init(&folded, SIZE_MAX);
    for (size_t i = 0; i < n;) {
        uint32_t cp = 0;
        size_t length = bf_utf8_decode(topic + i, n - i, &cp);

        if (length == 0) {
            status =
                bf_fail(err, BF_USAGE, "the domain's name is not UTF-8 at byte %zu (0x%02x); convert it, or retype it",
                        i + 1, (unsigned char)topic[i]);
            goto out;
        }
        if (bf_utf8_is_space(cp)) {
            gap = folded.len > 0;
        } else if (!bf_utf8_is_control(cp)) {
            if (gap)
                bf_buf_putc(&folded, ' ');
            bf_buf_put(&folded, topic + i, length);
            gap = false;
        }
        i += length;
    }
    if (folded.len == 0) {
        status = bf_fail(err, BF_USAGE, "the domain's name is empty; name what the model shall forget, " EXAMPLE);
        goto out;
    }
    if (folded.len > BF_TOPIC_MAX_BYTES) {
        status = bf_fail(err, BF_USAGE,
                         "the domain's name is %zu bytes long and the limit is %d; give a shorter name, " EXAMPLE,
                         folded.len, BF_TOPIC_MAX_BYTES);
        goto out;
    }
    free(request->topic);
    request->topic = bf_buf_take(&folded);
out:
    bf_buf_release(&folded);
    return status;
}
