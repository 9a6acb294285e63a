/* Error sentences. They quote file names, topics and model text, so formatted text is untrusted: the result is valid
 * UTF-8 without control characters. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#include "base/banned.h"

static const char cut_mark[] = "...";

/* Copy raw [n] to text, cleaned and cut. `cut`: raw itself has been cut. */
static void set_text(char text[BF_ERR_TEXT_MAX], const char *raw, size_t n, bool cut)
{
    size_t used = 0;
    size_t keep = 0; /* the last length at which cut_mark still fits */

    for (size_t i = 0; i < n;) {
        struct bf_utf8_seen seen;
        i += bf_utf8_see(raw + i, n - i, &seen);
        if (used + seen.n > BF_ERR_TEXT_MAX - 1) {
            cut = true;
            break;
        }
        memcpy(text + used, seen.text, seen.n);
        used += seen.n;
        if (used + sizeof cut_mark <= BF_ERR_TEXT_MAX)
            keep = used;
    }
    if (cut) {
        memcpy(text + keep, cut_mark, sizeof cut_mark - 1);
        used = keep + sizeof cut_mark - 1;
    }
    text[used] = '\0';
}

enum bf_status bf_fail(struct bf_err *err, enum bf_status status, const char *format, ...)
{
    /* Formatted into another buffer first: a caller that adds to a sentence passes err->text as an argument. */
    char raw[4 * BF_ERR_TEXT_MAX];
    va_list args;
    int n;

    if (!err)
        return status;
    va_start(args, format);
    n = vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    err->status = status;
    if (n < 0)
        set_text(err->text, format, strlen(format), false);
    else if ((size_t)n >= sizeof raw)
        set_text(err->text, raw, sizeof raw - 1, true);
    else
        set_text(err->text, raw, (size_t)n, false);
    return status;
}

const char *bf_status_text(enum bf_status status)
{
    switch (status) {
#define X(name, code, text)                                                                                            \
    case name:                                                                                                         \
        return text;
        BF_STATUS_MAP(X)
#undef X
    }
    return "unknown";
}

const char *bf_errno_text(int number)
{
    switch (number) {
    case ENOENT:
        return "no such file or folder";
    case EACCES:
    case EPERM:
        return "permission denied";
    case EEXIST:
        return "it exists already";
    case ENOTDIR:
        return "a part of the path is not a folder";
    case EISDIR:
        return "it is a folder";
    case ENOSPC:
        return "the disk is full";
    case EDQUOT:
        return "the disk quota is used up";
    case EFBIG:
        return "the file would be larger than allowed";
    case EROFS:
        return "the file system is read-only";
    case EIO:
        return "the disk reports an error";
    case EMFILE:
    case ENFILE:
        return "too many open files";
    case ENAMETOOLONG:
        return "the name is too long";
    case ELOOP:
        return "symbolic links form a loop";
    case EPIPE:
        return "the reader has gone";
    case ENOMEM:
        return "memory is used up";
    default:
        return strerror(number);
    }
}
