/* The facts that both summaries (text and JSON) need, read once. Private to this room. */
#ifndef BF_REPORT_SUMMARY_H
#define BF_REPORT_SUMMARY_H
#include "base/buf.h"
#include "base/json.h"
#include "store/store.h"

struct bf_point_count {
    char *text;
    int64_t n_kept, n_committed;
    char *origin; /* struct bf_point; "" in a run of an earlier version */
};

struct bf_request_summary {
    int64_t id;
    char *name, *topic;
    enum bf_kind kind;
    enum bf_role role;
    bool finished;
    enum bf_stop stop;
    int64_t n_generated, n_kept; /* samples, without lists and chapters */
    int64_t n_shared;            /* kept samples that an earlier request keeps, too */
    enum bf_knowledge knowledge;
};

enum { BF_VARIETY_MAX = 32 };

/* Means over the originals of all instance requests. */
struct bf_variety_summary {
    int64_t n_originals;
    int64_t n_without;         /* originals without any variant */
    int64_t least, most;       /* variants of one original */
    double variants, distinct; /* kept variants, and those that differ on the surface, per original */
    double distinct_1, distinct_2, edit_distance; /* over originals with variants; NaN without any */
    int64_t with_distinct[BF_VARIETY_MAX +
                          1]; /* originals by their number of surface-distinct variants; the last: or more */
};

struct bf_summary {
    const struct bf_run *run; /* of the store */
    const char *dir;          /* of the store */
    struct bf_counts counts;
    struct bf_run_state state;
    json_t *request, *engine; /* request: of the first one */
    struct bf_request_summary *requests;
    size_t n_requests;
    struct bf_variety_summary variety; /* of all instance requests */
    struct bf_point_count *points;
    size_t n_points;
    int64_t n_left_out;        /* names of a single domain that its check left out: the model does not connect them with
                                  it */
    double diversity;          /* of the kept Stage I samples, after the last one; NaN below two samples */
    struct bf_stop_check last; /* the last check of the stop rule */
    int64_t n_checkpoints;
    double tau;              /* of a single domain's membership inference; NaN without it, or with many requests */
    int64_t n_tau_questions; /* the questions that --tau auto took it from; 0 when it was given */
};
BF_MUST_CHECK enum bf_status bf_summary_read(struct bf_store *store, struct bf_summary *out, struct bf_err *err);
/* The threshold of membership inference of request `id`, whose settings are `request`: the number that they give, or
 * for "auto" what bf_tau_of_control makes of the first *n questions about the invented topic. NaN without membership
 * inference. Selects no request when it returns. */
BF_MUST_CHECK enum bf_status bf_summary_tau(struct bf_store *store, int64_t id, const json_t *request, double *tau,
                                            int64_t *n, struct bf_err *err);
/* The verdict of the knowledge check as a sentence, in lower case, without a full stop; it says what decided. Static.
 */
const char *bf_knowledge_sentence(const struct bf_knowledge_check *check);
/* When a domain has few points: a sentence that says so and what to do, else nothing is appended. */
void bf_summary_few_points(const struct bf_summary *summary, struct bf_buf *out);
/* Which names were left out: "3 names left out that the model does not connect with Quarmere"; nothing is appended when
 * there are none. */
void bf_summary_left_out(const struct bf_summary *summary, struct bf_buf *out);
void bf_summary_release(struct bf_summary *summary);

#endif
