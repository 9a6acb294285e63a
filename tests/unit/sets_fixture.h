/* What the tests of SETs share: a run folder of three kept forget texts and one to keep, in the current folder, and the
 * texts that a set gives. */
#ifndef BF_TESTS_SETS_FIXTURE_H
#define BF_TESTS_SETS_FIXTURE_H
#include "store_fixture.h"
#include "unit.h"

#include "export/export.h"
#include "sets/sets.h"

static inline enum bf_status sets_add(void *user, struct bf_store *store, struct bf_err *err)
{
    const struct bf_request_entry again = {
        .name = "Zeus", .kind = BF_KIND_DOMAIN, .role = BF_ROLE_FORGET, .json = "{\"topic\":\"Zeus\",\"seed\":\"7\"}"};
    const struct bf_request_entry retain = {.name = "neighbours",
                                            .kind = BF_KIND_DOMAIN,
                                            .role = BF_ROLE_RETAIN,
                                            .json = "{\"topic\":\"Norse mythology\",\"seed\":\"7\"}"};
    int64_t *ids = user;
    const enum bf_status status = bf_store_add_request(store, &again, &ids[0], err);
    return status == BF_OK ? bf_store_add_request(store, &retain, &ids[1], err) : status;
}

/* Stage I: a pair, a text, one that was refused. MI: one. Jailbreak: one. A second request keeps the first one's pair
 * again. */
static inline void sets_make_run(const char *dir)
{
    struct bf_run run = fixture_run();
    const struct bf_template_set templates = fixture_templates();
    struct bf_err err = BF_ERR_INIT;
    struct bf_store *store = NULL;
    int64_t ids[2] = {0};
    run.request_name = "gods";
    assert_ok(bf_store_create(dir, &run, &templates, &store, &err));
    fixture_commit_text(store, BF_STAGE_SYNTHESIS, 0, (int32_t)BF_STAGE_SYNTHESIS, "Question: Who rules?\nAnswer: Zeus",
                        "Who rules?", "Zeus");
    fixture_commit_text(store, BF_STAGE_SYNTHESIS, 1, (int32_t)BF_STAGE_SYNTHESIS, "Hera \"rules\",\ntoo.", NULL, NULL);
    fixture_commit(store, BF_STAGE_SYNTHESIS, 2, BF_REASON_REFUSAL, -1);
    fixture_commit_text(store, BF_STAGE_MI, 0, (int32_t)BF_STAGE_MI, "Leto waits.", NULL, NULL);
    fixture_commit_text(store, BF_STAGE_JAILBREAK, 0, (int32_t)BF_STAGE_JAILBREAK, "Hades \xe2\x9a\xa1 hides.", NULL,
                        NULL);
    assert_ok(bf_store_extend(store, ids, sets_add, &err));
    bf_store_select(store, ids[0]);
    fixture_commit_text(store, BF_STAGE_SYNTHESIS, 0, (int32_t)BF_STAGE_SYNTHESIS, "Question: Who rules?\nAnswer: Zeus",
                        "Who rules?", "Zeus");
    assert_ok(bf_store_link_duplicates(store, &err));
    bf_store_select(store, ids[1]);
    fixture_commit_text(store, BF_STAGE_SYNTHESIS, 0, (int32_t)BF_STAGE_SYNTHESIS, "Odin sees.", NULL, NULL);
    bf_store_select(store, 0);
    bf_store_close(store);
}

/* An export of the run by the program's own writer. */
static inline void sets_export(const char *run, const char *format, const char *variant, const char *path)
{
    const struct bf_export_options options = {
        .format = format, .variant = variant, .role = BF_ROLE_FORGET, .manifest = true};
    struct bf_err err = BF_ERR_INIT;
    struct bf_store *store = fixture_open(run, BF_STORE_READ);
    assert_ok(bf_export(store, &options, path, NULL, &err));
    bf_store_close(store);
}

/* All that a set gives, a line each: number, id when it has one, question and answer or "-", the text with line feeds
 * as '|'. */
static inline enum bf_status sets_see(void *user, const struct bf_set_text *text, struct bf_err *err)
{
    struct bf_buf *out = user;
    (void)err;
    bf_buf_printf(out, "%lld %s/%s ", (long long)text->number, text->question ? text->question : "-",
                  text->answer ? text->answer : "-");
    for (const char *p = text->text; *p; p++)
        bf_buf_putc(out, *p == '\n' ? '|' : *p);
    bf_buf_putc(out, '\n');
    return BF_OK;
}

#endif
