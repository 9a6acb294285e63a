/* A word for a command line that people paste. */
#ifndef BF_BASE_SHELL_WORD_H
#define BF_BASE_SHELL_WORD_H

/* `text` as one word of a POSIX shell: as it is where that is safe, else between quotation marks; a path that begins with a dash gets "./" before it.
 * free(). */
char *bf_shell_word(const char *text);

#endif
