/* What the sections of a page share. Private to this room. */
#ifndef BF_REPORT_PAGE_INTERNAL_H
#define BF_REPORT_PAGE_INTERNAL_H
#include "report/page.h"
#include "report/summary.h"

enum {
    BF_PAGE_BINS = 20,              /* of the histogram, over 0..1 */
    BF_PAGE_TRACES = 8,             /* requests whose diversity is drawn */
    BF_PAGE_EXAMPLES = 3,           /* of each reason */
    BF_PAGE_TEMPLATES = 1024,       /* templates beyond these are not counted */
    BF_PAGE_TEXT_CHARACTERS = 1500, /* of a sample in the table */
};

struct bf_page_template {
    char *name, *family; /* NULL: no sample has it */
    enum bf_stage stage;
    int64_t n_kept, n_generated;
};

/* Diversity of a request after each kept sample. */
struct bf_page_trace {
    int64_t request;
    double *values; /* [n] NaN where it is not defined yet */
    size_t n, allocated;
};

/* The distribution of Min-K% prob over the membership-inference samples, for requests with the first one's settings. */
struct bf_page_min_k {
    bool any;
    bool model_distribution;
    double tau, k_percent;
    int64_t kept[BF_PAGE_BINS], below[BF_PAGE_BINS], other[BF_PAGE_BINS];
    int64_t n, n_left_out; /* left out: other settings, or no figure */
};

/* The result of one pass over all samples. */
struct bf_page_walk {
    struct bf_page_template templates[BF_PAGE_TEMPLATES];
    int32_t n_templates;
    struct bf_page_trace traces[BF_PAGE_TRACES];
    size_t n_traces;
    bool more_traces;
    struct bf_page_min_k min_k;
    json_t *examples[BF_REASON_COUNT]; /* arrays, NULL = none */
    int64_t n_samples;                 /* without lists, chapters and control texts */
    uint64_t n_bytes;                  /* that their rows need in the page, roughly */
};

struct bf_page {
    struct bf_store *store;
    const struct bf_page_options *options;
    struct bf_summary summary;
    struct bf_page_walk *walk;
};

BF_MUST_CHECK enum bf_status bf_page_walk_read(struct bf_page *page, struct bf_err *err);
void bf_page_walk_free(struct bf_page_walk *walk);

/* A section. *out: its value in the page's object, a new reference; NULL leaves the section out. BF_STORE. */
typedef enum bf_status bf_page_section(struct bf_page *page, json_t **out, struct bf_err *err);
/* The sections: key in the page's object, function. A new one is that function, a row here, and its drawing, a row of
 * main.js. */
#define BF_PAGE_SECTIONS(X)                                                                                            \
    X("words", bf_page_words)                                                                                          \
    X("closed_loop", bf_page_closed_loop)                                                                              \
    X("comparison", bf_page_comparison)                                                                                \
    X("map", bf_page_map)                                                                                              \
    X("trace", bf_page_trace_section)                                                                                  \
    X("coverage", bf_page_coverage)                                                                                    \
    X("min_k", bf_page_min_k_section)                                                                                  \
    X("rejected", bf_page_rejected)                                                                                    \
    X("knowledge", bf_page_knowledge)                                                                                  \
    X("training", bf_page_training)                                                                                    \
    X("settings", bf_page_settings)
#define X(key, build) bf_page_section build;
BF_PAGE_SECTIONS(X)
#undef X
/* Not in the table, since it takes the bytes that the other sections leave. */
BF_MUST_CHECK enum bf_status bf_page_samples(struct bf_page *page, size_t max_bytes, json_t **out, struct bf_err *err);

/* Bytes of a run's page without any data. */
size_t bf_page_frame_bytes(void);

/* ---- values ---- */

json_t *bf_page_number(double value);               /* null unless finite; six digits */
json_t *bf_page_text(const char *s, size_t max_cp); /* "" for NULL; cut with an ellipsis, white space kept */
json_t *bf_page_why(const char *sentence);          /* {"why": sentence}: a section without data */
/* A row of the table of samples without its bulk: what examples need. */
json_t *bf_page_example(const struct bf_row *row);
/* The name of request `id` for people: its name, else its topic. "" when unknown. */
const char *bf_page_request_name(const struct bf_page *page, int64_t id);

#endif
