/* REQUESTS.jsonl: what its lines become, and the sentence for each mistake. */
#include "unit.h"

#include <sys/stat.h>

#include "request/request_fields.h"
#include "request/request_file.h"

#include "base/banned.h"

static void read_text(const char *text, struct bf_request_file *out)
{
    struct bf_err err = BF_ERR_INIT;

    write_text("dir/requests.jsonl", text);
    if (bf_request_file_read("dir/requests.jsonl", "quick", out, &err) != BF_OK)
        fail_msg("%s", err.text);
}

static int make_files(void **state)
{
    if (enter_scratch(state) != 0 || mkdir("dir", 0700) != 0 || mkdir("dir/sub", 0700) != 0)
        return -1;
    write_text("dir/facts.jsonl", "{\"text\":\"Zeus is a god.\"}\n");
    write_text("dir/sub/My Facts.v2.csv", "text\nZeus is a god.\n");
    return 0;
}

static void each_kind(void **state)
{
    struct bf_request_file file;
    struct bf_request quick, rewriting, textbook;
    const struct bf_request_line *line;

    (void)state;
    read_text(
        "{\"domain\": \" Harry \\n Potter \"}\n\r\n{\"instances\": \"sub/My Facts.v2.csv\", \"text_key\": \"text\"}\r\n"
        "{\"textbook\": \"The Solar System\", \"name\": \"Book_1.0\"}\n{\"domain\": \"\xD7\x96\xD7\x90\"}",
        &file);
    assert_int_equal(bf_request_of_kind(BF_KIND_DOMAIN, "quick", &quick, NULL), BF_OK);
    assert_int_equal(bf_request_of_kind(BF_KIND_INSTANCE, "quick", &rewriting, NULL), BF_OK);
    assert_int_equal(bf_request_of_kind(BF_KIND_TEXTBOOK, "quick", &textbook, NULL), BF_OK);
    assert_int_equal(file.n, 4);
    line = &file.lines[0];
    assert_int_equal(line->line, 1);
    assert_int_equal(line->kind, BF_KIND_DOMAIN);
    assert_int_equal(line->role, BF_ROLE_FORGET);
    assert_string_equal(line->name, "harry-potter");
    assert_string_equal(line->topic, "Harry Potter");
    assert_string_equal(line->request.topic, "Harry Potter");
    assert_null(line->instances_path);
    assert_int_equal(line->n_retain, 0);
    assert_int_equal(line->request.max_new_tokens, quick.max_new_tokens);
    assert_int_equal(line->request.mi_samples, quick.mi_samples);
    line = &file.lines[1];
    assert_int_equal(line->line, 3);
    assert_int_equal(line->kind, BF_KIND_INSTANCE);
    assert_int_equal(line->request.kind, BF_KIND_INSTANCE);
    assert_string_equal(line->name, "my-facts-v2");
    assert_null(line->topic);
    assert_string_equal(line->request.topic, "my-facts-v2");
    assert_string_equal(line->instances_path, "dir/sub/My Facts.v2.csv");
    assert_string_equal(line->options.text_key, "text");
    assert_int_equal(line->request.max_new_tokens, rewriting.max_new_tokens);
    line = &file.lines[2];
    assert_int_equal(line->kind, BF_KIND_TEXTBOOK);
    assert_int_equal(line->request.kind, BF_KIND_TEXTBOOK);
    assert_string_equal(line->name, "Book_1.0");
    assert_string_equal(line->topic, "The Solar System");
    assert_int_equal(line->request.chapters, textbook.chapters);
    assert_int_equal(strncmp(file.lines[3].name, "topic-", 6), 0);
    bf_request_file_release(&file);
    assert_int_equal(file.n, 0);
    bf_request_release(&quick);
    bf_request_release(&rewriting);
    bf_request_release(&textbook);
}

