/* What came of the check of a domain's points, read back from the run's samples. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/thoughts.h"
#include "synth/descriptions.h"
#include "synth/point_tally.h"
#include "base/banned.h"

/* The name in a filled-in template; NULL when the question is not of this template. */
static char *name_in(const char *template_text, const char *question)
{
    const char *gap = strstr(template_text, "{point}");
    if (!gap)
        return NULL;
    const char *after = gap + strlen("{point}");
    const size_t n_before = (size_t)(gap - template_text), n_after = strlen(after), n = strlen(question);
    if (n <= n_before + n_after || strncmp(question, template_text, n_before) != 0 ||
        strcmp(question + n - n_after, after) != 0)
        return NULL;
    return bf_strndup(question + n_before, n - n_before - n_after);
}

void bf_checked_names_add(struct bf_checked_names *names, const char *topic, const char *template_text,
                          const char *question, const char *answer)
{
    char *name = name_in(template_text, question);
    struct bf_buf text;
    size_t i = 0;
    if (!name)
        return;
    bf_buf_init(&text, SIZE_MAX);
    (void)bf_thoughts_cut(&text, answer, strlen(answer));
    while (i < names->n && strcmp(names->items[i].name, name) != 0)
        i++;
    if (i == names->n) {
        names->items = bf_grow(names->items, names->n + 1, sizeof *names->items);
        names->items[names->n++] =
            (struct bf_checked_name){.name = bf_strdup(name), .belongs = bf_name_holds_topic(topic, name)};
    }
    names->items[i].belongs = names->items[i].belongs || bf_description_names(topic, name, text.data);
    bf_buf_release(&text);
    free(name);
}

bool bf_checked_names_tell(const struct bf_checked_names *names)
{
    int32_t n_belong = 0;
    for (size_t i = 0; i < names->n; i++)
        n_belong += names->items[i].belongs;
    return bf_check_tells(n_belong, (int32_t)names->n);
}

void bf_checked_names_release(struct bf_checked_names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->items[i].name);
    free(names->items);
    *names = (struct bf_checked_names){.n = 0};
}
