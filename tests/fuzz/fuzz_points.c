/* A list that a model wrote, any bytes: its points are short, valid, on one line, distinct and not the topic. The first
 * byte chooses whether the answer was cut and how many points are wanted. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "synth/answer_names.h"
#include "synth/points.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held)
        abort();
}

/* The same text as an answer to a question: names out of lines, commas and prose. */
static void answer(const char *text, bool cut)
{
    struct bf_lines names = {.n = 0};
    bf_answer_names(&names, "the Moon", "Name 6 places of the Moon.", text, cut);
    bf_prose_names(&names, text, strlen(text));
    for (size_t i = 0; i < names.n; i++) {
        const size_t n = strlen(names.items[i]);
        struct bf_buf key;
        bf_buf_init(&key, SIZE_MAX);
        bf_name_key(&key, names.items[i]);
        require(n >= 2 && n <= BF_POINT_MAX_BYTES && bf_utf8_valid(names.items[i], n));
        require(!strchr(names.items[i], '\n') && key.len > 0 && bf_name_same(key.data, key.data));
        bf_buf_release(&key);
    }
    bf_lines_release(&names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char topic[] = "the Moon";
    bool cut = size > 0 && (data[0] & 1);
    int32_t max = size > 0 ? data[0] >> 1 : 6;
    struct bf_points points = {0};
    struct bf_buf clean, joined;

    bf_buf_init(&clean, SIZE_MAX);
    bf_buf_init(&joined, SIZE_MAX);
    if (size > 0)
        bf_utf8_clean(&clean, (const char *)data + 1, size - 1);
    answer(clean.data, cut);
    for (int32_t round = 0; round < 2; round++) { /* what is known is not added again */
        int32_t before = points.n;
        int32_t added = bf_points_add_list(&points, topic, round, clean.data, cut, max);
        require(added == points.n - before && added <= max);
        require(round == 0 || max == 0 || before == max || added == 0);
    }
    for (int32_t i = 0; i < points.n; i++) {
        const char *text = points.items[i].text;
        size_t n = strlen(text);
        require(points.items[i].index == i);
        require(n >= 2 && n <= BF_POINT_MAX_BYTES && bf_utf8_valid(text, n));
        require(!strchr(text, '\n') && strcasecmp(text, topic) != 0);
        for (int32_t j = 0; j < i; j++)
            require(strcasecmp(text, points.items[j].text) != 0);
    }
    bf_points_join(&points, &joined);
    require(bf_utf8_valid(joined.data, joined.len));
    bf_points_release(&points);
    bf_buf_release(&clean);
    bf_buf_release(&joined);
    return 0;
}
