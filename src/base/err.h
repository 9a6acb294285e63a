/* Errors are values: every fallible function returns an `enum bf_status` and fills a `struct bf_err` with one
 * complete sentence that says what was tried, on what, and what to do. Rooms never print or exit; src/cmd does. */
#ifndef BF_BASE_ERR_H
#define BF_BASE_ERR_H

/* Name, exit code of the process, text. In one table, so that they stay consistent. */
#define BF_STATUS_MAP(X)                                                                                               \
    X(BF_OK, 0, "ok")                                                                                                  \
    X(BF_USAGE, 2, "usage")                                                                                            \
    X(BF_INPUT, 3, "bad input file")                                                                                   \
    X(BF_MODEL, 4, "model or server")                                                                                  \
    X(BF_STORE, 5, "store or disk")                                                                                    \
    X(BF_LIMIT, 6, "limit not kept")                                                                                   \
    X(BF_INTERRUPTED, 130, "interrupted")

enum bf_status {
#define X(name, code, text) name = code,
    BF_STATUS_MAP(X)
#undef X
};

#define BF_ERR_TEXT_MAX 1024

struct bf_err {
    enum bf_status status;      /* BF_OK when nothing has failed */
    char text[BF_ERR_TEXT_MAX]; /* one sentence, lower case, no full stop; valid UTF-8, cut with "..." when longer */
};

/* Laid out by hand: clang-format takes the braces for a block. */
// clang-format off
#define BF_ERR_INIT {BF_OK, {0}}
// clang-format on

#define BF_MUST_CHECK __attribute__((warn_unused_result))
#define BF_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Fill in *err (nullable) and return `status`, so that callers can write `return bf_fail(...)`. The text is cleaned by
 * bf_utf8_see(): a line feed in a topic, for example, becomes a space. */
enum bf_status bf_fail(struct bf_err *err, enum bf_status status, const char *format, ...) BF_PRINTF(3, 4);

/* The text of a status ("store or disk"); "unknown" for other values. */
const char *bf_status_text(enum bf_status status);

/* The meaning of an errno value, for the middle of a sentence ("the disk is full"). Static. */
const char *bf_errno_text(int number);

#endif
