/* Output for people, on any stream: the one way for text that a server, a model, a file or a database may have a part
 * in. Control characters (U+0000-1F but line feed and tab, U+007F-9F) become spaces; what turns the direction of text
 * (U+202A-E, U+2066-9) and invalid UTF-8 become U+FFFD: a terminal obeys nothing of it. banned.h keeps printf and its
 * like out. A failed write stays in the stream, for whoever flushes it at the end. */
#ifndef BF_BASE_PRINT_H
#define BF_BASE_PRINT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"

void bf_print(FILE *out, const char *format, ...) BF_PRINTF(2, 3);
/* JSON and a line feed. Its characters are kept: what a terminal could obey is escaped. */
void bf_print_json(FILE *out, const char *json);
/* The same cleaning, appended to a buffer; `one_line` makes line feeds and tabs spaces, too. */
void bf_clean_text(struct bf_buf *out, const char *text, size_t n, bool one_line);
/* `biforget show ... | head`: the reader of the standard output took what it wanted. Whatever the command, that is not
 * a failure of what was done: exit code 0. */
bool bf_stdout_reader_is_gone(void);

/* A word for a command line that people paste. */

enum { BF_SHELL_WORD_MAX = 8192 };

/* `text` as one word of a POSIX shell, into out, which is returned: as it is where that is safe, else between quotation
 * marks; a path that begins with a dash gets "./" before it. What would be longer than the room is not quoted, and
 * cut. */
const char *bf_shell_word(char out[BF_SHELL_WORD_MAX], const char *text);
/* The same in memory that lives as long as the block around it: for sentences. */
#define BF_SHELL_WORD(text) bf_shell_word((char[BF_SHELL_WORD_MAX]){0}, (text))

#endif
