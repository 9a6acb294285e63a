/* What request_file.c and request_line.c share. Not for other rooms. */
#ifndef BF_REQUEST_REQUEST_LINE_H
#define BF_REQUEST_REQUEST_LINE_H
#include "base/json.h"
#include "request/request_file.h"

/* Read one object as a request; `dir` is the folder of its file. Only the type of "retain" is checked. BF_INPUT with
 * the part of the sentence after "FILE:LINE: ". Release *out with bf_request_line_release after either result. */
BF_MUST_CHECK enum bf_status bf_request_line_parse(const json_t *object, const char *dir, const char *profile,
                                                   struct bf_request_line *out, struct bf_err *err);
void bf_request_line_release(struct bf_request_line *line);

/* The path of a file that a line names: relative to `dir`, unless it begins with a slash. free(). */
char *bf_line_path(const char *dir, const char *name);

#endif
