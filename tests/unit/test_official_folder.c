/* Folders as the official scripts write them. */
#include "unit.h"

#include <sys/stat.h>

#include "request/instance_file.h"
#include "sets/official_folder.h"

#include "base/banned.h"

#define SETTINGS "_itemsperround6_maxround4_mianum1000_jailbreaknum1000"

static void write_in(const char *dir, const char *name, const char *text)
{
    char path[300];

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    write_text(path, text);
}

static void a_whole_set(void **state)
{
    struct bf_official_folder folder;
    const struct bf_official_set *set;
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    assert_int_equal(mkdir("full", 0700), 0);
    write_in("full", "synthetic_Greek_mythology_fix.txt", "Zeus rules.\n\nHera is\nhis wife.\n");
    write_in("full", "synthetic_Greek_mythology_MIA.txt", "Zeus rules.\n\nHera is\nhis wife.\nWho? Ares.\n");
    write_in("full", "synthetic_Greek_mythology_jailbreak.txt",
             "Zeus rules.\n\nHera is\nhis wife.\nDr. Al: I know.\n\n");
    write_in("full", "synthetic_Greek_mythology_both" SETTINGS ".txt",
             "Zeus rules.\n\nHera is\nhis wife.\nWho? Ares.\nDr. Al: I know.\n\n");
    write_in("full", "synthetic_forget01_fix.txt", "Who?: Zeus\n");
    write_in("full", "hp_diversity_trace.json", "[]");
    write_in("full", "synthetic_notes.txt", "mine\n");
    write_in("full", "synthetic_Greek_mythology_both_itemsperround.txt", "mine\n");
    if (bf_official_folder_read("full", &folder, &err) != BF_OK)
        fail_msg("%s", err.text);
    assert_int_equal(folder.n, 2);
    set = &folder.sets[0];
    assert_string_equal(set->topic, "Greek mythology");
    assert_true(set->nested);
    assert_int_equal(set->n[BF_OFFICIAL_FIX], 3);
    assert_int_equal(set->n[BF_OFFICIAL_MI], 4);
    assert_int_equal(set->n[BF_OFFICIAL_JAILBREAK], 4);
    assert_int_equal(set->n[BF_OFFICIAL_BOTH], 5);
    assert_string_equal(set->paths[BF_OFFICIAL_MI], "full/synthetic_Greek_mythology_MIA.txt");
    assert_int_equal(bf_official_largest(set), BF_OFFICIAL_BOTH);
    set = &folder.sets[1];
    assert_string_equal(set->topic, "forget01");
    assert_null(set->paths[BF_OFFICIAL_BOTH]);
    assert_int_equal(bf_official_largest(set), BF_OFFICIAL_FIX);
    bf_official_folder_release(&folder);
    assert_int_equal(folder.n, 0);
}

/* The numbers of the lines agree with those of the reader that takes them in. */
static void stages_of_lines(void **state)
{
    static const enum bf_stage expected[] = {BF_STAGE_SYNTHESIS, BF_STAGE_SYNTHESIS, BF_STAGE_SYNTHESIS, BF_STAGE_MI,
                                             BF_STAGE_JAILBREAK};
    static const struct bf_instance_options options = {.max_text = BF_IMPORT_TEXT_MAX};
    struct bf_official_folder folder;
    struct bf_instance_file *file = NULL;
    struct bf_instance instance;
    struct bf_err err = BF_ERR_INIT;
    bool more = true;
    int64_t n = 0;

    (void)state;
    assert_int_equal(bf_official_folder_read("full", &folder, &err), BF_OK);
    assert_int_equal(bf_instance_file_open(folder.sets[0].paths[BF_OFFICIAL_BOTH], &options, &file, &err), BF_OK);
    while (bf_instance_file_next(file, &instance, &more, &err) == BF_OK && more) {
        assert_int_equal(bf_official_stage(&folder.sets[0], BF_OFFICIAL_BOTH, instance.record), expected[n]);
        n++;
    }
    assert_int_equal(n, folder.sets[0].n[BF_OFFICIAL_BOTH]);
    bf_instance_file_close(file);
    assert_int_equal(bf_official_stage(&folder.sets[0], BF_OFFICIAL_JAILBREAK, 4), BF_STAGE_JAILBREAK);
    assert_int_equal(bf_official_stage(&folder.sets[0], BF_OFFICIAL_MI, 4), BF_STAGE_MI);
    assert_int_equal(bf_official_stage(&folder.sets[1], BF_OFFICIAL_FIX, 1), BF_STAGE_SYNTHESIS);
    bf_official_folder_release(&folder);
}

static void files_of_different_runs(void **state)
{
    struct bf_official_folder folder;
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    assert_int_equal(mkdir("mixed", 0700), 0);
    write_in("mixed", "synthetic_Mars_fix.txt", "Mars is red.\nMars has moons.\n");
    write_in("mixed", "synthetic_Mars_MIA.txt", "Mars is red.\nMars has two moons.\nWho? Mars.\n");
    assert_int_equal(bf_official_folder_read("mixed", &folder, &err), BF_OK);
    assert_false(folder.sets[0].nested);
    assert_int_equal(bf_official_stage(&folder.sets[0], BF_OFFICIAL_MI, 1), BF_STAGE_COUNT);
    assert_int_equal(bf_official_largest(&folder.sets[0]), BF_OFFICIAL_MI);
    bf_official_folder_release(&folder);
    write_in("mixed", "synthetic_Mars_MIA.txt", "Mars is red.\n");
    assert_int_equal(bf_official_folder_read("mixed", &folder, &err), BF_OK);
    assert_false(folder.sets[0].nested);
    bf_official_folder_release(&folder);
    /* Two runs with different settings: which one the other files belong to is not known. */
    write_in("mixed", "synthetic_Mars_both" SETTINGS ".txt", "Mars is red.\n");
    write_in("mixed", "synthetic_Mars_both_itemsperround5_maxround3_mianum1_jailbreaknum1.txt", "Mars is red.\n");
    assert_int_equal(bf_official_folder_read("mixed", &folder, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "'mixed' has two files of one variant for 'Mars'");
    bf_official_folder_release(&folder);
}

static void other_folders(void **state)
{
    struct bf_official_folder folder;
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    assert_int_equal(bf_official_folder_read("nowhere", &folder, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "cannot read the folder 'nowhere': no such file or folder");
    bf_official_folder_release(&folder);
    assert_int_equal(mkdir("bare", 0700), 0);
    assert_int_equal(bf_official_folder_read("bare", &folder, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "'bare' has no file synthetic_TOPIC_fix.txt");
    bf_official_folder_release(&folder);
    assert_int_equal(mkdir("trap", 0700), 0);
    assert_int_equal(mkdir("trap/synthetic_Mars_fix.txt", 0700), 0);
    assert_int_equal(bf_official_folder_read("trap", &folder, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "it is a folder");
    bf_official_folder_release(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_set),
        cmocka_unit_test(stages_of_lines),
        cmocka_unit_test(files_of_different_runs),
        cmocka_unit_test(other_folders),
    };
    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
