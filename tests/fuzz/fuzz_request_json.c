/* Any JSON as a stored request: what is accepted passes its check and comes back to the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "request/request.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bf_request request, again;
    struct bf_err err = BF_ERR_INIT;
    json_t *json = NULL;

    if (bf_json_parse((const char *)data, size, "fuzz", &json, &err) != BF_OK) {
        require(!json && err.status == BF_INPUT && bf_utf8_valid(err.text, strlen(err.text)));
        return 0;
    }
    if (bf_request_from_json(json, &request, &err) == BF_OK) {
        json_t *first = bf_request_to_json(&request);
        char *text = bf_json_dump(first);
        char *text_again;
        json_t *second;

        require(bf_request_check(&request, NULL) == BF_OK);
        require(bf_request_from_json(first, &again, NULL) == BF_OK);
        second = bf_request_to_json(&again);
        text_again = bf_json_dump(second);
        require(strcmp(text, text_again) == 0);
        free(text);
        free(text_again);
        json_decref(first);
        json_decref(second);
        bf_request_release(&again);
    } else {
        require(err.status == BF_INPUT && err.text[0] != '\0' && bf_utf8_valid(err.text, strlen(err.text)));
        require(!request.topic && !request.profile && !request.templates);
    }
    bf_request_release(&request);
    json_decref(json);
    return 0;
}
