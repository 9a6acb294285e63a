/* Instances out of a file: sentences and question-answer pairs, one at a time, in memory that does not grow with the
 * file. `biforget instance`, `biforget import`, retain files and quality sets read through here.
 *
 * Formats
 *   jsonl   one JSON value a line: {"text": ...} (or "content"), {"question": ..., "answer": ...}, or a bare string.
 *           Other keys are ignored; null counts as absent, and is named when nothing else is there; an object with a
 *           pair and a text is the pair. Blank lines are skipped.
 *   json    one list of such values, read element by element. A file named .json whose first character opens an object
 *           or a string is read as jsonl (the TOFU files are like that).
 *   csv     RFC 4180: commas, "quoted" fields with "" for a quotation mark, line breaks inside quotes. The first row
 *           names the columns text (or content) | question, answer; others are ignored. Without such a name a file of
 *           one column is all texts, unless its first row could be a name of another kind (letters, digits, "_-.;"
 *           alone): that is refused with a question for the name.
 *   txt     one text a line, blank lines skipped; with `paragraphs` a text is what stands between blank lines, its
 *           lines joined by one space.
 * Lines end with LF, CR LF or CR. A byte order mark is skipped; UTF-16, gzip, zip, zstd and Parquet are refused by
 * name.
 *
 * Texts are valid UTF-8, white space trimmed at both ends, otherwise byte for byte what the file has, apart from
 * control characters: carriage return, vertical tab, form feed and U+0085 become a newline (CR LF one newline), those
 * other than newline and tab are dropped.
 *
 * A *bad record* (broken JSON, not UTF-8, a NUL byte, no or empty text, a missing answer, too long, a row of the wrong
 * width) ends the reading with BF_INPUT and "FILE:LINE:COLUMN: what; what to do (--skip-bad leaves such records out)",
 * the last where `hints` allow it, or is counted and left out with `skip_bad`. Lines and columns count from 1, columns
 * in bytes. What hides where the next record begins (a list that is not closed, a quotation mark without its partner)
 * ends the reading in both cases.
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
    BF_INSTANCES_AUTO, /* by the name: .jsonl .ndjson .json .csv .txt, in any case */
    BF_INSTANCES_JSONL,
    BF_INSTANCES_JSON,
    BF_INSTANCES_CSV,
    BF_INSTANCES_TXT
};
/* For help and option tables: "auto|jsonl|json|csv|txt". */
extern const char bf_instance_format_choices[];
/* False when there is no such word; then *out is unchanged. */
bool bf_instance_format_of(const char *word, enum bf_instance_format *out);

/* What a sentence may advise, by what the command that reads the file offers. */
enum bf_instance_hints {
    BF_HINTS_OPTIONS,  /* --format, --skip-bad, --text-key and the like: import, instance */
    BF_HINTS_REQUEST,  /* "format", "text_key" and the like in a line of requests, --skip-bad: run */
    BF_HINTS_SKIP_BAD, /* --skip-bad: unlearn, quality, report */
    BF_HINTS_NONE      /* none of these: eval, lab, --retain of domain and instance */
};

/* Zero is the default of every field. Strings are borrowed while the file is open. */
struct bf_instance_options {
    enum bf_instance_format format;
    bool skip_bad;
    enum bf_instance_hints hints;
    bool skip_duplicates; /* yield equal texts once; 21 to 43 bytes of memory for each different text */
    bool paragraphs;      /* txt only */
    /* Keys (columns) in place of the usual ones, as they stand in the file. With `text_key` alone pairs are not looked
     * for; with `question_key` or `answer_key` texts are not, unless `text_key` is given too. */
    const char *text_key, *question_key, *answer_key;
    size_t max_text; /* bytes; 0 = BF_INSTANCE_TEXT_MAX; at most 1 GiB. Reading one such record may take
                      * some twenty times it */
};

/* All strings are valid UTF-8 and live until the next call with the reader. */
struct bf_instance {
    int64_t index;                 /* 0-based among the good ones */
    int64_t record;                /* 1-based among all that are not blank: the element of a list, the row of a csv */
    int64_t line;                  /* 1-based, where it begins */
    const char *text;              /* never NULL or empty; of a pair "Question: ...\nAnswer: ..." */
    const char *question, *answer; /* both or neither */
};

struct bf_instance_stats {
    int64_t n_good;  /* yielded */
    int64_t n_pairs; /* of them: question and answer */
    int64_t n_bad;
    int64_t n_duplicate;             /* left out by skip_duplicates */
    int64_t n_blank;                 /* blank lines and rows; no record, not bad */
    int64_t n_bytes;                 /* read so far */
    int64_t longest;                 /* bytes of the longest text that was yielded */
    char first_bad[BF_ERR_TEXT_MAX]; /* "FILE:LINE:COLUMN: what; what to do"; "" while none */
};

struct bf_instance_file;

/* Open `path`; "-" is standard input. Streams: a FIFO is fine. BF_USAGE when the format cannot be told by the name
 * (always so for "-") or an option does not fit the format; BF_INPUT for a folder or what cannot be opened. *out is
 * NULL on failure. */
BF_MUST_CHECK enum bf_status bf_instance_file_open(const char *path, const struct bf_instance_options *options,
                                                   struct bf_instance_file **out, struct bf_err *err);
/* The next instance; *more = false and no instance at the end. BF_INPUT for a bad record (see above), a read error, and
 * at the end of a file that had no instance at all. After a failure or the end only stats and close are left. */
BF_MUST_CHECK enum bf_status bf_instance_file_next(struct bf_instance_file *file, struct bf_instance *instance,
                                                   bool *more, struct bf_err *err);
/* Borrowed from the reader. */
const struct bf_instance_stats *bf_instance_file_stats(const struct bf_instance_file *file);
void bf_instance_file_close(struct bf_instance_file *file); /* NULL is a no-op */

/* The pre-pass: read the whole of a regular file, so that a caller starts nothing on a file that breaks off at line
 * 7,001. BF_OK when every record is good (with skip_bad: at least one, and the rest left out). *stats (nullable) is
 * filled in every case: the counts are those of the whole file, also without skip_bad. A pipe cannot be read twice:
 * BF_INPUT. */
BF_MUST_CHECK enum bf_status bf_instance_file_check(const char *path, const struct bf_instance_options *options,
                                                    struct bf_instance_stats *stats, struct bf_err *err);

/* What people call a file: "data/forget10.jsonl" -> "forget10"; "-" -> "stdin". free(). */
char *bf_instance_name(const char *path);

#endif
