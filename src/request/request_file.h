/* REQUESTS.jsonl: many requests in one file, one JSON object a line, blank lines skipped. Exactly one of
 *   "domain": "Harry Potter"       a domain to forget (or to retain)
 *   "instances": "facts.jsonl"     a file of sentences or pairs (request/instance_file.h)
 *   "textbook": "Harry Potter"     the textbook-style baseline for a domain
 * and, all of them optional,
 *   "name"      unique in the file; 1 to 100 of A-Z a-z 0-9 . _ -, not beginning with a dot or a dash; by default made
 *               of the domain or the file's name
 *   "role"      "forget" (the default) or "retain"
 *   "retain"    a list (or one string): names or domains of retain requests of this file, files of instances, or any
 *               other domain by its name
 *   "profile"   "quick" or "paper", in place of the caller's
 *   "format", "text_key", "question_key", "answer_key", "paragraphs"     how to read the instances
 *   any parameter of struct bf_request by its name: "seed", "rounds", "temperatures", ...
 * File names are relative to the folder of REQUESTS.jsonl, template sets too when theirs is a file. An unknown key is
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
    char *path;  /* a file of instances, or */
    char *name;  /* a domain that nobody writes, or with both NULL another request: */
    size_t line; /* its index in bf_request_file.lines */
};

struct bf_request_line {
    int64_t line; /* 1-based, in the file */
    char *name;
    enum bf_kind kind; /* BF_KIND_DOMAIN, BF_KIND_INSTANCE or BF_KIND_TEXTBOOK */
    enum bf_role role;
    char *topic;                        /* as request.topic; NULL for instances */
    char *instances_path;               /* NULL otherwise */
    struct bf_instance_options options; /* for it; its strings are owned by this struct */
    struct bf_retain_ref *retain;
    size_t n_retain;
    struct bf_request request; /* checked; of instances the topic is the request's name */
};

struct bf_request_file {
    struct bf_request_line *lines;
    size_t n;
};

/* Read and check the whole file. `profile` is the profile of a line that names none. BF_USAGE when that is unknown;
 * else BF_INPUT and "FILE:LINE: what; what to do" (FILE:LINE:COLUMN where the JSON is broken). That a named file exists
 * is checked, not what is in it. Release with bf_request_file_release, also after a failure. */
BF_MUST_CHECK enum bf_status bf_request_file_read(const char *path, const char *profile, struct bf_request_file *out,
                                                  struct bf_err *err);
void bf_request_file_release(struct bf_request_file *file);

#endif
