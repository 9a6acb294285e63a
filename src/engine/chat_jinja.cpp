#include "engine/chat_jinja.h"

#include <jinja/lexer.h>
#include <jinja/parser.h>
#include <jinja/runtime.h>
#include <jinja/value.h>

#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iomanip>
#include <locale>
#include <sstream>

struct bf_jinja {
    jinja::program program;
    std::string source, bos, eos;
};

namespace {

constexpr size_t rendered_max = 64U << 20;
constexpr size_t source_max = 1U << 20; /* the longest published templates have some tens of kilobytes */
constexpr size_t depth_max = 200;       /* the parser takes about 3 kB of stack for each nested bracket */
constexpr int64_t range_max = 100000;   /* as in Jinja's sandbox, in which Hugging Face runs templates */

/* The engine's messages contain several lines of the template, before "Error:" or after the first line. */
void say(const char *what, char *why, size_t n_why)
{
    static const char mark[] = "Error: ";
    for (const char *found = strstr(what, mark); found; found = strstr(what, mark))
        what = found + strlen(mark);
    what += strspn(what, "\r\n");
    const size_t n = strcspn(what, "\r\n");
    const size_t n_kept = n < n_why ? n : n_why - 1;
    memcpy(why, what, n_kept);
    why[n_kept] = 0;
    for (char *c = why; *c; c++)
        if (static_cast<unsigned char>(*c) < ' ')
            *c = ' ';
}

/* Every exception of the engine ends here. */
template <typename T, typename F> T caught(char *why, size_t n_why, F try_it)
{
    try {
        return try_it();
    } catch (const std::bad_alloc &) {
        say("it needs more memory than is available", why, n_why);
    } catch (const std::exception &e) {
        say(e.what(), why, n_why);
    } catch (...) {
        say("an unknown error", why, n_why);
    }
    return T();
}

jinja::value string_of(const std::string &text)
{
    return jinja::mk_val<jinja::value_string>(text);
}

jinja::value message(const char *role, const char *words, bool typed)
{
    jinja::value content = string_of(words);
    if (typed) {
        auto part = jinja::mk_val<jinja::value_object>();
        part->insert("type", string_of("text"));
        part->insert("text", content);
        auto parts = jinja::mk_val<jinja::value_array>();
        parts->push_back(part);
        content = parts;
    }
    auto object = jinja::mk_val<jinja::value_object>();
    object->insert("role", string_of(role));
    object->insert("content", content);
    return object;
}

jinja::value fixed_date(const jinja::func_args &args)
{
    args.ensure_vals<jinja::value_string>();
    const std::string format = args.get_pos(0)->as_string().str();
    struct tm date = {};
    std::ostringstream text;
    date.tm_year = 2024 - 1900;
    date.tm_mon = 6;
    date.tm_mday = 26;
    date.tm_hour = 12;
    date.tm_wday = 5;
    date.tm_yday = 207;
    text.imbue(std::locale::classic());
    text << std::put_time(&date, format.c_str());
    return string_of(text.str());
}

/* llama.cpp's range() makes the whole list, however long. */
jinja::value short_range(const jinja::func_args &args)
{
    int64_t n[3] = {0, 0, 1};
    for (size_t i = 0; i < 3 && i < args.count(); i++)
        if (jinja::is_val<jinja::value_int>(args.get_pos(i)))
            n[i] = args.get_pos(i)->as_int();
    if (args.count() == 1)
        n[1] = n[0], n[0] = 0;
    const double length = n[2] == 0 ? 0 : (static_cast<double>(n[1]) - static_cast<double>(n[0])) / static_cast<double>(n[2]);
    if (length > static_cast<double>(range_max))
        throw std::runtime_error("range() makes more than 100000 numbers");
    return jinja::global_builtins().at("range")(args);
}

void check_depth(const jinja::lexer_result &tokens)
{
    size_t depth = 0;
    for (const jinja::token &token : tokens.tokens) {
        const bool opens = token.t == jinja::token::open_paren || token.t == jinja::token::open_square_bracket ||
                           token.t == jinja::token::open_curly_bracket;
        const bool closes = token.t == jinja::token::close_paren || token.t == jinja::token::close_square_bracket ||
                            token.t == jinja::token::close_curly_bracket;
        depth = opens ? depth + 1 : closes && depth > 0 ? depth - 1 : depth;
        if (depth > depth_max)
            throw std::runtime_error("its brackets are more than 200 deep");
    }
}

std::string render(const bf_jinja *self, const char *question, const char *answer, bool typed)
{
    jinja::context context(self->source);
    auto messages = jinja::mk_val<jinja::value_array>();
    messages->push_back(message("user", question, typed));
    if (answer)
        messages->push_back(message("assistant", answer, typed));
    context.set_val("messages", messages);
    context.set_val("bos_token", string_of(self->bos));
    context.set_val("eos_token", string_of(self->eos));
    context.set_val("add_generation_prompt", jinja::mk_val<jinja::value_bool>(!answer));
    context.set_val("strftime_now", jinja::mk_val<jinja::value_func>("strftime_now", fixed_date));
    context.set_val("range", jinja::mk_val<jinja::value_func>("range", short_range));
    jinja::runtime runtime(context);
    const jinja::value parts = runtime.execute(self->program);
    return jinja::runtime::gather_string_parts(parts)->as_string().str();
}

} /* namespace */

struct bf_jinja *bf_jinja_parse(const char *source, const char *bos, const char *eos, char *why, size_t n_why)
{
    return caught<bf_jinja *>(why, n_why, [&] {
        if (strlen(source) > source_max)
            throw std::runtime_error("it is longer than 1 MB");
        jinja::lexer lexer;
        const jinja::lexer_result tokens = lexer.tokenize(source);
        check_depth(tokens);
        auto self = std::make_unique<bf_jinja>();
        self->program = jinja::parse_from_tokens(tokens);
        self->source = tokens.source;
        self->bos = bos;
        self->eos = eos;
        return self.release();
    });
}

void bf_jinja_free(struct bf_jinja *jinja)
{
    delete jinja;
}

char *bf_jinja_render(const struct bf_jinja *jinja, const char *question, const char *answer, bool typed, char *why,
                      size_t n_why)
{
    return caught<char *>(why, n_why, [&]() -> char * {
        const std::string text = render(jinja, question, answer, typed);
        if (text.size() > rendered_max)
            throw std::runtime_error("it makes more than 64 MB of text");
        char *copy = strdup(text.c_str());
        if (!copy)
            throw std::bad_alloc();
        return copy;
    });
}
