/* How many tokens a request needs at most, before a model is there to count them. */
#include <string.h>

#include "synth/synth.h"
#include "base/banned.h"

int32_t bf_synth_context_estimate(const struct bf_request *request, const struct bf_template_set *templates,
                                  int64_t original_bytes)
{
    enum {
        BYTES_PER_TOKEN = 3,
        CHAT_TOKENS = 24,
        KNOWN_POINT_BYTES = 30,
        LIST_TOKENS_PER_POINT = 24,
        SUBFIELD_TOKENS = 16,
        BULLET_TOKENS = 40
    };
    static const unsigned stages[BF_KIND_COUNT] = {
        [BF_KIND_DOMAIN] =
            1U << BF_STAGE_POINTS | 1U << BF_STAGE_SYNTHESIS | 1U << BF_STAGE_MI | 1U << BF_STAGE_JAILBREAK,
        [BF_KIND_INSTANCE] = 1U << BF_STAGE_REWRITE,
        [BF_KIND_TEXTBOOK] = 1U << BF_STAGE_SUBFIELDS | 1U << BF_STAGE_BULLETS | 1U << BF_STAGE_CHAPTERS,
    };
    int64_t most = 0;
    for (size_t t = 0; t < templates->n; t++) {
        const struct bf_template *template = &templates->items[t];
        if (!(stages[request->kind] >> template->stage & 1U))
            continue;
        int64_t bytes = (int64_t)strlen(template->text) + (int64_t)strlen(request->topic);
        int64_t answer = request->max_new_tokens;
        if (strstr(template->text, "{point}"))
            bytes += BF_POINT_MAX_BYTES / 2;
        if (template->stage == BF_STAGE_REWRITE)
            bytes += original_bytes;
        if (template->stage == BF_STAGE_POINTS) {
            if (strstr(template->text, "{known}"))
                bytes += (int64_t)request->points_per_round * (request->rounds - 1) * KNOWN_POINT_BYTES;
            answer = (int64_t)request->points_per_round * LIST_TOKENS_PER_POINT;
        } else if (template->stage == BF_STAGE_SUBFIELDS) {
            answer = (int64_t)request->subfields * SUBFIELD_TOKENS;
        } else if (template->stage == BF_STAGE_BULLETS) {
            answer = (int64_t)request->bullets * BULLET_TOKENS;
        }
        int64_t tokens = bytes / BYTES_PER_TOKEN + CHAT_TOKENS + answer;
        most = tokens > most ? tokens : most;
    }
    return most < INT32_MAX ? (int32_t)most : INT32_MAX;
}
