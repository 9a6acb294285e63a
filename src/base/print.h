/* Output for people, on any stream. All text that may come from a server, a model, a file or a database must be printed
 * through here. Control characters (U+0000-1F except line feed and tab, U+007F-9F) become spaces; characters that turn
 * the direction of text (U+202A-E, U+2066-9) and invalid UTF-8 become U+FFFD, so that no text can control a terminal.
 * banned.h bans printf. After a failed write the stream's error is set, and the final flush reports it. */
#ifndef BF_BASE_PRINT_H
#define BF_BASE_PRINT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"

void bf_print(FILE *out, const char *format, ...) BF_PRINTF(2, 3);
/* Print JSON and a line feed. Characters that could control a terminal are escaped, so that no character is lost. */
void bf_print_json(FILE *out, const char *json);
/* Append cleaned text to a buffer; `one_line` also turns line feeds and tabs into spaces. */
void bf_clean_text(struct bf_buf *out, const char *text, size_t n, bool one_line);
/* Has the reader of the standard output closed it, as in `biforget show ... | head`? That is not a failure of the
 * command: exit code 0. */
bool bf_stdout_reader_is_gone(void);

/* A share as per cent, for people: 1.0 as "100", 0.0123 as "1.2", 0.000456 as "0.05", less as "less than 0.01", 0 and
 * below as "0"; the sign and a unit are the caller's. `share` is finite. */
enum { BF_PERCENT_MAX = 32 };
void bf_percent(double share, char out[BF_PERCENT_MAX]);

enum { BF_SHELL_WORD_MAX = 8192 };

/* Write `text` as one word of a POSIX shell, for commands that users paste, to `out`, which is returned: unchanged if
 * that is safe, otherwise in quotation marks; a path that begins with a dash gets "./" before it. A text that does not
 * fit is not quoted, and cut. */
const char *bf_shell_word(char out[BF_SHELL_WORD_MAX], const char *text);
/* The same in memory that is valid until the end of the enclosing block; for sentences. */
#define BF_SHELL_WORD(text) bf_shell_word((char[BF_SHELL_WORD_MAX]){0}, (text))

#endif
