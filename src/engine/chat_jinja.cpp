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

/* The engine's messages hold an excerpt of the template, over several lines: before "Error:", or after the first line. */
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

/* Whatever a foreign template makes the engine throw ends here. */
template <typename T, typename F> T caught(char *why, size_t n_why, F try_it)
{
    try {
        return try_it();
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
    jinja::runtime runtime(context);
    const jinja::value parts = runtime.execute(self->program);
    return jinja::runtime::gather_string_parts(parts)->as_string().str();
}

} /* namespace */

struct bf_jinja *bf_jinja_parse(const char *source, const char *bos, const char *eos, char *why, size_t n_why)
{
    return caught<bf_jinja *>(why, n_why, [&] {
        jinja::lexer lexer;
        const jinja::lexer_result tokens = lexer.tokenize(source);
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
