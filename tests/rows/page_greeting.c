/* A section of the report as somebody might add it: src/report/page_greeting.c, and a row of BF_PAGE_SECTIONS (its
 * drawing is a row of page/main.js). */
#include "report/page_internal.h"

#include "base/banned.h"

enum bf_status bf_page_greeting(struct bf_page *page, json_t **out, struct bf_err *err)
{
    (void)err;
    *out = json_pack("{s:o}", "of", bf_page_text(bf_store_dir(page->store), 100));
    return BF_OK;
}
