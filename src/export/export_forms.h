/* Samples in the forms in which a model is trained on them (request/forms.h), for the formats of trainers. Private to
 * export/. */
#ifndef BF_EXPORT_EXPORT_FORMS_H
#define BF_EXPORT_EXPORT_FORMS_H
#include "export/export_format.h"

/* Each appends a line for each example of its form; none when the sample gives none. options->place is the sample's. */
bf_export_line bf_line_chat;    /* {"question": ..., "answer": ...} */
bf_export_line bf_line_raw;     /* {"text": ...} */
bf_export_line bf_line_chat_of; /* the same with the sample's "id" first */
bf_export_line bf_line_raw_of;
/* The sample itself, once, as a set is read: a pair as bf_line_chat has it, a text with its point, if it has one. */
bf_export_line bf_line_sample;

struct bf_form_counts {
    int64_t n_samples;
    int64_t n_pairs;       /* of the samples */
    int64_t n_chat, n_raw; /* examples */
};
/* Count what a role and variant give in the job's forms. */
BF_MUST_CHECK enum bf_status bf_export_count_forms(struct bf_export_job *job, enum bf_role role, const char *variant,
                                                   struct bf_form_counts *out, struct bf_err *err);

#endif
