/* The metrics and the map of a run from the vectors that are stored with its samples: no model is read, and it takes
 * seconds. */
#ifndef BF_MEASURE_REPORT_STORED_H
#define BF_MEASURE_REPORT_STORED_H
#include "base/json.h"
#include "base/log.h"
#include "engine/engine.h"
#include "store/store.h"

/* Store the vector of the domain's name, so that the map has it without the embedder, too. No-op for a run without a
 * domain, or with several. The store is open for writing. BF_STORE, BF_MODEL. */
BF_MUST_CHECK enum bf_status bf_report_keep_domain(struct bf_store *store, struct bf_engine *embedder,
                                                   struct bf_err *err);

/* *out: the result of bf_quality_measure (measure.h), new reference, in which each chunk is a whole text, and metrics
 * that need the model's tokens are null. Up to eight requests are a set each; of more, each role is a set. Without a
 * single known domain relevance is null and the map has no domain. Without vectors only wording is measured, and *why
 * (static) says why there is no map; when no text is kept *out is NULL and *why is set. *basis (static) says what was
 * measured. BF_MODEL for vectors that are not finite. */
BF_MUST_CHECK enum bf_status bf_report_stored(struct bf_store *store, struct bf_log *log, json_t **out,
                                              const char **basis, const char **why, struct bf_err *err);

#endif
