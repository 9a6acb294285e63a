/* The tables of quality: widths, unknown figures, names that carry the marks of each format. */
#include "unit.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/utf8.h"
#include "report/quality_table.h"

static json_t *result_of(const char *second_name)
{
    static const char text[] =
        "{\"domain\":\"Greek mythology\",\"model\":{\"desc\":\"llama 135M\"},\"embedder\":null,\"sets\":["
        "{\"name\":\"run\",\"path\":\"runs/"
        "run\",\"kind\":\"run\",\"variant\":\"both\",\"n\":1000000,\"n_tokens\":40000000,"
        "\"chunks\":312500,\"relevance\":123.456,\"relevance_interval\":[100.25,150.75],\"full_relevance\":0.70312,"
        "\"full_relevance_interval\":[0.6901,0.7202],\"remote_clique\":0.25,\"remote_clique_interval\":[0.2,0.3],"
        "\"self_bleu\":0.5,\"self_bleu_interval\":[0.4,0.6],\"distinct_1\":0.125,\"distinct_2\":0.375,\"distinct_3\":0."
        "5,"
        "\"distinct_4\":0.75,\"duplicates\":0.0,\"duplicates_interval\":[0.0,0.0625],\"near_duplicates\":0.5,"
        "\"near_duplicates_interval\":[0.25,0.75],\"coverage\":1.0,\"coverage_interval\":[0.5,1.0],\"coverage_n\":4,"
        "\"why\":{}},"
        "{\"name\":\"?\",\"path\":\"a.txt\",\"kind\":\"file\",\"variant\":null,\"n\":1,\"n_tokens\":7,\"chunks\":1,"
        "\"relevance\":null,\"relevance_interval\":null,\"full_relevance\":0.5,\"full_relevance_interval\":null,"
        "\"remote_clique\":null,\"remote_clique_interval\":null,\"self_bleu\":null,\"self_bleu_interval\":null,"
        "\"distinct_1\":1.0,\"distinct_2\":1.0,\"distinct_3\":null,\"distinct_4\":null,\"duplicates\":0.0,"
        "\"duplicates_interval\":[0.0,0.8],\"near_duplicates\":0.0,\"near_duplicates_interval\":[0.0,0.8],"
        "\"coverage\":null,\"coverage_interval\":null,\"coverage_n\":0,"
        "\"why\":{\"relevance\":\"a map needs five points or more\",\"coverage\":\"no points\"}}],"
        "\"sentences\":[\"run is nearer to the domain than ?\"]}";
    struct bf_err err = BF_ERR_INIT;
    json_t *result = NULL;
    assert_int_equal(bf_json_parse(text, sizeof text - 1, "test", &result, &err), BF_OK);
    json_t *set = json_array_get(json_object_get(result, "sets"), 1);
    json_object_set_new(set, "name", bf_json_text(second_name, strlen(second_name)));
    return result;
}

/* free() */
static char *written(void (*write)(const json_t *, FILE *), const char *second_name)
{
    json_t *result = result_of(second_name);
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    assert_non_null(out);
    write(result, out);
    fclose(out);
    json_decref(result);
    return text;
}

static void text_fits_and_says_why(void **state)
{
    char *text = written(bf_quality_text, "a rather long name of a set that goes on and on \x1b[31m\nand on");
    (void)state;
    assert_contains(text, "\"Greek mythology\": 2 sets, llama 135M");
    assert_contains(text, "123.46 [100.25, 150.75] 0.703 [0.690, 0.720]");
    assert_contains(text, "no relevance: a map needs five points or more");
    assert_contains(text, "run is nearer to the domain");
    assert_contains(text, "1.000 [0.500, 1.000]");
    assert_null(strstr(text, "no points")); /* of course a file has none */
    assert_null(strstr(text, "nan"));
    assert_null(strchr(text, '\x1b'));
    for (char *line = text, *end; *line; line = end + 1) {
        end = strchr(line, '\n');
        assert_non_null(end);
        /* Sentences may be as long as their names. */
        if (bf_utf8_count(line, (size_t)(end - line)) > 110)
            fail_msg("too wide: %.*s", (int)(end - line), line);
        if (end[1] == '\0')
            break;
    }
    free(text);
}

static size_t count(const char *text, char c)
{
    size_t n = 0;
    for (; *text; text++)
        n += *text == c;
    return n;
}

static void csv_quotes(void **state)
{
    char *text = written(bf_quality_csv, "a,\"b\"");
    char *formula = written(bf_quality_csv, "=1+1");
    (void)state;
    assert_int_equal(
        strncmp(text, "name,path,kind,variant,n,n_tokens,chunks,relevance,relevance_low,relevance_high,", 80), 0);
    assert_contains(text, "\nrun,runs/run,run,both,1000000,40000000,312500,123.456");
    assert_contains(text, "\n\"a,\"\"b\"\"\",a.txt,file,,1,7,1,,,,0.5,,,");
    assert_int_equal(count(text, '\n'), 3);
    assert_contains(formula, "\n\"'=1+1\",a.txt");
    free(text);
    free(formula);
}

static void markdown_escapes(void **state)
{
    char *text = written(bf_quality_markdown, "a|b_c <img> [x](y) *z*");
    (void)state;
    assert_contains(text, "| Set | texts |");
    assert_contains(text, "| a\\|b\\_c &lt;img&gt; \\[x\\]\\(y\\) \\*z\\* | 1 | 1 | - | 0.500 |");
    assert_contains(text, "- run is nearer to the domain than ?");
    free(text);
}

static void latex_escapes(void **state)
{
    char *text = written(bf_quality_latex, "50%_a&b#{c}$d\\e~f^g<h");
    (void)state;
    assert_contains(text, "\\toprule");
    assert_contains(text, "\\bottomrule\n\\end{tabular}\n");
    assert_contains(text, "50\\%\\_a\\&b\\#\\{c\\}\\$d\\textbackslash{}e\\textasciitilde{}f\\textasciicircum{}"
                          "g\\textless{}h & 1 & 1 & -- "
                          "& 0.500 & -- & -- \\\\\n");
    assert_contains(text, "run & 1000000 & 312500 & 123.46 [100.25, 150.75] &");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_fits_and_says_why),
        cmocka_unit_test(csv_quotes),
        cmocka_unit_test(markdown_escapes),
        cmocka_unit_test(latex_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
