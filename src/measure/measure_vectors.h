/* The vectors of chunks: stored ones are read, equal chunks are embedded once, new ones are stored. */
#ifndef BF_MEASURE_MEASURE_VECTORS_H
#define BF_MEASURE_MEASURE_VECTORS_H
#include "measure/measure.h"
#include "store/store.h"

struct bf_quality_piece {
    struct bf_tokens tokens; /* of the model; borrowed */
    const char *of;          /* the name of its set, for errors */
    struct bf_store *store;  /* where its vector is stored; NULL = nowhere */
    size_t vector;           /* out: its row in `rows` */
};
struct bf_quality_vectors {
    float *rows; /* [n][n_embd] */
    size_t n, n_embd;
    size_t n_embedded, n_cached;
};
void bf_quality_vectors_release(struct bf_quality_vectors *vectors);

/* The vectors of pieces [n]. BF_INTERRUPTED after Ctrl-C, with the vectors made so far stored. BF_MODEL for a vector
 * that is not finite. Release *out on success. */
BF_MUST_CHECK enum bf_status bf_quality_embed(const struct bf_quality_job *job, struct bf_quality_piece *pieces,
                                              size_t n, struct bf_quality_vectors *out, struct bf_err *err);

#endif
