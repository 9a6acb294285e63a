/* Every filter of a query, alone and together, against the list that the filters' words describe. */
#include "store_fixture.h"

#include "base/banned.h"

struct known {
    enum bf_stage stage;
    int64_t index;
    enum bf_reason reason;
};

/* What fixture_small_run commits, in order. */
static size_t small_run(struct known *out)
{
    size_t n = 0;
    out[n++] = (struct known){BF_STAGE_POINTS, 0, BF_REASON_NOT_A_SAMPLE};
    for (int64_t i = 0; i < 10; i++)
        out[n++] = (struct known){BF_STAGE_SYNTHESIS, i, i % 3 == 2 ? BF_REASON_REFUSAL : BF_REASON_NONE};
    for (int64_t i = 0; i < 5; i++)
        out[n++] = (struct known){BF_STAGE_MI, i, i == 0 ? BF_REASON_LOW_MIN_K : BF_REASON_NONE};
    for (int64_t i = 0; i < 4; i++)
        out[n++] = (struct known){BF_STAGE_JAILBREAK, i, BF_REASON_NONE};
    for (int64_t i = 0; i < 2; i++)
        out[n++] = (struct known){BF_STAGE_CONTROL, i, BF_REASON_NOT_A_SAMPLE};
    return n;
}

/* The definition, written out; no SQL. */
static bool matches(const struct bf_query *q, const struct known *k)
{
    const bool kept = k->reason == BF_REASON_NONE;
    if ((q->by_stage && k->stage != q->stage) || (q->by_state && kept != q->kept) ||
        (q->by_reason && k->reason != q->reason))
        return false;
    if (!q->variant)
        return true;
    const bool mi = strcmp(q->variant, "mi") == 0 || strcmp(q->variant, "both") == 0;
    const bool jailbreak = strcmp(q->variant, "jailbreak") == 0 || strcmp(q->variant, "both") == 0;
    return kept && (k->stage == BF_STAGE_SYNTHESIS || (mi && k->stage == BF_STAGE_MI) ||
                    (jailbreak && k->stage == BF_STAGE_JAILBREAK));
}

static int check(struct bf_store *store, const struct bf_query *query)
{
    struct known known[32];
    const size_t n = small_run(known);
    struct bf_err err = BF_ERR_INIT;
    struct bf_cursor *cursor;
    struct bf_row row;
    bool more;
    int64_t to_skip = query->offset, left = query->limit > 0 ? query->limit : INT64_MAX;
    int rows = 0;
    assert_ok(bf_store_query(store, query, &cursor, &err));
    for (size_t i = 0; i < n && left > 0; i++) {
        if (!matches(query, &known[i]) || to_skip-- > 0)
            continue;
        left--;
        rows++;
        assert_ok(bf_cursor_next(cursor, &row, &more, &err));
        assert_true(more);
        assert_int_equal(row.id, i + 1);
        assert_int_equal(row.sample.stage, known[i].stage);
        assert_int_equal(row.sample.index, known[i].index);
        assert_int_equal(row.sample.reason, known[i].reason);
        assert_int_equal(row.sample.embedding != NULL, query->with_embedding && (known[i].stage == BF_STAGE_SYNTHESIS ||
                                                                                 known[i].stage == BF_STAGE_CONTROL));
        assert_string_equal(row.template_name, fixture_items[row.sample.template_index].name);
        assert_string_equal(row.template_family, fixture_items[row.sample.template_index].family);
        assert_same_text(row.point_text, known[i].stage != BF_STAGE_SYNTHESIS ? NULL
                                         : known[i].index % 2                 ? "Hera's \"peacock\""
                                                                              : "Zeus");
    }
    for (int again = 0; again < 2; again++) { /* the end stays the end */
        assert_ok(bf_cursor_next(cursor, &row, &more, &err));
        assert_false(more);
    }
    bf_cursor_close(cursor);
    return rows;
}

