/* A word for a command line that people paste. */
#ifndef BF_BASE_SHELL_WORD_H
#define BF_BASE_SHELL_WORD_H

enum { BF_SHELL_WORD_MAX = 8192 };

/* `text` as one word of a POSIX shell, into out, which is returned: as it is where that is safe, else between quotation
 * marks; a path that begins with a dash gets "./" before it. What would be longer than the room is not quoted, and
 * cut. */
const char *bf_shell_word(char out[BF_SHELL_WORD_MAX], const char *text);
/* The same in memory that lives as long as the block around it: for sentences. */
#define BF_SHELL_WORD(text) bf_shell_word((char[BF_SHELL_WORD_MAX]){0}, (text))

#endif
