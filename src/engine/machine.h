/* What a user says about where and how a model runs: this machine or a server. It never changes what a model is asked
 * for. */
#ifndef BF_ENGINE_MACHINE_H
#define BF_ENGINE_MACHINE_H
#include <stdbool.h>
#include <stdint.h>

/* Zero-initialised is "by default" but for chat, api_mode and api_probs, which are "auto". Strings are borrowed. */
struct bf_machine_values {
    int64_t parallel, threads, gpu_layers, context;
    const char *chat; /* NULL in an evaluation: the task chooses */
    const char *api, *api_model, *api_embed_model, *api_mode, *api_probs, *api_ca, *api_extra;
    double api_timeout, api_give_up;
    int32_t api_top_k; /* no option: the largest of the requests, for --api-probs both; 0 = not known */
};

/* The key for the servers of --api, from the environment (BIFORGET_API_KEY); NULL without one. It goes only to
 * addresses that the user typed in this very command, never to one that a run's record holds. */
const char *bf_machine_api_key(void);
/* An engine's notices go to a log: bf_api_options.notice with a struct bf_log as its user. */
void bf_machine_notice(void *log, bool warning, const char *sentence);

#endif
