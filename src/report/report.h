/* A run's summary: as text for a terminal, as JSON for programs. */
#ifndef BF_REPORT_REPORT_H
#define BF_REPORT_REPORT_H
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/json.h"
#include "store/store.h"

/* Print what the run holds: samples by stage and point, rejections by reason, why it stopped, the knowledge check,
 * `n_examples` texts spread over the stages, where the files are, and what to do next. Each text of a model is shown on
 * one line, without control characters. BF_STORE. */
BF_MUST_CHECK enum bf_status bf_report_text(struct bf_store *store, int n_examples, FILE *out, struct bf_err *err);

/* *out: the same as one object: kept, rejected{reason}, stop_reason, generated_tokens, generate_seconds, wall_seconds,
 * finished, variants{}, stages{}, points[], knowledge{}, stable, dir, ... New reference. BF_STORE. */
BF_MUST_CHECK enum bf_status bf_report_json(struct bf_store *store, json_t **out, struct bf_err *err);

#endif
