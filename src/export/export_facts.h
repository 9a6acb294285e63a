/* The facts about a run that manifests and dataset cards report, read once. Nothing in it depends on the machine, the
 * clock, or the place of the run. Private to export/. */
#ifndef BF_EXPORT_EXPORT_FACTS_H
#define BF_EXPORT_EXPORT_FACTS_H
#include "base/json.h"
#include "store/store.h"

struct bf_export_request {
    int64_t id;
    char *name;  /* "" for the only request of the export */
    char *topic; /* its topic, for people; never NULL */
    enum bf_kind kind;
    enum bf_role role;
    json_t *settings; /* of the request, without paths */
    struct bf_run_state state;
    struct bf_counts counts;
};

struct bf_export_facts {
    struct bf_export_request *requests;
    size_t n_requests;
    bool has_role[BF_ROLE_COUNT];
    bool finished;            /* all requests are */
    const struct bf_run *run; /* borrowed from the store */
    const char *stable;       /* "yes", "no", "unknown" */
    const char *embedder;     /* its description; "" when nothing was embedded */
    /* Of a model that this program knows by its sha256; else NULL. */
    const char *model_title, *model_licence, *model_hub; /* model_hub: a file of the Hugging Face hub */
    json_t *engine, *models;                             /* owners of the strings above */
};
/* Read the requests that the export covers: the one named `request`, else those of `role`, or forget and retain with
 * BF_ROLE_TRAINED. BF_STORE. Release *out with bf_export_facts_release, also after a failure. */
BF_MUST_CHECK enum bf_status bf_export_facts_read(struct bf_store *store, const char *request, enum bf_role role,
                                                  struct bf_export_facts *out, struct bf_err *err);
void bf_export_facts_release(struct bf_export_facts *facts);

/* Append the title: "Greek mythology", or "3 requests". */
void bf_export_title(const struct bf_export_facts *facts, enum bf_role role, struct bf_buf *out);
/* Append a name for files and configurations, made from the title: [a-z0-9-], never empty. */
void bf_export_slug(const struct bf_export_facts *facts, struct bf_buf *out);

#endif