static void every_combination_of_filters(void **state)
{
    static const char *const variants[] = {NULL, "fix", "mi", "jailbreak", "both"};
    static const int64_t windows[][2] = {{0, 0}, {1, 0}, {3, 2}, {100, 0}, {0, 5}, {2, 100}};
    char *dir = fixture_dir();
    struct bf_store *store = fixture_create(dir);
    int rows = 0;
    (void)state;
    fixture_small_run(store);
    for (int stage = -1; stage < BF_STAGE_COUNT; stage++)
        for (int kept = -1; kept < 2; kept++)
            for (int reason = -1; reason < BF_REASON_COUNT; reason++)
                for (size_t v = 0; v < 5; v++)
                    for (size_t w = 0; w < 6; w++) {
                        const struct bf_query query = {.by_stage = stage >= 0,
                                                       .stage = (enum bf_stage)(stage >= 0 ? stage : 0),
                                                       .by_state = kept >= 0,
                                                       .kept = kept == 1,
                                                       .by_reason = reason >= 0,
                                                       .reason = (enum bf_reason)(reason >= 0 ? reason : 0),
                                                       .limit = windows[w][0],
                                                       .offset = windows[w][1],
                                                       .variant = variants[v],
                                                       .with_embedding = w % 2 == 0};
                        rows += check(store, &query);
                    }
    assert_true(rows > 1000); /* the sweep did not compare empty lists only */
    bf_store_close(store);
    fixture_remove(dir);
}

static void unknown_variant(void **state)
{
    static const char *const words[] = {"", "Both", "fix|mi", "both ", "'; --"};
    char *dir = fixture_dir();
    struct bf_store *store = fixture_create(dir);
    struct bf_err err = BF_ERR_INIT;
    struct bf_cursor *cursor;
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const struct bf_query query = {.variant = words[i]};
        assert_int_equal(bf_store_query(store, &query, &cursor, &err), BF_USAGE);
        assert_says(&err, "fix, mi, jailbreak, both");
        assert_null(cursor);
        for (int stage = 0; stage < BF_STAGE_COUNT; stage++)
            assert_false(bf_variant_has(words[i], (enum bf_stage)stage));
    }
    bf_cursor_close(NULL);
    bf_store_close(store);
    fixture_remove(dir);
}

/* Two cursors at different places, a commit in between, and the store closed before the cursor. */
static void cursors_are_independent(void **state)
{
    char *dir = fixture_dir();
    struct bf_store *store = fixture_create(dir);
    struct bf_err err = BF_ERR_INIT;
    const struct bf_query synthesis = {.by_stage = true, .stage = BF_STAGE_SYNTHESIS, .with_embedding = true};
    const struct bf_query mi = {.by_stage = true, .stage = BF_STAGE_MI};
    struct bf_cursor *a, *b;
    struct bf_row row_a, row_b;
    bool more;
    (void)state;
    fixture_small_run(store);
    assert_ok(bf_store_query(store, &synthesis, &a, &err));
    assert_ok(bf_store_query(store, &mi, &b, &err));
    for (int64_t i = 0; i < 5; i++) {
        assert_ok(bf_cursor_next(a, &row_a, &more, &err));
        assert_ok(bf_cursor_next(b, &row_b, &more, &err));
        assert_int_equal(row_a.sample.index, i);
        assert_int_equal(row_b.sample.index, i);
        fixture_commit(store, BF_STAGE_CONTROL, 100 + i, BF_REASON_NOT_A_SAMPLE, -1);
        assert_int_equal(row_a.sample.stage, BF_STAGE_SYNTHESIS);
        assert_non_null(strstr(row_a.sample.text, "of synthesis")); /* untouched by the commit and the other cursor */
    }
    bf_cursor_close(a);
    bf_cursor_close(b);
    bf_store_close(store);
    fixture_remove(dir);
}

/* A reader sees what is committed while the writer goes on. */
static void readers_read_while_a_writer_works(void **state)
{
    char *dir = fixture_dir();
    struct bf_store *writer = fixture_create(dir);
    struct bf_store *reader = fixture_open(dir, BF_STORE_READ);
    struct bf_err err = BF_ERR_INIT;
    struct bf_counts counts;
    (void)state;
    for (int64_t i = 0; i < 50; i++) {
        fixture_commit(writer, BF_STAGE_MI, i, BF_REASON_NONE, -1);
        assert_ok(bf_store_counts(reader, &counts, &err));
        assert_int_equal(counts.kept[BF_STAGE_MI], i + 1);
    }
    bf_store_close(writer);
    struct bf_store *second = fixture_open(dir, BF_STORE_WRITE); /* a reader does not stop the next writer */
    fixture_commit(second, BF_STAGE_MI, 50, BF_REASON_NONE, -1);
    assert_ok(bf_store_counts(reader, &counts, &err));
    assert_int_equal(counts.kept[BF_STAGE_MI], 51);
    bf_store_close(reader);
    bf_store_close(second);
    fixture_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_combination_of_filters),
        cmocka_unit_test(unknown_variant),
        cmocka_unit_test(cursors_are_independent),
        cmocka_unit_test(readers_read_while_a_writer_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
