/* What the files instance_*.c, the reader of REQUESTS.jsonl, and the tests share. Not for other rooms.
 *
 * * A format finds where a record ends, stores at most a cap of its bytes, and turns these into a text or a pair.
 * instance_record.c decides whether the result is good; instance_file.c decides what happens to bad records. */
#ifndef BF_REQUEST_INSTANCE_INTERNAL_H
#define BF_REQUEST_INSTANCE_INTERNAL_H
#include "base/buf.h"
#include "base/json.h"
#include "request/instance_file.h"
#include "request/instance_source.h"

/* One record: its bytes, and what was read from them. */
struct bf_record {
    struct bf_buf raw;    /* its bytes; raw.overflow: it is longer than the cap, the rest was skipped */
    int64_t line, column; /* position of raw.data[0] in the file */
    struct bf_buf text;   /* set by the format: a text ... */
    struct bf_buf question, answer;
    struct bf_buf point; /* empty = unknown */
    bool has_text, has_question, has_answer;
    bool bad;
    int64_t bad_line, bad_column;
    char reason[BF_ERR_TEXT_MAX]; /* "what; what to do" */
};
/* Mark the record bad because of what is at raw.data[offset]. The first reason is kept. */
void bf_record_bad(struct bf_record *record, size_t offset, const char *format, ...) BF_PRINTF(3, 4);
/* Mark the record bad when raw is too long, contains a NUL byte or is not UTF-8; true when it can be parsed. */
bool bf_record_readable(struct bf_record *record, size_t max_text);
/* Clean and trim the strings that the format found, and make the text of a pair. Marks the record bad when a part is
 * missing, empty or longer than max_text. */
void bf_record_judge(struct bf_record *record, size_t max_text);
/* Empty it for the next record, which begins at the source's position. */
void bf_record_start(struct bf_record *record, const struct bf_source *source);
/* Append s [n], valid UTF-8, with control characters treated as instance_file.h describes. */
void bf_text_clean(struct bf_buf *out, const char *s, size_t n);

/* The keys to read; NULL = do not read it. */
struct bf_instance_keys {
    const char *text, *text_other; /* "text", or "content" when there is none */
    const char *question, *answer;
};

enum bf_cut { BF_CUT_END, BF_CUT_BLANK, BF_CUT_RECORD };

struct bf_seen;

struct bf_instance_file {
    struct bf_source source;
    char *path; /* owned; for sentences */
    struct bf_instance_options options;
    struct bf_instance_keys keys;
    struct bf_record record;
    struct bf_instance_stats stats;
    int64_t n_records;
    struct bf_seen *seen; /* NULL without skip_duplicates */
    bool over;            /* the end was reached, or reading failed */
    /* Cut the next record out of the source and read it. BF_INPUT when reading cannot continue. */
    enum bf_status (*read)(struct bf_instance_file *file, enum bf_cut *cut, struct bf_err *err);
    /* json */
    int64_t n_elements;
    bool list_open;
    /* csv: numbers of columns, from 0; -1 = missing */
    bool has_header; /* the first row has been examined */
    int64_t n_columns;
    int64_t text_column, question_column, answer_column;
};

/* As bf_instance_file_open, from an open file, which the caller keeps and closes; `path` only names it. Tests choose
 * chunk_size. */
BF_MUST_CHECK enum bf_status bf_instance_file_from_fd(int fd, const char *path, size_t chunk_size,
                                                      const struct bf_instance_options *options,
                                                      struct bf_instance_file **out, struct bf_err *err);

/* Fail with BF_INPUT and "FILE:LINE:COLUMN: " before the sentence. */
enum bf_status bf_source_fail(const struct bf_source *source, int64_t line, int64_t column, struct bf_err *err,
                              const char *format, ...) BF_PRINTF(5, 6);

/* The formats. */
BF_MUST_CHECK enum bf_status bf_read_jsonl(struct bf_instance_file *file, enum bf_cut *cut, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_read_json(struct bf_instance_file *file, enum bf_cut *cut, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_read_csv(struct bf_instance_file *file, enum bf_cut *cut, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_read_txt(struct bf_instance_file *file, enum bf_cut *cut, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_read_paragraphs(struct bf_instance_file *file, enum bf_cut *cut, struct bf_err *err);

/* Parse record->raw as one JSON value: a new reference. Otherwise NULL, and the record is marked bad. */
json_t *bf_record_json(struct bf_record *record);
/* Read the text or the pair from record->raw, which is one JSON value. */
void bf_record_from_json(struct bf_record *record, const struct bf_instance_keys *keys, enum bf_instance_hints hints);
/* " (--skip-bad leaves such records out)", or "" when the command does not have this option. */
const char *bf_skip_bad_hint(enum bf_instance_hints hints);
/* ", or give --text-key", or another way to name a key; "" when there is none. */
const char *bf_key_hint(enum bf_instance_hints hints);

/* A set of texts, by the first 128 bits of their SHA-256. */
struct bf_seen *bf_seen_new(void);
void bf_seen_free(struct bf_seen *seen);                            /* NULL is a no-op */
bool bf_seen_add(struct bf_seen *seen, const char *text, size_t n); /* false when it has been added before */

#endif