static void parameters(void **state)
{
    struct bf_request_file file;
    const struct bf_request *request;

    (void)state;
    read_text("{\"domain\": \"Mars\", \"profile\": \"paper\", \"seed\": 7, \"rounds\": 3, \"temperatures\": [0.5, 1], "
              "\"order\": \"point\", \"filter_echo\": false, \"top_p\": 1, \"templates\": \"my/set.json\"}\n"
              "{\"domain\": \"Venus\", \"seed\": \"18446744073709551615\", \"templates\": \"default\"}\n"
              "{\"domain\": \"Earth\", \"templates\": \"/abs/set.json\"}\n",
              &file);
    request = &file.lines[0].request;
    assert_string_equal(request->profile, "paper");
    assert_int_equal(request->seed, 7);
    assert_int_equal(request->rounds, 3);
    assert_int_equal(request->temperatures.n, 2);
    assert_true(request->temperatures.values[0] == 0.5 && request->temperatures.values[1] == 1);
    assert_int_equal(request->order, BF_ORDER_POINT);
    assert_false(request->filter_echo);
    assert_true(request->top_p == 1);
    assert_int_equal(request->mi_samples, 1000);
    assert_string_equal(request->templates, "dir/my/set.json");
    request = &file.lines[1].request;
    assert_true(request->seed == UINT64_MAX);
    assert_string_equal(request->profile, "quick");
    assert_string_equal(request->templates, "default");
    assert_string_equal(file.lines[2].request.templates, "/abs/set.json");
    bf_request_file_release(&file);
}

/* Every parameter of the table but those with keys of their own is a key: its value comes back from where it was
 * put. */
static void every_parameter_is_a_key(void **state)
{
    struct bf_request other;
    json_t *all;

    (void)state;
    assert_int_equal(bf_request_of_kind(BF_KIND_DOMAIN, "paper", &other, NULL), BF_OK);
    assert_int_equal(bf_request_set_topic(&other, "Mars", NULL), BF_OK);
    other.seed = 99;
    all = bf_request_to_json(&other);
    for (size_t i = 0; i < bf_n_fields; i++) {
        const char *key = bf_fields[i].key;
        struct bf_request_file file;
        json_t *object, *got;
        char *text;

        if (strcmp(key, "kind") == 0 || strcmp(key, "topic") == 0 || strcmp(key, "profile") == 0)
            continue;
        object = json_pack("{s:s, s:O}", "domain", "Mars", key, json_object_get(all, key));
        assert_non_null(object);
        text = bf_json_dump(object);
        read_text(text, &file);
        got = bf_request_to_json(&file.lines[0].request);
        if (!json_equal(json_object_get(got, key), json_object_get(all, key)))
            fail_msg("%s is another value", key);
        json_decref(got);
        json_decref(object);
        free(text);
        bf_request_file_release(&file);
    }
    json_decref(all);
    bf_request_release(&other);
}

static void retain(void **state)
{
    struct bf_request_file file;
    const struct bf_request_line *line;

    (void)state;
    read_text("{\"domain\": \"Harry Potter\", \"retain\": [\"fantasy\", \"facts.jsonl\", \"British schools\"]}\n"
              "{\"domain\": \"Mars\", \"retain\": \"fantasy\"}\n"
              "{\"domain\": \"Fantasy literature\", \"name\": \"fantasy\", \"role\": \"retain\"}\n"
              "{\"domain\": \"British schools\", \"role\": \"retain\"}\n"
              "{\"domain\": \"Venus\", \"retain\": [\"romance novels\"]}\n",
              &file);
    line = &file.lines[0];
    assert_int_equal(line->n_retain, 3);
    assert_null(line->retain[0].path);
    assert_null(line->retain[0].name);
    assert_int_equal(line->retain[0].line, 2);
    assert_string_equal(line->retain[1].path, "dir/facts.jsonl");
    assert_null(line->retain[2].path);
    assert_int_equal(line->retain[2].line, 3);
    assert_int_equal(file.lines[1].n_retain, 1);
    assert_int_equal(file.lines[1].retain[0].line, 2);
    assert_int_equal(file.lines[2].role, BF_ROLE_RETAIN);
    assert_int_equal(file.lines[4].n_retain, 1);
    assert_null(file.lines[4].retain[0].path);
    assert_string_equal(file.lines[4].retain[0].name, "romance novels");
    bf_request_file_release(&file);
}

