/* A run as one page: a self-contained HTML file that opens offline, and its charts as SVG files for papers. Both show
 * one JSON object, which bf_page_data collects.
 *
 * Text from models and files is untrusted. It reaches the page as JSON in a data block whose markup characters are
 * escaped, and the page's script shows it only as text; the page's policy (Content-Security-Policy) allows this one
 * script and style sheet by their hashes, and forbids evaluating strings, making markup from strings, and connecting
 * to anything. */
#ifndef BF_REPORT_PAGE_H
#define BF_REPORT_PAGE_H
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "store/store.h"

enum { BF_PAGE_BYTES_MAX = 2000000 }; /* of the HTML file */

struct bf_page_options {
    /* the result of measuring sets (measure/measure.h), with its map; borrowed; NULL = none */
    const json_t *quality;
    const char *basis; /* a sentence: which vectors the map and its metrics were computed from; NULL = none */
    const char *why;   /* a sentence: why there is no quality, or no map in it; NULL = too few texts */
    size_t
        max_bytes; /* limit of the page; 0 = BF_PAGE_BYTES_MAX. Samples are left out to keep it, and the page says so */
};

/* *out: one object with a member for each section of the page (BF_PAGE_SECTIONS), new reference; no number in it is NaN
 * or infinite. Works on a run of any kind, also on unfinished and empty ones. Reads all samples twice. BF_STORE when
 * the run cannot be read. */
BF_MUST_CHECK enum bf_status bf_page_data(struct bf_store *store, const struct bf_page_options *options, json_t **out,
                                          struct bf_err *err);
/* Append the page. It gets the scripts of an experiment when "kind" is "lab" (lab_page.h), else those of a run. */
void bf_page_html(const json_t *data, struct bf_buf *out);

/* Append a value as JSON text that is safe inside a <script>: <, >, & and U+2028/9 become \u escapes. */
void bf_page_put_json(struct bf_buf *out, const json_t *value);

/* Append a standalone SVG picture of the same object; nothing when there is nothing to draw. */
void bf_svg_map(const json_t *data, struct bf_buf *out);
void bf_svg_trace(const json_t *data, struct bf_buf *out);
void bf_svg_histogram(const json_t *data, struct bf_buf *out);

#endif
