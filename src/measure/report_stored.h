/* The figures and the map of a run out of the vectors that are stored with its samples: no model is read, and it takes
 * seconds. */
#ifndef BF_MEASURE_REPORT_STORED_H
#define BF_MEASURE_REPORT_STORED_H
#include "base/json.h"
#include "base/log.h"
#include "engine/engine.h"
#include "store/store.h"

/* Keep the vector of the domain's name, so that the map has it without the embedder, too. Nothing happens for a run
 * without a domain, or with several. The store is open for writing. */
BF_MUST_CHECK enum bf_status bf_report_keep_domain(struct bf_store *store, struct bf_engine *embedder,
                                                   struct bf_err *err);

/* *out: as bf_quality_measure gives (quality_measure.h), where a chunk is a whole text, with what needs the model's
 * tokens null; each of up to eight requests is a set, of more each role. Where no domain is known (or several),
 * relevance is null and the map has no domain. Without vectors only wording is measured, and *why (static) says why
 * there is no map; NULL with *why when no text is kept. `basis` (static) says what it is. BF_MODEL for vectors that are
 * not finite. */
BF_MUST_CHECK enum bf_status bf_report_stored(struct bf_store *store, struct bf_log *log, json_t **out,
                                              const char **basis, const char **why, struct bf_err *err);

#endif
