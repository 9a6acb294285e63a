/* The specification of an experiment: lab/NAME.json, or a file of the user. */
#ifndef BF_LAB_LAB_SPEC_H
#define BF_LAB_LAB_SPEC_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/json.h"
#include "lab/world.h"

enum { BF_LAB_SEEDS_MAX = 16 };

/* Options for a command, as in the file. Strings are borrowed from the JSON. */
struct bf_lab_options {
    const char **words; /* [n] */
    size_t n;
};

struct bf_lab_set {
    const char *name; /* unique: "BiForget" */
    const char *kind; /* "planted": the originals; "domain", "textbook": that command writes it; "part": a variant of
                       * another; "file": texts of the user */
    const char *of, *variant; /* of a part: which set, and fix, mi or jailbreak */
    char *file;               /* of a file: "path", relative to the experiment's folder; owned */
    char file_sha256[BF_SHA256_HEX];
    struct bf_lab_options options;
};

struct bf_lab_method {
    const char *name;   /* in tables; unique */
    const char *method; /* of `biforget unlearn` */
    struct bf_lab_options options;
    size_t n_seeds;     /* uses only the first n_seeds of the experiment's seeds; 0 = all */
    const json_t *sets; /* names of the forget sets that it is used with; NULL = all */
};

struct bf_lab_spec {
    json_t *json;
    const char *name, *model;
    struct bf_world_params world;
    struct bf_lab_options train, privleak, tofu;
    struct bf_lab_set *sets;
    struct bf_lab_method *methods;
    size_t n_sets, n_methods, n_seeds;
    uint64_t seeds[BF_LAB_SEEDS_MAX];
};

/* `name`: a word of bf_lab_sizes, else a path. `what` names the experiment in sentences; files are relative to its
 * folder. `check` (nullable) tries the options. Files of texts are read whole. BF_INPUT names the place and what is
 * allowed there. Release *out in every case. */
extern const char bf_lab_sizes[]; /* "tiny|small" */
/* Part of the parsing: tries the options of an experiment against the commands that get them, which this room does not
 * know (cmd/lab_spec_options.h does). `what` names the experiment. BF_INPUT. */
typedef enum bf_status bf_lab_check_fn(const struct bf_lab_spec *spec, const char *what, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_lab_spec_load(const char *name, bf_lab_check_fn *check, struct bf_lab_spec *out,
                                              struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_lab_spec_parse(const char *data, size_t n, const char *what, bf_lab_check_fn *check,
                                               struct bf_lab_spec *out, struct bf_err *err);
void bf_lab_spec_release(struct bf_lab_spec *spec);
/* Does the table have a row for this set, method and seed? All are indices into the experiment. */
bool bf_lab_spec_has_row(const struct bf_lab_spec *spec, size_t set, size_t method, size_t seed);

#endif
