/* Folders that the scripts of BiForget's authors write, read for comparisons.
 *
 * For each topic (with underscores for its spaces) they write text files with one sample per line:
 *   synthetic_TOPIC_fix.txt         Stage I, or the rewritten instances with their originals
 *   synthetic_TOPIC_MIA.txt         the same lines, then what membership inference added
 *   synthetic_TOPIC_jailbreak.txt   the lines of fix, then what the jailbreak added
 *   synthetic_TOPIC_both_itemsperroundN_maxroundN_mianumN_jailbreaknumN.txt     the lines of MIA, then the jailbreak's
 * Line breaks inside a sample are not escaped, so such a sample takes several lines. The authors' own evaluation
 * takes each line that is not blank for a sample, and so does this room. The lines are read with
 * request/instance_file.h, format txt. */
#ifndef BF_SETS_OFFICIAL_FOLDER_H
#define BF_SETS_OFFICIAL_FOLDER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "request/request.h"

enum bf_official_variant {
    BF_OFFICIAL_FIX,
    BF_OFFICIAL_MI,
    BF_OFFICIAL_JAILBREAK,
    BF_OFFICIAL_BOTH,
    BF_OFFICIAL_COUNT
};

struct bf_official_set {
    char *topic;                    /* "Harry Potter"; valid UTF-8 */
    char *paths[BF_OFFICIAL_COUNT]; /* NULL = no such file */
    int64_t n[BF_OFFICIAL_COUNT];   /* lines that are not blank */
    bool nested; /* each file begins with the lines of the smaller one, as above, so that a line's stage is known */
};

struct bf_official_folder {
    struct bf_official_set *sets; /* sorted by topic */
    size_t n;
};

/* Find the sets. BF_INPUT when the folder cannot be read, has no such file, or has two files of one variant for a
 * topic. Reads every file once. Release *out with bf_official_folder_release, also after a failure. */
BF_MUST_CHECK enum bf_status bf_official_folder_read(const char *dir, struct bf_official_folder *out,
                                                     struct bf_err *err);
void bf_official_folder_release(struct bf_official_folder *folder);

/* The largest variant that the set has: both, else the longer of MIA and jailbreak, else fix. */
enum bf_official_variant bf_official_largest(const struct bf_official_set *set);
/* The stage of a line of a variant, by its number among the lines that are not blank (bf_instance.record, from 1):
 * BF_STAGE_SYNTHESIS, BF_STAGE_MI or BF_STAGE_JAILBREAK; BF_STAGE_COUNT when it is unknown. */
enum bf_stage bf_official_stage(const struct bf_official_set *set, enum bf_official_variant variant, int64_t record);

#endif
