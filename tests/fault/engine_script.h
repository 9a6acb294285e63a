/* An engine without a model, for fault tests only: its answers follow from each request alone (prompt, temperature,
 * seed), its finishing order is shuffled, and it can fail at the k-th call. Behaviour is proved on real models
 * elsewhere. */
#ifndef BF_TESTS_ENGINE_SCRIPT_H
#define BF_TESTS_ENGINE_SCRIPT_H
#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"

struct engine_script {
    int32_t n_parallel;      /* sequences in flight, >= 1 */
    int32_t n_embd;          /* >= 1 */
    uint64_t order_seed;     /* which sequences finish when; no answer depends on it */
    const char *list_marker; /* a prompt that contains this is answered with a list of points */
    bool list_nothing;       /* ... that holds none */
    bool names;              /* lists are of few names, texts mention them and others, and a prompt "Who is NAME" gets
                                the same answer each time for every second name, else another each time */
    const char *belong;      /* "NAME, NAME": a prompt "Where is NAME from?" is answered with Greek mythology for these
                                names, else with a village; NULL: with anything */
    bool asks_nothing;       /* no question is written about a text, but who or what a point is gets the same answer */
    bool all_sound;          /* else a tenth of the answers is refused, repeated, short, cut, blank or invalid UTF-8 */
    /* 1-based calls that fail; 0 = never */
    int64_t fail_answer; /* generate fails before delivering this answer */
    int64_t fail_embed, nan_embed;
    /* counted by the engine */
    int64_t n_answers, n_embeds, n_dropped;
};

/* Borrows the script, whose numbers may be changed between calls. Close with bf_engine_close. */
struct bf_engine *engine_script_open(struct engine_script *script);

#endif
