/* What the files instance_*.c share, the reader of REQUESTS.jsonl, and the tests. Not for other rooms.
 *
 * A format cuts the stream into raw records (it knows where one ends, and stores at most a cap of it) and turns a raw
 * record into a text or a pair. instance_record.c judges what came out; instance_file.c decides what happens to bad
 * ones. */
#ifndef BF_REQUEST_INSTANCE_INTERNAL_H
#define BF_REQUEST_INSTANCE_INTERNAL_H
#include "base/buf.h"
#include "base/json.h"
#include "request/instance_file.h"
#include "request/instance_source.h"

/* One record, as cut and as read. */
struct bf_record {
    struct bf_buf raw;    /* its bytes; raw.overflow: it is longer than the cap, and the rest was skipped */
    int64_t line, column; /* where raw.data[0] stands */
    struct bf_buf text;   /* set by the format: a text ... */
    struct bf_buf question, answer;
    bool has_text, has_question, has_answer;
    bool bad;
    int64_t bad_line, bad_column;
    char reason[BF_ERR_TEXT_MAX]; /* "what; what to do" */
};
/* Mark it bad because of what stands at raw.data[offset]. The first reason stays. */
void bf_record_bad(struct bf_record *record, size_t offset, const char *format, ...) BF_PRINTF(3, 4);
/* Mark it bad when raw is too long, has a NUL byte or is not UTF-8; true when it may be parsed. */
bool bf_record_readable(struct bf_record *record, size_t max_text);
/* Clean and trim what the format found, and make the text of a pair; marks the record bad when something is missing,
 * empty or longer than max_text. */
void bf_record_judge(struct bf_record *record, size_t max_text);
/* Make it empty for the next one, which begins at the source's position. */
void bf_record_start(struct bf_record *record, const struct bf_source *source);
/* Append s[0..n), valid UTF-8, with the control characters treated as instance_file.h says. */
void bf_text_clean(struct bf_buf *out, const char *s, size_t n);

/* The keys to look for; NULL = not looked for. */
struct bf_instance_keys {
    const char *text, *text_other; /* "text" or else "content" */
    const char *question, *answer;
};

enum bf_cut { BF_CUT_END, BF_CUT_BLANK, BF_CUT_RECORD };

struct bf_seen;

struct bf_instance_file {
    struct bf_source source;
    char *path; /* owned; as people know it */
    struct bf_instance_options options;
    struct bf_instance_keys keys;
    struct bf_record record;
    struct bf_instance_stats stats;
    int64_t n_records;
    struct bf_seen *seen; /* NULL without skip_duplicates */
    bool over;            /* at the end, or failed */
    /* Cut the next record out of the source and read it. BF_INPUT when nothing more can be read. */
    enum bf_status (*read)(struct bf_instance_file *file, enum bf_cut *cut, struct bf_err *err);
    /* json */
    int64_t n_elements;
    bool list_open;
    /* csv: columns by 0-based number, -1 = not there */
    bool has_header; /* the first row was looked at */
    int64_t n_columns;
    int64_t text_column, question_column, answer_column;
};

/* As bf_instance_file_open, from an open file that stays the caller's; `path` is for the name alone. */
BF_MUST_CHECK enum bf_status bf_instance_file_from_fd(int fd, const char *path, size_t chunk_size,
                                                      const struct bf_instance_options *options,
                                                      struct bf_instance_file **out, struct bf_err *err);

/* "FILE:LINE:COLUMN: " and the sentence, as BF_INPUT. */
enum bf_status bf_source_fail(const struct bf_source *source, int64_t line, int64_t column, struct bf_err *err,
                              const char *format, ...) BF_PRINTF(5, 6);

/* The formats. */
BF_MUST_CHECK enum bf_status bf_read_jsonl(struct bf_instance_file *file, enum bf_cut *cut, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_read_json(struct bf_instance_file *file, enum bf_cut *cut, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_read_csv(struct bf_instance_file *file, enum bf_cut *cut, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_read_txt(struct bf_instance_file *file, enum bf_cut *cut, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_read_paragraphs(struct bf_instance_file *file, enum bf_cut *cut, struct bf_err *err);

/* Parse record->raw as one JSON value. NULL and the record marked bad when it is none. New reference. */
json_t *bf_record_json(struct bf_record *record);
/* Find the text or the pair in record->raw, which is one JSON value. */
void bf_record_from_json(struct bf_record *record, const struct bf_instance_keys *keys, enum bf_instance_hints hints);
/* " (--skip-bad leaves such records out)", or "" where there is no such option. */
const char *bf_skip_bad_hint(enum bf_instance_hints hints);
/* ", or give --text-key", or how else a key is named; "" where it cannot be. */
const char *bf_key_hint(enum bf_instance_hints hints);

/* Texts that were seen before, by the first 128 bits of their SHA-256. */
struct bf_seen *bf_seen_new(void);
void bf_seen_free(struct bf_seen *seen);                            /* NULL is a no-op */
bool bf_seen_add(struct bf_seen *seen, const char *text, size_t n); /* false when it was there already */

#endif
