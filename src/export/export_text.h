/* Untrusted text in JSON lines, YAML and Markdown; each function appends to `out`. Private to export/. */
#ifndef BF_EXPORT_EXPORT_TEXT_H
#define BF_EXPORT_EXPORT_TEXT_H
#include "base/buf.h"
#include "base/json.h"

/* A JSON string, NULL as null; invalid UTF-8 becomes U+FFFD. */
void bf_put_json_text(struct bf_buf *out, const char *text);
/* A number with six significant digits, or null for one that JSON cannot hold. With a decimal point in every locale. */
void bf_put_json_number(struct bf_buf *out, double value);
/* `{"key":` or `,"key":` */
void bf_put_json_key(struct bf_buf *out, const char *key);
/* The value over several lines, with sorted keys and two spaces per level, for files that people read. */
void bf_put_json_pretty(struct bf_buf *out, const json_t *value);

/* A double-quoted YAML scalar that YAML 1.1 and 1.2 read back as the text. */
void bf_put_yaml_text(struct bf_buf *out, const char *text);
/* One line that Markdown shows unchanged, in a heading, a sentence or a table cell; cut after max_cp code points. */
void bf_put_markdown(struct bf_buf *out, const char *text, size_t max_cp);
/* The text with each line break folded to a space, including characters that only some readers take for one. */
void bf_put_one_line(struct bf_buf *out, const char *text);

#endif
