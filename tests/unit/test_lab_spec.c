/* An experiment's file: every field right, missing, of another type, out of its range; a sentence names the file and
 * the place. */
#include "changed_json.h"
#include "unit.h"

#include "base/buf.h"
#include "base/embedded.h"
#include "base/file.h"
#include "base/mem.h"
#include "cmd/lab_spec_options.h"
#include "lab/lab_spec.h"

/* Every field, of every kind. */
static const char whole[] =
    "{\"name\": \"myths\", \"model\": \"smollm2-135m-instruct\","
    " \"world\": {\"seed\": 7, \"circles\": 3, \"people\": 5},"
    " \"train\": [\"--lr\", \"2e-4\"],"
    " \"forget_sets\": ["
    "  {\"name\": \"originals\", \"kind\": \"planted\"},"
    "  {\"name\": \"written\", \"kind\": \"domain\", \"options\": [\"--profile\", \"quick\"]},"
    "  {\"name\": \"book\", \"kind\": \"textbook\"},"
    "  {\"name\": \"recalled\", \"kind\": \"part\", \"of\": \"written\", \"variant\": \"mi\"},"
    "  {\"name\": \"mine\", \"kind\": \"file\", \"path\": \"texts/mine.txt\"}],"
    " \"methods\": ["
    "  {\"method\": \"npo\", \"options\": [\"--beta\", \"0.5\"]},"
    "  {\"name\": \"npo again\", \"method\": \"npo\", \"n_seeds\": 1, \"forget_sets\": [\"written\", \"mine\"]}],"
    " \"seeds\": [1, 18],"
    " \"privleak\": [\"--limit\", \"6\"], \"tofu\": [\"--limit\", \"2\"]}";

static int enter(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    if (enter_scratch(state) != 0 || bf_mkdirs("exp/texts", &err) != BF_OK || bf_mkdirs("texts", &err) != BF_OK)
        return -1;
    write_text("exp/texts/mine.txt", "Zeus rules the sky.\n");
    write_text("texts/mine.txt", "Another file.\n");
    return 0;
}

static enum bf_status parse(const char *text, struct bf_lab_spec *spec, struct bf_err *err)
{
    return bf_lab_spec_parse(text, strlen(text), "exp/myths.json", bf_lab_check_options, spec, err);
}

static void every_field_is_read(void **state)
{
    struct bf_lab_spec s;
    struct bf_err err = BF_ERR_INIT;
    char sha256[BF_SHA256_HEX];
    (void)state;
    if (parse(whole, &s, &err) != BF_OK)
        fail_msg("%s", err.text);
    assert_string_equal(s.name, "myths");
    assert_string_equal(s.model, "smollm2-135m-instruct");
    assert_true(s.world.seed == 7 && s.world.n_circles == 3 && s.world.n_people == 5);
    assert_int_equal(s.train.n, 2);
    assert_string_equal(s.train.words[1], "2e-4");
    assert_int_equal(s.n_sets, 5);
    assert_string_equal(s.sets[1].options.words[1], "quick");
    assert_null(s.sets[2].of);
    assert_string_equal(s.sets[3].of, "written");
    assert_string_equal(s.sets[3].variant, "mi");
    /* From the experiment's folder on, and named by its content. */
    assert_string_equal(s.sets[4].file, "exp/texts/mine.txt");
    bf_sha256_hex("Zeus rules the sky.\n", 20, sha256);
    assert_string_equal(s.sets[4].file_sha256, sha256);
    assert_int_equal(s.n_methods, 2);
    assert_string_equal(s.methods[0].name, "npo"); /* that of the method */
    assert_string_equal(s.methods[0].options.words[0], "--beta");
    assert_string_equal(s.methods[1].name, "npo again");
    assert_int_equal(s.methods[1].n_seeds, 1);
    assert_int_equal(s.n_seeds, 2);
    assert_true(s.seeds[0] == 1 && s.seeds[1] == 18);
    assert_int_equal(s.privleak.n, 2);
    assert_int_equal(s.tofu.n, 2);
    /* Rows: the first method with every set and seed, the second where it says so. */
    assert_true(bf_lab_spec_has_row(&s, 0, 0, 1));
    assert_true(bf_lab_spec_has_row(&s, 1, 1, 0) && bf_lab_spec_has_row(&s, 4, 1, 0));
    assert_false(bf_lab_spec_has_row(&s, 0, 1, 0)); /* not this set */
    assert_false(bf_lab_spec_has_row(&s, 1, 1, 1)); /* not this seed */
    bf_lab_spec_release(&s);
}

