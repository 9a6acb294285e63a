/* What a format is, the job it gets, and what the formats share. Private to export/. */
#ifndef BF_EXPORT_EXPORT_FORMAT_H
#define BF_EXPORT_EXPORT_FORMAT_H
#include <stdint.h>

#include "base/buf.h"
#include "export/export.h"
#include "export/export_facts.h"
#include "export/export_folder.h"

/* Longest line that a sample can become: every byte of its text escaped to six, and its provenance. */
#define BF_EXPORT_LINE_MAX_BYTES ((size_t)1 << 31)

/* One call of bf_export. */
struct bf_export_job {
    struct bf_store *store;
    const struct bf_export_options *options;
    const char *path;               /* as given */
    struct bf_export_facts facts;   /* of the requests that the export covers */
    struct bf_export_folder folder; /* where a folder's files go; unused by formats of one file */
    int64_t n_written, n_left_out;  /* the result */
};

/* A format of one file writes job->path; a format of a folder adds its files to job->folder. */
typedef enum bf_status bf_export_write(struct bf_export_job *job, struct bf_err *err);

/* The formats: name, is it a folder, its function. A new one is that function and a row here; export.h's list of names,
 * which the help shows, and the table of export.c are made of the rows. */
#define BF_EXPORT_FORMATS(X)                                                                                           \
    X("jsonl", false, bf_export_jsonl)                                                                                 \
    X("txt", false, bf_export_txt)                                                                                     \
    X("muse", true, bf_export_muse)                                                                                    \
    X("wmdp", false, bf_export_wmdp)                                                                                   \
    X("tofu", false, bf_export_tofu)                                                                                   \
    X("hf", true, bf_export_hf)                                                                                        \
    X("open-unlearning", true, bf_export_open_unlearning)
#define X(name, is_folder, write) bf_export_write write;
BF_EXPORT_FORMATS(X)
#undef X

/* ---- samples to lines ---- */

typedef void bf_export_line(struct bf_buf *out, const struct bf_row *row, const struct bf_export_options *options);
bf_export_line bf_line_txt;  /* the text, line breaks folded to spaces */
bf_export_line bf_line_text; /* {"text": ...} */
bf_export_line bf_line_pair; /* {"question": ..., "answer": ...}; no line for a sample that is not a QA pair */
bf_export_line bf_line_full; /* every column of the hf format, null where a sample has none */

/* Append an ID: "synthesis-000012", in a set of many requests with the request's name before it. */
void bf_put_sample_id(struct bf_buf *out, const struct bf_row *row, const struct bf_export_options *options,
                      enum bf_stage stage, int64_t index);
/* Append the variants that samples of a stage belong to: ["fix","both"]. For a pair, give bf_row.root. */
void bf_put_variants(struct bf_buf *out, enum bf_stage stage);

/* What a right answer to a pair has to hold, when that is a few words; else NULL. */
const char *bf_export_object(const struct bf_row *row);
/* "fact" or "wording" for a sample that is only for probing, else NULL. */
const char *bf_export_held_out(const struct bf_row *row);

/* Does the sample have a question and an answer, neither of them empty? */
bool bf_row_is_pair(const struct bf_row *row);

struct bf_line_counts {
    int64_t n_lines;
    int64_t n_with, n_without; /* samples that became a line or more, and that did not */
};
/* Write a file of samples as lines, atomically. `line` appends a sample's line with its newline, or several; if it
 * appends nothing, the sample is left out. BF_STORE. */
BF_MUST_CHECK enum bf_status bf_export_lines(struct bf_store *store, const struct bf_export_options *options,
                                             const char *path, bf_export_line *line, struct bf_line_counts *counts,
                                             struct bf_err *err);
/* The same for a file of the job's folder, with one role and variant. */
BF_MUST_CHECK enum bf_status bf_export_folder_lines(struct bf_export_job *job, const char *name, enum bf_role role,
                                                    const char *variant, bf_export_line *line,
                                                    struct bf_line_counts *counts, struct bf_err *err);
/* Count the samples of a role and variant (*n), and the QA pairs among them. */
BF_MUST_CHECK enum bf_status bf_export_count(struct bf_export_job *job, enum bf_role role, const char *variant,
                                             int64_t *n, int64_t *n_pairs, struct bf_err *err);
/* Call `each` for every kept sample that the options select, request by request in commit order. */
BF_MUST_CHECK enum bf_status bf_export_each(struct bf_store *store, const struct bf_export_options *options, void *user,
                                            enum bf_status (*each)(void *user, const struct bf_row *row,
                                                                   struct bf_err *err),
                                            struct bf_err *err);

#endif
