/* What the writers of quality tables share. Private to this room. */
#ifndef BF_REPORT_QUALITY_CELLS_H
#define BF_REPORT_QUALITY_CELLS_H
#include <stdbool.h>

#include "base/buf.h"
#include "base/json.h"

/* A column: a key of sets[], and how people read it. */
struct bf_quality_column {
    const char *key, *title;
    int digits;         /* after the point; 0 = a count */
    bool interval;      /* sets[] also has KEY_interval */
    const char *better; /* "smaller", "larger" or NULL */
};
/* In the order of tables. */
extern const struct bf_quality_column bf_quality_columns[];
extern const size_t bf_quality_n_columns;
const struct bf_quality_column *bf_quality_column(const char *key);

/* Append a value, or `unknown`; with `interval` also " [low, high]". */
void bf_put_quality_value(struct bf_buf *out, const json_t *set, const struct bf_quality_column *column, bool interval,
                          const char *unknown);
/* Append the set's name on one line, at most max_cp characters. */
void bf_put_quality_name(struct bf_buf *out, const json_t *set, size_t max_cp);

#endif
