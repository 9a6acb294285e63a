/* Reading instances from a file: sentences and question-answer pairs, one at a time, in memory that does not grow with
 * the file. `biforget instance`, `biforget import`, retain files and the SETs of quality are read by this.
 *
 * Formats
 *   jsonl   one JSON value a line: {"text": ...} (or "content"), {"question": ..., "answer": ...}, or a bare string.
 *           "point" names what a text is about, as exports write it; other keys are ignored. null counts as missing;
 * the sentence mentions it when nothing else is there. Of a pair and a text in one object, the pair is used. Blank
 * lines are skipped. json    one list of such values, read element by element. A file named .json whose first character
 * opens an object or a string is read as jsonl (as TOFU's files need). csv     RFC 4180: commas, "quoted" fields with
 * "" for a quotation mark, line breaks inside quotes. The first row names the columns: text (or content) | question,
 * answer; others are ignored. In a file of one column without such a name, every row is a text, unless the first row
 * could be another name (only letters, digits and "_-.;"): the file is then refused, and the sentence asks for the
 * name.
 *   *   txt     one text per line, blank lines skipped; with `paragraphs` blank lines separate texts, and the lines of
 * a text are joined by one space. Lines end with LF, CR LF or CR. A byte order mark is skipped; UTF-16, gzip, zip, zstd
 * and Parquet are refused by name.
 *
 * Texts are valid UTF-8 with white space trimmed at both ends. Otherwise they have the bytes of the file, except for
 * control characters: carriage return, vertical tab, form feed and U+0085 become a newline (CR LF one newline), and all
 * others but newline and tab are dropped.
 *
 * A *bad record* is broken JSON, not UTF-8, contains a NUL byte, has no or an empty text, lacks an answer, is too long,
 * or is a row of the wrong width. It ends the reading with BF_INPUT and "FILE:LINE:COLUMN: what; what to do (--skip-bad
 * leaves such records out)", the last part only where `hints` allow it; with `skip_bad` it is counted and left out.
 * Lines and columns count from 1, columns in bytes. When it is unclear where the next record begins (a list that is not
 * closed, a quotation mark without its partner), reading ends in both cases.
 */
#ifndef BF_REQUEST_INSTANCE_FILE_H
#define BF_REQUEST_INSTANCE_FILE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define BF_INSTANCE_TEXT_MAX ((size_t)64 << 10) /* bytes of a text; the default limit */
#define BF_IMPORT_TEXT_MAX ((size_t)16 << 20)   /* for import: papers, chapters */

enum bf_instance_format {
    BF_INSTANCES_AUTO, /* by the file's name: .jsonl .ndjson .json .csv .txt, in upper or lower case */
    BF_INSTANCES_JSONL,
    BF_INSTANCES_JSON,
    BF_INSTANCES_CSV,
    BF_INSTANCES_TXT
};
/* For help and option tables: "auto|jsonl|json|csv|txt". */
extern const char bf_instance_format_choices[];
/* false when there is no format of this name; *out is then unchanged. */
bool bf_instance_format_of(const char *word, enum bf_instance_format *out);

/* Which options an error sentence may advise: those of the command that reads the file. */
enum bf_instance_hints {
    BF_HINTS_OPTIONS,  /* --format, --skip-bad, --text-key and the like: import, instance */
    BF_HINTS_REQUEST,  /* "format", "text_key" and the like in a line of requests, --skip-bad: run */
    BF_HINTS_SKIP_BAD, /* --skip-bad: unlearn, quality, report */
    BF_HINTS_NONE      /* none of these: eval, lab, --retain of domain and instance */
};

/* Zero is the default of every field. Strings are borrowed until the file is closed. */
struct bf_instance_options {
    enum bf_instance_format format;
    bool skip_bad;
    enum bf_instance_hints hints;
    bool skip_duplicates; /* return equal texts once; takes 21 to 43 bytes of memory for each different text */
    bool paragraphs;      /* txt only */
    /* Keys (columns) instead of the usual ones, exactly as in the file. With only `text_key`, pairs are not read; with
     * `question_key` or `answer_key`, texts are not read unless `text_key` is given, too. */
    const char *text_key, *question_key, *answer_key;
    size_t max_text; /* bytes; 0 = BF_INSTANCE_TEXT_MAX; at most 1 GiB. Reading a record of that size may take
                      * about twenty times the memory */
};

/* All strings are valid UTF-8, and valid until the next call with the reader. */
struct bf_instance {
    int64_t index;    /* from 0, counting good records */
    int64_t record;   /* from 1, counting all that are not blank: the element of a list, the row of a csv */
    int64_t line;     /* from 1, where it begins */
    const char *text; /* never NULL or empty; "Question: ...\nAnswer: ..." for a pair */
    const char *question, *answer; /* both are set, or neither */
    const char *point;             /* what a text is about: "point" of a JSON object; NULL = unknown */
};

struct bf_instance_stats {
    int64_t n_good;  /* returned */
    int64_t n_pairs; /* how many of them are pairs */
    int64_t n_bad;
    int64_t n_duplicate;             /* left out by skip_duplicates */
    int64_t n_blank;                 /* blank lines and rows, which are neither records nor bad */
    int64_t n_bytes;                 /* read so far */
    int64_t longest;                 /* bytes of the longest returned text */
    char first_bad[BF_ERR_TEXT_MAX]; /* "FILE:LINE:COLUMN: what; what to do"; "" when there is none */
};

struct bf_instance_file;

/* Open `path`, which may be a FIFO; "-" is standard input. BF_USAGE: the name does not show the format (as for "-") and
 * options do not give it, or an option does not fit the format. BF_INPUT: a folder, or a file that cannot be opened.
 * *out is NULL on failure. */
BF_MUST_CHECK enum bf_status bf_instance_file_open(const char *path, const struct bf_instance_options *options,
                                                   struct bf_instance_file **out, struct bf_err *err);
/* The next instance. At the end *more is false and *out is not filled. BF_INPUT: a bad record (see above), a read
 * error, or the end of a file without any instance. After a failure or the end, only stats and close may be called.
 * Linear in the record. */
BF_MUST_CHECK enum bf_status bf_instance_file_next(struct bf_instance_file *file, struct bf_instance *instance,
                                                   bool *more, struct bf_err *err);
/* Borrowed from the reader; valid until it is closed. */
const struct bf_instance_stats *bf_instance_file_stats(const struct bf_instance_file *file);
void bf_instance_file_close(struct bf_instance_file *file); /* NULL is a no-op */

/* Read a whole regular file beforehand, so that a caller does not start work on a file that is broken at line 7,001.
 * BF_OK when every record is good; with skip_bad, when at least one is. *stats (nullable) is filled in either case,
 * with the counts of the whole file. BF_INPUT for a pipe, which cannot be read twice. */
BF_MUST_CHECK enum bf_status bf_instance_file_check(const char *path, const struct bf_instance_options *options,
                                                    struct bf_instance_stats *stats, struct bf_err *err);

/* A short name for a file: "data/forget10.jsonl" -> "forget10"; "-" -> "stdin". free(). */
char *bf_instance_name(const char *path);

#endif
