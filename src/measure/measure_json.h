/* The result as measure.h describes it. */
#ifndef BF_MEASURE_MEASURE_JSON_H
#define BF_MEASURE_MEASURE_JSON_H
#include "measure/measure_metrics.h"

/* The whole result, with "differences" and "sentences". New reference. */
json_t *bf_quality_json(const struct bf_quality_job *job, const struct bf_quality_measured *measured);
/* Add "differences" and "sentences" to the result. */
void bf_quality_compare(const struct bf_quality_job *job, const struct bf_quality_measured *measured, json_t *result);

#endif
