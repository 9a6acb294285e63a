/* Untrusted text inside JSON lines, YAML and Markdown. Private to export/. */
#ifndef BF_EXPORT_EXPORT_TEXT_H
#define BF_EXPORT_EXPORT_TEXT_H
#include "base/buf.h"
#include "base/json.h"

/* A JSON string, NULL as null; invalid UTF-8 becomes U+FFFD. */
void bf_put_json_text(struct bf_buf *out, const char *text);
/* Six significant digits; what is no number in JSON is null. The point is a point in every locale. */
void bf_put_json_number(struct bf_buf *out, double value);
/* `{"key":` or `,"key":` */
void bf_put_json_key(struct bf_buf *out, const char *key);
/* The value over several lines, keys sorted, two spaces a level: for files that people read. */
void bf_put_json_pretty(struct bf_buf *out, const json_t *value);

/* A double-quoted YAML scalar that YAML 1.1 and 1.2 read back as the text. */
void bf_put_yaml_text(struct bf_buf *out, const char *text);
/* One line that Markdown shows as it is, in a heading, a sentence or a table cell; cut after max_cp code points. */
void bf_put_markdown(struct bf_buf *out, const char *text, size_t max_cp);
/* The text with line breaks folded to single spaces, also those that only some readers break at. */
void bf_put_one_line(struct bf_buf *out, const char *text);

#endif