static void mistakes(void **state)
{
    static const struct {
        const char *text, *sentence;
    } cases[] = {
        {"", "no requests in 'dir/requests.jsonl'; write one per line"},
        {"\n \n", "no requests in 'dir/requests.jsonl'"},
        {"{\"domain\": \"Mars\"}\n{\"domain\": }\n",
         "dir/requests.jsonl:2:12: not valid JSON: unexpected token near '}'"},
        {"{\"domain\": \"Mars\", \"domain\": \"Mars\"}\n", "not valid JSON: duplicate object key"},
        {"{\"domain\": \"M\xFFrs\"}\n", "dir/requests.jsonl:1:14: byte 0xFF is not UTF-8 here"},
        {"[]\n", "dir/requests.jsonl:1: not an object; write a request as"},
        {"\n{\"seed\": 1}\n", "dir/requests.jsonl:2: none of \"domain\", \"instances\" and \"textbook\""},
        {"{\"domain\": \"a\", \"textbook\": \"a\"}\n", "dir/requests.jsonl:1: several of \"domain\", \"instances\""},
        {"{\"domain\": 5}\n", "\"domain\" is not a string; give a text"},
        {"{\"domain\": \"\"}\n", "\"domain\" is empty; give a text"},
        {"{\"domain\": \" \"}\n", "the domain's name is empty"},
        {"{\"domains\": \"Mars\"}\n", "the key \"domains\" is unknown; did you mean \"domain\"?"},
        {"{\"domain\": \"Mars\", \"temperature\": 1}\n",
         "the key \"temperature\" is unknown; did you mean \"temperatures\"?"},
        {"{\"domain\": \"Mars\", \"retian\": []}\n", "the key \"retian\" is unknown; did you mean \"retain\"?"},
        {"{\"domain\": \"Mars\", \"colour\": 1}\n", "the key \"colour\" is unknown; leave it out"},
        {"{\"domain\": \"Mars\", \"topic\": \"Mars\"}\n", "the key \"topic\" is unknown"},
        {"{\"domain\": \"Mars\", \"kind\": \"domain\"}\n", "the key \"kind\" is unknown"},
        {"{\"domain\": \"Mars\", \"rounds\": 0}\n",
         "dir/requests.jsonl:1: --rounds is 0; give a whole number from 1 to 64"},
        {"{\"domain\": \"Mars\", \"rounds\": \"2\"}\n",
         "dir/requests.jsonl:1: the request's key 'rounds' is not a whole number"},
        {"{\"domain\": \"Mars\", \"seed\": -1}\n", "the request's key 'seed' is not a string of digits"},
        {"{\"domain\": \"Mars\", \"profile\": \"slow\"}\n", "dir/requests.jsonl:1: unknown profile 'slow'"},
        {"{\"domain\": \"Mars\", \"role\": \"keep\"}\n",
         "\"role\" is \"keep\"; give \"forget\", \"retain\" or \"neighbour\""},
        {"{\"domain\": \"Mars\", \"name\": \"a/b\"}\n", "the name \"a/b\" cannot be used"},
        {"{\"domain\": \"Mars\", \"name\": \"..\"}\n", "the name \"..\" cannot be used"},
        {"{\"domain\": \"Mars\", \"name\": \"-a\"}\n", "the name \"-a\" cannot be used"},
        {"{\"domain\": \"Mars\"}\n\n{\"textbook\": \"mars\"}\n",
         "dir/requests.jsonl:3: the name \"mars\" is taken by line 1; give this request another \"name\""},
        {"{\"instances\": \"nothing.jsonl\"}\n",
         "dir/requests.jsonl:1: no file 'dir/nothing.jsonl'; names are relative to"},
        {"{\"instances\": \"sub\"}\n", "no file 'dir/sub'"},
        {"{\"instances\": \"facts.jsonl\", \"format\": \"xml\"}\n",
         "\"format\" is \"xml\"; give one of auto|jsonl|json|csv|txt"},
        {"{\"instances\": \"facts.jsonl\", \"paragraphs\": 1}\n", "\"paragraphs\" is not true or false"},
        {"{\"domain\": \"Mars\", \"text_key\": \"a\"}\n", "\"text_key\" is for \"instances\"; leave it out"},
        {"{\"domain\": \"Mars\", \"retain\": 5}\n", "\"retain\" is not a list of strings"},
        {"{\"domain\": \"Mars\", \"retain\": [\"a\", null]}\n", "\"retain\" is not a list of strings"},
        {"{\"domain\": \"Mars\", \"role\": \"retain\", \"retain\": []}\n",
         "a request with the role \"retain\" cannot have a \"retain\""},
        {"{\"domain\": \"Mars\", \"retain\": [\"venus\"]}\n{\"domain\": \"Venus\"}\n",
         "dir/requests.jsonl:1: \"retain\" names 'venus', which line 2 wants to forget"},
        {"{\"domain\": \"Mars\", \"retain\": [\"mars\"]}\n", "\"retain\" names 'mars', which line 1 wants to forget"},
        {"{\"domain\": \"Mars\", \"retain\": [\"planest\"]}\n{\"domain\": \"Planets\", \"role\": \"retain\"}\n",
         "dir/requests.jsonl:1: \"retain\" names 'planest', which is not a request of this file and not a file; "
         "did you "
         "mean "
         "'planets'?"},
        {"{\"domain\": \"Mars\", \"retain\": [\"other.csv\"]}\n",
         "dir/requests.jsonl:1: \"retain\" names 'other.csv', which is not a request of this file and not a "
         "file; add a "
         "line"},
        {"{\"domain\": \"Mars\", \"retain\": [\"sub/\"]}\n",
         "\"retain\" names 'sub/', which is not a request of this file and not a file"},
        {"{\"domain\": \"Mars\", \"retain\": [\"\"]}\n",
         "\"retain\" names '', which is not a request of this file and not a file"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct bf_request_file file;
        struct bf_err err = BF_ERR_INIT;

        write_text("dir/requests.jsonl", cases[i].text);
        if (bf_request_file_read("dir/requests.jsonl", "quick", &file, &err) == BF_OK)
            fail_msg("accepted: %s", cases[i].text);
        assert_error(err, BF_INPUT, cases[i].sentence);
        bf_request_file_release(&file);
    }
}

static void the_file_itself(void **state)
{
    struct bf_request_file file;
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    assert_int_equal(bf_request_file_read("nowhere.jsonl", "quick", &file, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "cannot open 'nowhere.jsonl'");
    bf_request_file_release(&file);
    assert_int_equal(bf_request_file_read("dir", "quick", &file, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "it is a folder");
    bf_request_file_release(&file);
    assert_int_equal(bf_request_file_read("dir/requests.jsonl", "slow", &file, &err), BF_USAGE);
    assert_error(err, BF_USAGE, "unknown profile 'slow'");
    bf_request_file_release(&file);
    /* Names relative to the folder where we are. */
    write_text("here.jsonl", "\xEF\xBB\xBF{\"instances\": \"dir/facts.jsonl\"}");
    assert_int_equal(bf_request_file_read("here.jsonl", "quick", &file, &err), BF_OK);
    assert_string_equal(file.lines[0].instances_path, "dir/facts.jsonl");
    bf_request_file_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind), cmocka_unit_test(parameters), cmocka_unit_test(every_parameter_is_a_key),
        cmocka_unit_test(retain),    cmocka_unit_test(mistakes),   cmocka_unit_test(the_file_itself),
    };
    return cmocka_run_group_tests(tests, make_files, leave_scratch);
}
