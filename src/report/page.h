/* A run as one page: a self-contained HTML file that opens offline, and its charts as SVG files for papers. Both show
 * one JSON object, which bf_page_data collects.
 *
 * What models and files wrote is untrusted. It reaches the page as JSON in a data block whose markup characters are
 * escaped, and the page's script puts it on the screen as text alone; the page's policy (Content-Security-Policy)
 * allows this one script and style sheet by their hashes, no evaluation of strings, no markup out of strings, and no
 * connection to anywhere. */
#ifndef BF_REPORT_PAGE_H
#define BF_REPORT_PAGE_H
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "store/store.h"

enum { BF_PAGE_BYTES_MAX = 2000000 }; /* of the HTML file */

struct bf_page_options {
    /* what measuring sets gives (the command's quality_measure.h), with its map; borrowed; NULL = none */
    const json_t *quality;
    const char *basis; /* a sentence: which vectors the map and its figures are made of; NULL = none */
    const char *why;   /* a sentence why there is no quality, or no map in it; NULL = too few texts */
    size_t max_bytes;  /* of the page; 0 = BF_PAGE_BYTES_MAX. Samples are left out, and the page says so, to keep it */
};

/* One object with a member for each section of the page (page_data.c has the table); no number in it is NaN or
 * infinite. New reference. Works on a run of any kind, unfinished and empty ones, too. BF_STORE when the run cannot be
 * read. */
BF_MUST_CHECK enum bf_status bf_page_data(struct bf_store *store, const struct bf_page_options *options, json_t **out,
                                          struct bf_err *err);
/* The page. Its scripts are those of a run, of an experiment when "kind" is "lab" (lab_page.h). */
void bf_page_html(const json_t *data, struct bf_buf *out);

/* A value as JSON text that can stand inside a <script> of any HTML parser: <, >, & and U+2028/9 are \u escapes. */
void bf_page_put_json(struct bf_buf *out, const json_t *value);

/* Standalone SVG pictures of the same object; nothing is appended when there is nothing to draw. */
void bf_svg_map(const json_t *data, struct bf_buf *out);
void bf_svg_trace(const json_t *data, struct bf_buf *out);
void bf_svg_histogram(const json_t *data, struct bf_buf *out);

#endif