static void what_may_be_missing(void **state)
{
    static const char least[] =
        "{\"name\": \"n\", \"model\": \"m\", \"forget_sets\": [{\"name\": \"s\", \"kind\": \"planted\"}],"
        " \"methods\": [{\"method\": \"ga\"}], \"seeds\": [0]}";
    const struct bf_world_params world = bf_world_default();
    struct bf_lab_spec s;
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    if (parse(least, &s, &err) != BF_OK)
        fail_msg("%s", err.text);
    assert_true(s.world.seed == world.seed && s.world.n_circles == world.n_circles &&
                s.world.n_people == world.n_people);
    assert_int_equal(s.train.n + s.privleak.n + s.tofu.n + s.methods[0].n_seeds, 0);
    assert_true(bf_lab_spec_has_row(&s, 0, 0, 0));
    bf_lab_spec_release(&s);
}

static void a_bad_field_is_named(void **state)
{
    static const struct {
        const char *place, *value, *says;
    } bad[] = {
        {"name", NULL, "\"name\""},
        {"name", "7", "\"name\""},
        {"name", "\"\"", "\"name\" of the experiment is empty"},
        {"model", NULL, "\"model\""},
        {"model", "[]", "\"model\""},
        {"colour", "\"red\"", "has an unknown key \"colour\"; its keys are name, model, world, train"},
        {"world", "[]", "\"world\""},
        {"world/height", "1", "\"world\" has an unknown key \"height\"; its keys are seed, circles, people"},
        {"world/seed", "-1", "\"seed\""},
        {"world/seed", "1.5", "\"seed\""},
        {"world/circles", "1001", "\"circles\""},
        {"world/people", "\"8\"", "\"people\""},
        {"train", "\"--lr 1\"", "\"train\" of the experiment"},
        {"train", "[\"--lr\", 1]", "write numbers as \"10\""},
        {"train", "[\"--lrr\", \"1\"]", "did you mean '--lr'"},
        {"train", "[\"--help\"]", "leave --help out of the options of \"train\""},
        {"train", "[\"-o\", \"x\"]", "leave --output out of the options of \"train\""},
        {"train", "[\"operand\"]", "the options of \"train\""},
        {"privleak", "{}", "\"privleak\""},
        {"privleak", "[\"--retrained\", \"x\"]", "leave --retrained out of the options of \"privleak\""},
        {"privleak", "[\"--max-new-tokens\", \"8\"]", "the options of \"privleak\""}, /* of another task */
        {"tofu", "1", "\"tofu\""},
        {"tofu", "[\"--k\", \"20\"]", "the options of \"tofu\""},
        {"forget_sets", NULL, "\"forget_sets\""},
        {"forget_sets", "[]", "\"forget_sets\""},
        {"forget_sets", "{}", "\"forget_sets\""},
        {"forget_sets/0", "\"originals\"", "forget set 1"},
        {"forget_sets/0/name", NULL, "forget set 1 needs \"name\""},
        {"forget_sets/0/name", "\"written\"", "two forget sets are named \"written\""},
        {"forget_sets/0/kind", NULL, "forget set 1 needs \"kind\""},
        {"forget_sets/0/kind", "\"dream\"", "forget set 1 is of kind \"dream\"; the kinds are planted, domain"},
        {"forget_sets/0/of", "\"written\"", "only a part, has \"of\" and \"variant\""},
        {"forget_sets/0/variant", "\"mi\"", "only a part, has \"of\" and \"variant\""},
        {"forget_sets/0/path", "\"texts/mine.txt\"", "no other, has a \"path\""},
        {"forget_sets/0/options", "[\"--profile\", \"quick\"]", "which takes no options"},
        {"forget_sets/0/size", "3", "forget set 1 has an unknown key \"size\""},
        {"forget_sets/1/options", "[\"--retain-set\", \"x\"]", "leave --retain-set out"},
        {"forget_sets/1/options", "[\"--rounds\", \"-1\"]", "forget set \"written\""},
        {"forget_sets/2/options", "[\"--no-such\"]", "forget set \"book\""},
        {"forget_sets/3/of", NULL, "a part, and only a part, has \"of\" and \"variant\""},
        {"forget_sets/3/variant", NULL, "a part, and only a part, has \"of\" and \"variant\""},
        {"forget_sets/3/of", "\"originals\"", "forget set 4 is part of \"originals\""},
        {"forget_sets/3/of", "\"recalled\"", "forget set 4 is part of \"recalled\""}, /* not of itself */
        {"forget_sets/3/of", "\"mine\"", "forget set 4 is part of \"mine\""},         /* comes after it */
        {"forget_sets/3/variant", "\"both\"", "give fix, mi or jailbreak"},
        {"forget_sets/4/path", NULL, "a set of kind file, and no other, has a \"path\""},
        {"forget_sets/4/path", "\"nowhere.txt\"", "exp/nowhere.txt"},
        {"forget_sets/4/path", "\"/dev/zero\"", "'/dev/zero'"},
        {"forget_sets/4/path", "9", "\"path\""},
        {"methods", NULL, "\"methods\""},
        {"methods", "[]", "\"methods\""},
        {"methods/0", "[]", "method 1"},
        {"methods/0/method", NULL, "method 1 needs \"method\""},
        {"methods/0/method", "\"hope\"", "\"hope\""},
        {"methods/0/method", "\"finetune\"", "finetune teaches"},
        {"methods/0/options", "[\"--seed\", \"1\"]", "leave --seed out of the options of method \"npo\""},
        {"methods/0/lr", "1", "method 1 has an unknown key \"lr\""},
        {"methods/1/name", "\"npo\"", "two methods are named \"npo\""},
        {"methods/1/name", "\"\"", "\"name\" of method 2 is empty"},
        {"methods/1/n_seeds", "17", "\"n_seeds\""},
        {"methods/1/n_seeds", "-1", "\"n_seeds\""},
        {"methods/1/forget_sets", "[]", "method 2: \"forget_sets\""},
        {"methods/1/forget_sets", "\"mine\"", "method 2: \"forget_sets\""},
        {"methods/1/forget_sets", "[\"theirs\"]", "\"theirs\", which the experiment does not have"},
        {"methods/1/forget_sets", "[1]", "which the experiment does not have"},
        {"seeds", NULL, "\"seeds\""},
        {"seeds", "[]", "\"seeds\""},
        {"seeds", "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]", "\"seeds\""},
        {"seeds", "[1, -2]", "seed 2"},
        {"seeds", "[\"1\"]", "seed 1"},
        {"seeds", "[3, 4, 3]", "seed 3 is listed twice"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        struct bf_lab_spec s;
        struct bf_err err = BF_ERR_INIT;
        char *text = changed_json(whole, bad[i].place, bad[i].value);
        if (parse(text, &s, &err) == BF_OK)
            fail_msg("%s = %s was taken", bad[i].place, bad[i].value ? bad[i].value : "(missing)");
        assert_error(err, BF_INPUT, bad[i].says);
        bf_lab_spec_release(&s);
        free(text);
    }
}

static void at_most_sixty_four_sets(void **state)
{
    (void)state;
    for (size_t n = 64; n <= 65; n++) {
        struct bf_lab_spec s;
        struct bf_err err = BF_ERR_INIT;
        struct bf_buf text;
        bf_buf_init(&text, SIZE_MAX);
        bf_buf_printf(
            &text, "{\"name\":\"n\",\"model\":\"m\",\"seeds\":[1],\"methods\":[{\"method\":\"ga\"}],\"forget_sets\":[");
        for (size_t i = 0; i < n; i++)
            bf_buf_printf(&text, "%s{\"name\":\"s%zu\",\"kind\":\"planted\"}", i ? "," : "", i);
        bf_buf_printf(&text, "]}");
        assert_int_equal(parse(text.data, &s, &err), n == 64 ? BF_OK : BF_INPUT);
        bf_lab_spec_release(&s);
        bf_buf_release(&text);
    }
}

/* From where the experiment is, not from where the program runs; an absolute path as it is. */
static void files_are_looked_for_beside_the_experiment(void **state)
{
    char absolute[512], *cwd = getcwd(NULL, 0);
    struct bf_lab_spec s;
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    write_text("exp/myths.json", whole);
    assert_int_equal(bf_lab_spec_load("exp/myths.json", bf_lab_check_options, &s, &err), BF_OK);
    assert_string_equal(s.sets[4].file, "exp/texts/mine.txt");
    bf_lab_spec_release(&s);

    assert_int_equal(bf_lab_spec_parse(whole, sizeof whole - 1, "myths.json", NULL, &s, &err), BF_OK);
    assert_string_equal(s.sets[4].file, "texts/mine.txt");
    bf_lab_spec_release(&s);

    snprintf(absolute, sizeof absolute, "\"%s/texts/mine.txt\"", cwd);
    char *text = changed_json(whole, "forget_sets/4/path", absolute);
    assert_int_equal(parse(text, &s, &err), BF_OK);
    assert_int_equal(s.sets[4].file[0], '/');
    bf_lab_spec_release(&s);
    free(text);
    free(cwd);
}

static void options_are_looked_at_by_the_checker_alone(void **state)
{
    struct bf_lab_spec s;
    struct bf_err err = BF_ERR_INIT;
    char *text = changed_json(whole, "train", "[\"--lrr\"]");
    (void)state;
    assert_int_equal(bf_lab_spec_parse(text, strlen(text), "exp/x.json", NULL, &s, &err), BF_OK);
    bf_lab_spec_release(&s);
    free(text);
}

static void the_built_in_experiments_are_good(void **state)
{
    struct bf_lab_spec s;
    struct bf_err err = BF_ERR_INIT;
    char *sizes = bf_strdup(bf_lab_sizes), *rest = NULL;
    size_t n = 0;
    (void)state;
    for (const char *size = strtok_r(sizes, "|", &rest); size; size = strtok_r(NULL, "|", &rest), n++) {
        if (bf_lab_spec_load(size, bf_lab_check_options, &s, &err) != BF_OK)
            fail_msg("%s", err.text);
        assert_string_equal(s.name, size);
        bf_lab_spec_release(&s);
    }
    assert_true(n >= 2);
    free(sizes);
    /* A file of the program's that is not an experiment, and a file that is not there. */
    assert_int_equal(bf_lab_spec_load("facts", NULL, &s, &err), BF_INPUT);
    bf_lab_spec_release(&s);
    assert_int_equal(bf_lab_spec_load("nowhere.json", NULL, &s, &err), BF_INPUT);
    assert_contains(err.text, "nowhere.json");
    bf_lab_spec_release(&s);
}

static void what_is_not_an_object_is_refused(void **state)
{
    static const char *const bad[] = {"", "[]", "7", "{", "{\"name\": \"a\", \"name\": \"b\"}"};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        struct bf_lab_spec s;
        struct bf_err err = BF_ERR_INIT;
        assert_int_equal(parse(bad[i], &s, &err), BF_INPUT);
        assert_contains(err.text, "exp/myths.json");
        bf_lab_spec_release(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_read),
        cmocka_unit_test(what_may_be_missing),
        cmocka_unit_test(a_bad_field_is_named),
        cmocka_unit_test(at_most_sixty_four_sets),
        cmocka_unit_test(files_are_looked_for_beside_the_experiment),
        cmocka_unit_test(options_are_looked_at_by_the_checker_alone),
        cmocka_unit_test(the_built_in_experiments_are_good),
        cmocka_unit_test(what_is_not_an_object_is_refused),
    };
    return cmocka_run_group_tests(tests, enter, leave_scratch);
}
