/* REQUESTS.jsonl: many requests in one file, one JSON object per line; blank lines are skipped. Each has exactly one of
 *   "domain": "Harry Potter"       a domain to forget (or to retain)
 *   "instances": "facts.jsonl"     a file of sentences or pairs (request/instance_file.h)
 *   "textbook": "Harry Potter"     the textbook-style baseline for a domain
 * and optionally
 *   "name"      unique in the file; 1 to 100 of A-Z a-z 0-9 . _ -, not beginning with a dot or a dash; by default made
 *               from the name of the domain or the file
 *   "role"      "forget" (the default), "retain", or "neighbour": only for probes, never trained on
 *   *   "retain"    a list of strings, or one string: names or domains of retain requests in this file, files of
 * instances, or names of other domains "profile"   "quick" or "paper", instead of the caller's "format", "text_key",
 * "question_key", "answer_key", "paragraphs"     how to read the instances any parameter of struct bf_request by its
 * name: "seed", "rounds", "temperatures", ...
 * * File names are relative to the folder of REQUESTS.jsonl, and so are template sets that are files. An unknown key is
 * an error. */
#ifndef BF_REQUEST_REQUEST_FILE_H
#define BF_REQUEST_REQUEST_FILE_H
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "request/instance_file.h"
#include "request/request.h"

#define BF_REQUEST_LINES_MAX 10000
#define BF_REQUEST_NAME_MAX 100 /* bytes */

struct bf_retain_ref {
    char *path;  /* a file of instances; or */
    char *name;  /* a domain without a request here; or, with both NULL, another request: */
    size_t line; /* its index in bf_request_file.lines */
};

struct bf_request_line {
    int64_t line; /* in the file, from 1 */
    char *name;
    enum bf_kind kind; /* BF_KIND_DOMAIN, BF_KIND_INSTANCE or BF_KIND_TEXTBOOK */
    enum bf_role role;
    char *topic;                        /* like request.topic; NULL for instances */
    char *instances_path;               /* only for instances, otherwise NULL */
    struct bf_instance_options options; /* for that file; this struct owns its strings */
    struct bf_retain_ref *retain;
    size_t n_retain;
    struct bf_request request; /* checked; the topic of instances is the name of the request */
};

struct bf_request_file {
    struct bf_request_line *lines;
    size_t n;
};

/* Read and check the whole file. `profile` is for lines that do not name one; BF_USAGE when it is unknown. Otherwise
 * BF_INPUT with "FILE:LINE: what; what to do", or FILE:LINE:COLUMN for broken JSON. Files that it names must exist;
 * their content is not checked. Release with bf_request_file_release, also after a failure. */
BF_MUST_CHECK enum bf_status bf_request_file_read(const char *path, const char *profile, struct bf_request_file *out,
                                                  struct bf_err *err);
void bf_request_file_release(struct bf_request_file *file);

#endif
